from django.urls import path

from apps.accounts.views import profile, sessions, signing_in, tokens

app_name = "accounts"
urlpatterns = [
    path("sign-in/", signing_in.sign_in, name="sign-in"),
    path("sign-in/local/", signing_in.break_glass, name="break-glass"),
    path("sign-out/", signing_in.sign_out, name="sign-out"),
    path("profile/", profile.profile, name="profile"),
    path("preferences/", profile.preferences, name="preferences"),
    path("looks/", profile.looks, name="looks"),
    path("looks/remove-picture/", profile.remove_picture, name="remove-picture"),
    path("sessions/<uuid:pk>/end/", sessions.end_session, name="end-session"),
    path("sessions/end-others/", sessions.end_other_sessions, name="end-other-sessions"),
    path("password/", profile.password, name="password"),
    path("tokens/", tokens.create_token, name="create-token"),
    path("tokens/<int:pk>/revoke/", tokens.revoke_token, name="revoke-token"),
]
