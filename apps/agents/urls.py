from django.urls import path

from apps.agents import project_views, views

app_name = "agents"
urlpatterns = [
    path("runs/<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("runs/<uuid:pk>/retry/", views.retry, name="retry"),
    path("runs/<uuid:pk>/accept/", views.accept, name="accept"),
    path("runs/<uuid:pk>/merge/", views.merge, name="merge"),
    path("runs/<uuid:pk>/send-back/", views.send_back, name="send-back"),
    path("projects/<str:key>/agents/", project_views.agents, name="agents"),
    path("projects/<str:key>/agents/pause/", project_views.pause, name="pause"),
    path("projects/<str:key>/agents/resume/", project_views.resume, name="resume"),
    path("projects/<str:key>/agents/pairs/", project_views.allow, name="allow"),
    path("projects/<str:key>/agents/pairs/<int:pk>/forbid/", project_views.forbid, name="forbid"),
]
