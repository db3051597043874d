from django.urls import path

from apps.projects import views

app_name = "projects"
urlpatterns = [
    path("", views.projects, name="list"),
    path("new/", views.create, name="create"),
]
