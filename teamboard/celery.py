"""The worker and the beat: Celery only wakes; what is due stands in the database."""

import os

from celery import Celery

from teamboard.worker import clock, heartbeat

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")
# Checks import every page and the API, 30 MiB that neither worker nor beat needs; migrating runs them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

app = Celery("teamboard")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(related_name="jobs")
clock.start(app)
heartbeat.start(app)
