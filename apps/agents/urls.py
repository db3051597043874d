from django.urls import path

from apps.agents.roster import views as roster_views
from apps.agents.runs.pages import views

app_name = "agents"
urlpatterns = [
    path("runs/<uuid:pk>/cancel/", views.cancel, name="cancel"),
    path("runs/<uuid:pk>/retry/", views.retry, name="retry"),
    path("runs/<uuid:pk>/retry-alike/", views.retry_alike, name="retry-alike"),
    path("runs/<uuid:pk>/accept/", views.accept, name="accept"),
    path("runs/<uuid:pk>/merge/", views.merge, name="merge"),
    path("runs/<uuid:pk>/request-changes/", views.request_changes, name="request-changes"),
    path("projects/<str:key>/agents/", roster_views.agents, name="agents"),
    path("projects/<str:key>/agents/pause/", roster_views.pause, name="pause"),
    path("projects/<str:key>/agents/resume/", roster_views.resume, name="resume"),
    path("projects/<str:key>/agents/handoffs/", roster_views.allow_handoff, name="allow-handoff"),
    path("projects/<str:key>/agents/handoffs/<int:pk>/revoke/", roster_views.revoke_handoff, name="revoke-handoff"),
]
