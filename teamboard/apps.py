from django.apps import AppConfig


class TeamboardConfig(AppConfig):
    name = "teamboard"

    def ready(self) -> None:
        from apps import max_length

        max_length.say_in_forms()
