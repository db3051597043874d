"""Who may have a session: people with an open account. Agents and service accounts have none."""

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import AnonymousUser

from apps.accounts.models import User


class PeopleBackend(ModelBackend):
    def user_can_authenticate(self, user: User | AnonymousUser | None) -> bool:
        return super().user_can_authenticate(user) and isinstance(user, User) and user.is_person
