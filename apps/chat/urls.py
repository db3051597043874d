from django.urls import path

from apps.chat.views import files, message, retention, room, rooms, search

app_name = "chat"
urlpatterns = [
    path("<str:key>/chat/", room.home, name="home"),
    path("<str:key>/chat/unread/", room.unread, name="unread"),
    path("<str:key>/chat/tasks/", room.tasks, name="tasks"),
    path("<str:key>/chat/search/", search.search, name="search"),
    path("<str:key>/chat/new/", rooms.create, name="create"),
    path("<str:key>/chat/retention/", retention.retention, name="retention"),
    path("<str:key>/chat/<int:pk>/", room.room, name="room"),
    path("<str:key>/chat/<int:pk>/messages/", room.messages, name="messages"),
    path("<str:key>/chat/<int:pk>/level/", room.level, name="level"),
    path("<str:key>/chat/<int:pk>/files/", files.upload, name="upload"),
    path("<str:key>/chat/files/<uuid:pk>/", files.download, name="file"),
    path("<str:key>/chat/files/<uuid:pk>/small/", files.small, name="small"),
    path("<str:key>/chat/<int:pk>/read/", room.read, name="read"),
    path("<str:key>/chat/<int:pk>/export.json", rooms.export, {"kind": "json"}, name="export-json"),
    path("<str:key>/chat/<int:pk>/export.md", rooms.export, {"kind": "md"}, name="export-md"),
    path("<str:key>/chat/<int:pk>/rename/", rooms.rename, name="rename"),
    path("<str:key>/chat/<int:pk>/archive/", rooms.archive, name="archive"),
    path("<str:key>/chat/<int:pk>/reopen/", rooms.reopen, name="reopen"),
    path("<str:key>/chat/messages/<int:pk>/edit/", message.edit, name="edit"),
    path("<str:key>/chat/messages/<int:pk>/delete/", message.delete, name="delete"),
    path("<str:key>/chat/messages/<int:pk>/react/", message.react, name="react"),
    path("<str:key>/chat/messages/<int:pk>/pin/", message.pin, name="pin"),
    path("<str:key>/chat/messages/<int:pk>/previews/", message.remove_previews, name="previews"),
    path("<str:key>/chat/messages/<int:pk>/wordings/", message.wordings, name="wordings"),
    path("<str:key>/chat/messages/<int:pk>/discuss/", message.discuss, name="discuss"),
    path("<str:key>/chat/messages/<int:pk>/task/", message.make_task, name="task"),
]
