from django.urls import path

from apps.tasks.views import board, code, rules, task

app_name = "tasks"
urlpatterns = [
    path("<str:key>/", board.board, name="board"),
    path("<str:key>/updates/", board.updates, name="updates"),
    path("<str:key>/columns/<int:pk>/", board.more, name="more"),
    path("<str:key>/tasks/", board.create, name="create"),
    path("<str:key>/tasks/<int:number>/", task.task, name="task"),
    path("<str:key>/tasks/<int:number>/move/", board.move, name="move"),
    path("<str:key>/tasks/<int:number>/edit/", task.edit, name="edit"),
    path("<str:key>/tasks/<int:number>/assign/", task.assign, name="assign"),
    path("<str:key>/tasks/<int:number>/comment/", task.comment, name="comment"),
    path("<str:key>/settings/rules/", rules.rules, name="rules"),
    path("<str:key>/settings/branches/", rules.branches, name="branches"),
    path("<str:key>/tasks/<int:number>/start/", code.start, name="start"),
    path("<str:key>/tasks/<int:number>/link/", code.link, name="link"),
    path("<str:key>/tasks/<int:number>/unlink/", code.unlink, name="unlink"),
    path("<str:key>/tasks/<int:number>/undo/", code.undo, name="undo"),
]
