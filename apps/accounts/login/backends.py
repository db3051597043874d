"""Who may have a session: people with an open account. Agents and service accounts have none."""

from django.contrib.auth.backends import ModelBackend

from apps.accounts.models import User


class PeopleBackend(ModelBackend):
    def user_can_authenticate(self, user: User) -> bool:
        return super().user_can_authenticate(user) and user.is_person
