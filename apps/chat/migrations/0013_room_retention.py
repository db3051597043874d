import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0012_room_subscription")]

    operations = [
        migrations.RemoveConstraint("Retention", "retention_in_range"),
        migrations.RenameModel("Retention", "RoomRetention"),
        migrations.AlterField(
            model_name="roomretention",
            name="project",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE, related_name="room_retention", to="projects.project"
            ),
        ),
        migrations.AddConstraint(
            model_name="roomretention",
            constraint=models.CheckConstraint(
                condition=models.Q(("days__range", (1, 3650))), name="room_retention_in_range"
            ),
        ),
    ]
