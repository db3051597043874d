from datetime import timedelta

from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tokens import tokens


class Program:
    """A program of `person`, speaking JSON with a personal token."""

    def __init__(self, person: User, scope: str = "agents", only_projects: list[int] | None = None) -> None:
        tomorrow = timezone.now() + timedelta(days=1)
        _token, text = tokens.issue(
            person, name="test", scope=scope, expires_at=tomorrow, only_projects=only_projects, by=person
        )
        self.client = Client(headers={"Authorization": f"Bearer {text}"}, enforce_csrf_checks=True)

    def get(self, path: str, **kwargs):
        return self.client.get(f"/api/v1/{path}", **kwargs)

    def post(self, path: str, body: object = None, **kwargs):
        return self.client.post(f"/api/v1/{path}", body or {}, "application/json", **kwargs)

    def delete(self, path: str, **kwargs):
        return self.client.delete(f"/api/v1/{path}", **kwargs)

    def put(self, path: str, body: object, **kwargs):
        return self.client.put(f"/api/v1/{path}", body, "application/json", **kwargs)

    def patch(self, path: str, body: object, **kwargs):
        return self.client.patch(f"/api/v1/{path}", body, "application/json", **kwargs)
