"""A membership's two roles, and what a repository's webhook and its comparison with the forge are called.

A constraint follows its renamed columns by itself, so only the state changes.
"""

from django.db import migrations, models
from django.db.models import F, Q


def known(*operations):
    return migrations.SeparateDatabaseAndState(state_operations=operations)


class Migration(migrations.Migration):
    dependencies = [("projects", "0011_instants_end_in_at")]

    operations = [
        known(migrations.RemoveConstraint("Membership", "membership_role_was_given")),
        migrations.RenameField("Membership", "by_group", "group_role"),
        migrations.RenameField("Membership", "by_hand", "manual_role"),
        known(
            migrations.AddConstraint(
                "Membership",
                models.CheckConstraint(
                    name="membership_role_was_given",
                    condition=Q(group_role__isnull=True, manual_role__isnull=True)
                    | Q(group_role__isnull=False, role=F("group_role"))
                    | Q(group_role__isnull=False, manual_role__isnull=False, role=F("manual_role")),
                ),
            )
        ),
        migrations.RenameField("Repository", "hook_secret", "webhook_secret"),
        migrations.RenameField("Repository", "former_hook_secret", "previous_webhook_secret"),
        migrations.RenameField("Repository", "former_until", "previous_webhook_secret_until"),
        migrations.RenameField("Repository", "fetching_until", "fetch_lease_until"),
        migrations.RenameField("Repository", "comparing_until", "resync_lease_until"),
        migrations.RenameField("Repository", "reconciled_at", "resynced_at"),
        migrations.RenameField("Repository", "reconcile_error", "resync_error"),
        migrations.RenameField("Repository", "reconcile_facts", "resync_facts"),
    ]
