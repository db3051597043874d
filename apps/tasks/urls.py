from django.urls import path

from apps.tasks.views import board

app_name = "tasks"
urlpatterns = [
    path("<str:key>/", board.board, name="board"),
    path("<str:key>/updates/", board.updates, name="updates"),
    path("<str:key>/columns/<int:pk>/", board.more, name="more"),
    path("<str:key>/tasks/", board.create, name="create"),
    path("<str:key>/tasks/<int:number>/move/", board.move, name="move"),
]
