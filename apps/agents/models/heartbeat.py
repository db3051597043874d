from django.db import models


class Heartbeat(models.Model):
    """When a part of what runs behind the pages was last alive, by the database's clock."""

    part = models.CharField(max_length=10, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.part} at {self.at}"
