from django.db import migrations, models

NAME = "Practice gateway"  # the row that the environment of `make run` makes


def mark(apps, schema_editor):
    alias = schema_editor.connection.alias
    gateways = apps.get_model("agents", "Gateway").objects.using(alias).filter(name=NAME)
    gateways.update(is_practice=True)
    agents = apps.get_model("agents", "Agent").objects.using(alias).filter(gateway__in=gateways)
    users = apps.get_model("accounts", "User").objects.using(alias)
    users.filter(pk__in=agents.values("user")).update(is_practice=True)


class Migration(migrations.Migration):
    """The practice gateway is known by a mark, and its agents are marked as practising."""

    dependencies = [("agents", "0018_agent_model_of_its_own"), ("accounts", "0017_user_is_practice")]

    operations = [
        migrations.AddField(
            model_name="gateway", name="is_practice", field=models.BooleanField(default=False, editable=False)
        ),
        migrations.RunPython(mark, migrations.RunPython.noop),
    ]
