"""The product's doors with those of the provider, which are there only when one is configured.

Import this before a test configures one: the product's own URLconf looks when it is imported.
"""

from django.urls import include, path

from teamboard.urls import handler400, handler403, handler404, handler500
from teamboard.urls import urlpatterns as product

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
urlpatterns = [*product, path("oidc/", include("apps.accounts.oidc.urls"))]
