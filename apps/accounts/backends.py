"""Who may have a session: people with an open account. Agents have none."""

from django.contrib.auth.backends import ModelBackend

from apps.accounts.models import User


class PeopleBackend(ModelBackend):
    def user_can_authenticate(self, user: User) -> bool:
        return super().user_can_authenticate(user) and not user.is_agent
