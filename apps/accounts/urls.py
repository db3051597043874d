from django.urls import path

from apps.accounts.login import views as login_views
from apps.accounts.sessions import views as session_views
from apps.accounts.tokens import views as token_views
from apps.accounts.users import views

app_name = "accounts"
urlpatterns = [
    path("sign-in/", login_views.sign_in, name="sign-in"),
    path("sign-in/local/", login_views.break_glass, name="break-glass"),
    path("sign-out/", login_views.sign_out, name="sign-out"),
    path("profile/", views.profile, name="profile"),
    path("preferences/", views.preferences, name="preferences"),
    path("avatar/", views.avatar, name="avatar"),
    path("avatar/remove/", views.remove_avatar, name="remove-avatar"),
    path("sessions/<uuid:pk>/end/", session_views.end_session, name="end-session"),
    path("sessions/end-others/", session_views.end_other_sessions, name="end-other-sessions"),
    path("password/", views.password, name="password"),
    path("tokens/", token_views.create_token, name="create-token"),
    path("tokens/<int:pk>/revoke/", token_views.revoke_token, name="revoke-token"),
]
