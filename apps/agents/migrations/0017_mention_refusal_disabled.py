from django.db import migrations, models


class Migration(migrations.Migration):
    """A mention may be refused because its agent is disabled."""

    dependencies = [("agents", "0016_run_gateway")]

    operations = [
        migrations.AlterField(
            model_name="mentionrefusal",
            name="reason",
            field=models.CharField(
                choices=[
                    ("role", "Only who may direct agents here starts one by a mention."),
                    ("handoff", "An agent's message starts another agent only where a maintainer allows it."),
                    ("depth", "Agents have asked each other often enough; now it takes a person to ask."),
                    ("disabled", "This agent is disabled."),
                    ("daily_limit", "Agents have asked each other as often as they may in a day."),
                ],
                max_length=20,
            ),
        ),
    ]
