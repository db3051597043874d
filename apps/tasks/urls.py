from django.urls import path

from apps.tasks.board import views
from apps.tasks.code import settings_views
from apps.tasks.code import views as code_views
from apps.tasks.detail import views as detail_views

app_name = "tasks"
urlpatterns = [
    path("<str:key>/", views.board, name="board"),
    path("<str:key>/updates/", views.updates, name="updates"),
    path("<str:key>/columns/<int:pk>/", views.column, name="column"),
    path("<str:key>/tasks/", views.create, name="create"),
    path("<str:key>/tasks/<int:number>/", detail_views.task, name="task"),
    path("<str:key>/tasks/<int:number>/move/", views.move, name="move"),
    path("<str:key>/tasks/<int:number>/edit/", detail_views.edit, name="edit"),
    path("<str:key>/tasks/<int:number>/assign/", detail_views.assign, name="assign"),
    path("<str:key>/tasks/<int:number>/comment/", detail_views.comment, name="comment"),
    path("<str:key>/settings/rules/", settings_views.rules, name="rules"),
    path("<str:key>/settings/branches/", settings_views.branches, name="branches"),
    path("<str:key>/tasks/<int:number>/start/", code_views.start, name="start"),
    path("<str:key>/tasks/<int:number>/link/", code_views.link, name="link"),
    path("<str:key>/tasks/<int:number>/unlink/", code_views.unlink, name="unlink"),
    path("<str:key>/tasks/<int:number>/undo/", code_views.undo, name="undo"),
]
