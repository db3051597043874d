from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations
from django.db.models.functions import Upper


class Migration(migrations.Migration):
    """The owner of a database may add this extension: PostgreSQL trusts it."""

    dependencies = [("chat", "0004_retention")]

    operations = [
        TrigramExtension(),
        migrations.AddIndex(
            model_name="message",
            index=GinIndex(OpClass(Upper("text"), name="gin_trgm_ops"), name="message_parts"),
        ),
    ]
