from django.db import migrations, models


class Migration(migrations.Migration):
    """Every gateway has a default agent of the same id, so a slug is unique at its gateway."""

    dependencies = [("agents", "0022_run_queued_at")]

    operations = [
        migrations.AlterField(
            model_name="agent",
            name="slug",
            field=models.SlugField(help_text="The agent's id in OpenClaw.", verbose_name="slug"),
        ),
        migrations.AddConstraint(
            model_name="agent",
            constraint=models.UniqueConstraint(
                fields=("gateway", "slug"),
                name="agent_slug_once_per_gateway",
                violation_error_message="This gateway has an agent with this slug already.",
            ),
        ),
    ]
