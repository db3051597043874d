from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("tasks", "0007_words_in_rows")]

    operations = [
        migrations.AddConstraint(
            "codelink",
            models.CheckConstraint(
                name="code_link_has_its_pull_request",
                condition=Q(kind="pull_request", pull_request__isnull=False)
                | ~Q(kind="pull_request") & Q(pull_request__isnull=True),
            ),
        ),
    ]
