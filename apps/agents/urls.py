from django.urls import path

from apps.agents import views

app_name = "agents"
urlpatterns = [
    path("cancel/", views.cancel, name="cancel"),
    path("retry/", views.retry, name="retry"),
    path("accept/", views.accept, name="accept"),
    path("send-back/", views.send_back, name="send-back"),
]
