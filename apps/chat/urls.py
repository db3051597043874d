from django.urls import path

from apps.chat.views import room

app_name = "chat"
urlpatterns = [
    path("<str:key>/chat/", room.home, name="home"),
    path("<str:key>/chat/<int:pk>/", room.room, name="room"),
]
