import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("chat", "0011_message_revision")]

    operations = [
        migrations.RemoveConstraint("Following", "following_once"),
        migrations.RenameModel("Following", "RoomSubscription"),
        migrations.AlterField(
            model_name="roomsubscription",
            name="room",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="subscriptions", to="chat.room"
            ),
        ),
        migrations.AddConstraint(
            model_name="roomsubscription",
            constraint=models.UniqueConstraint(fields=("room", "user"), name="room_subscription_once"),
        ),
    ]
