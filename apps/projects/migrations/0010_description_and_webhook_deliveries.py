"""The words of the trade: a project has a description, and what a forge sends is a webhook delivery."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("projects", "0009_comparing")]

    operations = [
        migrations.RenameField("Project", "about", "description"),
        migrations.RenameModel("HookDelivery", "WebhookDelivery"),
        migrations.RemoveIndex("WebhookDelivery", "delivery_due"),
        migrations.RenameField("WebhookDelivery", "worked_at", "processed_at"),
        migrations.AddIndex(
            "WebhookDelivery",
            models.Index(fields=["received_at"], name="delivery_due", condition=models.Q(processed_at__isnull=True)),
        ),
    ]
