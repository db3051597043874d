from django.urls import path

from apps.chat.attachments import views
from apps.chat.messages import views as message_views
from apps.chat.rooms import admin_views, retention_views
from apps.chat.rooms import views as room_views
from apps.chat.search import views as search_views

app_name = "chat"
urlpatterns = [
    path("<str:key>/chat/", room_views.home, name="home"),
    path("<str:key>/chat/unread/", room_views.unread, name="unread"),
    path("<str:key>/chat/tasks/", room_views.tasks, name="tasks"),
    path("<str:key>/chat/search/", search_views.search, name="search"),
    path("<str:key>/chat/new/", admin_views.create, name="create"),
    path("<str:key>/chat/retention/", retention_views.retention, name="retention"),
    path("<str:key>/chat/<int:pk>/", room_views.room, name="room"),
    path("<str:key>/chat/<int:pk>/messages/", room_views.messages, name="messages"),
    path("<str:key>/chat/<int:pk>/subscription/", room_views.subscription, name="subscription"),
    path("<str:key>/chat/<int:pk>/files/", views.upload, name="upload"),
    path("<str:key>/chat/files/<uuid:pk>/", views.download, name="file"),
    path("<str:key>/chat/files/<uuid:pk>/thumbnail/", views.thumbnail, name="thumbnail"),
    path("<str:key>/chat/<int:pk>/read/", room_views.read, name="read"),
    path("<str:key>/chat/<int:pk>/export.json", admin_views.export, {"kind": "json"}, name="export-json"),
    path("<str:key>/chat/<int:pk>/export.md", admin_views.export, {"kind": "md"}, name="export-md"),
    path("<str:key>/chat/<int:pk>/rename/", admin_views.rename, name="rename"),
    path("<str:key>/chat/<int:pk>/archive/", admin_views.archive, name="archive"),
    path("<str:key>/chat/<int:pk>/reopen/", admin_views.reopen, name="reopen"),
    path("<str:key>/chat/messages/<int:pk>/edit/", message_views.edit, name="edit"),
    path("<str:key>/chat/messages/<int:pk>/delete/", message_views.delete, name="delete"),
    path("<str:key>/chat/messages/<int:pk>/react/", message_views.react, name="react"),
    path("<str:key>/chat/messages/<int:pk>/pin/", message_views.pin, name="pin"),
    path("<str:key>/chat/messages/<int:pk>/previews/", message_views.remove_previews, name="previews"),
    path("<str:key>/chat/messages/<int:pk>/revisions/", message_views.revisions, name="revisions"),
    path("<str:key>/chat/messages/<int:pk>/discuss/", message_views.discuss, name="discuss"),
    path("<str:key>/chat/messages/<int:pk>/task/", message_views.make_task, name="task"),
]
