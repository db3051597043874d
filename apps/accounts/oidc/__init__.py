"""Signing in with Authentik, by OpenID Connect.

mozilla-django-oidc begins a sign-in (state, nonce, PKCE) and exchanges the code. Who somebody is, what
their token must say and what becomes of their account is decided here: docs/authentik.md says why.
"""
