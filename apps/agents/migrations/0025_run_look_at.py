from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("agents", "0024_gateway_admitted_at"),
    ]

    operations = [
        migrations.AddField(
            model_name="run",
            name="look_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("look_at__isnull", False)), fields=["look_at"], name="run_to_look_up"
            ),
        ),
    ]
