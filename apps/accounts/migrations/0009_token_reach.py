from django.db import migrations, models


def keep_reach(apps, schema_editor) -> None:
    """Who made a token that writes, made one that directs agents too."""
    apps.get_model("accounts", "ApiToken").objects.filter(scope="write").update(scope="agents")


def fold_reach(apps, schema_editor) -> None:
    apps.get_model("accounts", "ApiToken").objects.filter(scope="agents").update(scope="write")


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_account_names")]

    operations = [
        migrations.AlterField(
            model_name="apitoken",
            name="scope",
            field=models.CharField(
                choices=[
                    ("read", "read only"),
                    ("write", "read and write"),
                    ("agents", "read, write and direct agents"),
                ],
                default="read",
                max_length=6,
                verbose_name="may",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="only_projects",
            field=models.JSONField(null=True),
        ),
        migrations.RunPython(keep_reach, fold_reach),
    ]
