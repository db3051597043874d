from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("agents", "0012_review_and_refusal_values")]

    operations = [
        migrations.RenameField("pause", "by", "paused_by"),
        migrations.RenameField("pause", "at", "paused_at"),
        migrations.RenameField("gateway", "heard_at", "last_callback_at"),
    ]
