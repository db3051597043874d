import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """What each field of an agent changes; nothing in the database."""

    dependencies = [("agents", "0019_gateway_is_practice")]

    operations = [
        migrations.AlterField(
            model_name="agent",
            name="gateway",
            field=models.ForeignKey(
                help_text="Where its runs are sent.",
                on_delete=django.db.models.deletion.PROTECT,
                related_name="agents",
                to="agents.gateway",
                verbose_name="gateway",
            ),
        ),
        migrations.AlterField(
            model_name="agent",
            name="is_enabled",
            field=models.BooleanField(
                default=True,
                help_text="Switched off, it is given nothing new; that is not sent to the gateway.",
                verbose_name="enabled",
            ),
        ),
        migrations.AlterField(
            model_name="agent",
            name="max_concurrent",
            field=models.PositiveSmallIntegerField(
                default=1,
                help_text="Team Board starts no more; the number is not sent to the gateway.",
                verbose_name="runs at once",
            ),
        ),
        migrations.AlterField(
            model_name="agent",
            name="model",
            field=models.CharField(
                blank=True,
                help_text="For its runs, such as anthropic/claude-opus-4-5; empty for the one that the agent has in OpenClaw. It is not sent to /hooks/task-<agent>: there the mapping's model counts.",
                max_length=100,
                verbose_name="model",
            ),
        ),
        migrations.AlterField(
            model_name="agent",
            name="name",
            field=models.CharField(
                help_text="What people see here; it is not sent to the gateway.", max_length=100, verbose_name="name"
            ),
        ),
        migrations.AlterField(
            model_name="agent",
            name="system_prompt",
            field=models.TextField(
                blank=True, help_text="Sent at the head of every task.", max_length=20000, verbose_name="system prompt"
            ),
        ),
        migrations.AlterField(
            model_name="agent",
            name="timeout_seconds",
            field=models.PositiveIntegerField(
                default=300,
                help_text="For one run; Team Board waits twice as long for the result. It is not sent to /hooks/task-<agent>: there the mapping's timeoutSeconds ends the run.",
                verbose_name="time limit, seconds",
            ),
        ),
    ]
