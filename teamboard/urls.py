"""Which door leads to which room. A view is for people who are signed in unless it says otherwise."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from apps.accounts.login.views import admin_sign_in, sign_out
from apps.projects.git.webhooks import receive_view
from apps.projects.members.avatar_view import avatar
from apps.projects.members.invitation_views import join
from teamboard.observability import health
from teamboard.rest import errors

admin.autodiscover()
urlpatterns = [
    path("", RedirectView.as_view(pattern_name="projects:list"), name="home"),
    path("projects/", include("apps.projects.urls")),
    path("projects/", include("apps.tasks.urls")),
    path("projects/", include("apps.chat.urls")),
    path("", include("apps.agents.urls")),
    path("accounts/", include("apps.accounts.urls")),
    path("join/<str:token>/", join, name="join"),
    path("avatars/<str:digest>/", avatar, name="avatar"),
    path("git/webhooks/<uuid:uid>/", receive_view.receive, name="webhook"),
    path("admin/login/", admin_sign_in),
    # One form for one's password, with its limits, and one way out, also at the provider.
    path("admin/password_change/", RedirectView.as_view(pattern_name="accounts:profile")),
    path("admin/logout/", sign_out),
    path("admin/", admin.site.urls),
    path("api/v1/", include("teamboard.rest.urls")),
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
]
if settings.AUTHENTIK_ISSUER:
    urlpatterns.append(path("oidc/", include("apps.accounts.oidc.urls")))
handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = "teamboard.web.error_pages.server_error"
