from django.urls import path

from apps.accounts.oidc import backchannel, views

app_name = "oidc"
urlpatterns = [
    path("start/", views.start, name="start"),
    path("link/", views.link, name="link"),
    path("callback/", views.callback, name="callback"),
    path("backchannel-logout/", backchannel.logout, name="backchannel-logout"),
]
