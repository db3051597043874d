"""No index that another one makes superfluous: each costs every insert, and every move of a card."""

import pytest
from django.apps import apps
from django.db import connection

OURS = ("accounts_", "agents_", "chat_", "projects_", "tasks_")

# An index on the first columns of another one, of the same kind, over the same rows, that enforces nothing itself.
REDUNDANT = """
SELECT i.indexrelid::regclass::text AS "index", o.indexrelid::regclass::text AS "other",
       c.relname AS "table"
FROM pg_index i JOIN pg_index o ON o.indrelid = i.indrelid AND o.indexrelid <> i.indexrelid
JOIN pg_class c ON c.oid = i.indrelid JOIN pg_class ic ON ic.oid = i.indexrelid
JOIN pg_class oc ON oc.oid = o.indexrelid JOIN pg_am a ON a.oid = ic.relam
WHERE c.relnamespace = 'public'::regnamespace AND a.amname = 'btree' AND oc.relam = ic.relam
  AND NOT i.indisunique AND i.indexprs IS NULL AND o.indexprs IS NULL
  AND i.indnkeyatts <= o.indnkeyatts
  AND (o.indpred IS NULL OR pg_get_expr(o.indpred, o.indrelid) IS NOT DISTINCT FROM pg_get_expr(i.indpred, i.indrelid))
  AND (i.indkey::int2[])[0:i.indnkeyatts - 1] = (o.indkey::int2[])[0:i.indnkeyatts - 1]
  AND (i.indclass::oid[])[0:i.indnkeyatts - 1] = (o.indclass::oid[])[0:i.indnkeyatts - 1]
  AND (i.indcollation::oid[])[0:i.indnkeyatts - 1] = (o.indcollation::oid[])[0:i.indnkeyatts - 1]
ORDER BY 1"""


@pytest.mark.django_db
def test_no_index_is_the_beginning_of_another():
    """But for Django's own tables between two models, whose indexes nobody can leave out."""
    between = {model._meta.db_table for model in apps.get_models(include_auto_created=True) if model._meta.auto_created}
    with connection.cursor() as cursor:
        cursor.execute(REDUNDANT)
        found = [row for row in cursor.fetchall() if row[0].startswith(OURS) and row[2] not in between]
    assert found == []
