"""A role of PostgreSQL for the board's processes: it may add to the audit and change nothing in it."""

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg import sql

NAME = "teamboard_board"
PASSWORD_VARIABLE = "BOARD_DATABASE_PASSWORD"  # noqa: S105 - the variable's name

GRANTS = """
GRANT USAGE ON SCHEMA {schema} TO {role};
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {schema} TO {role};
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {schema} TO {role};
REVOKE UPDATE, DELETE ON accounts_auditentry FROM {role};
REVOKE INSERT, UPDATE, DELETE ON accounts_auditseal, accounts_auditunsealed FROM {role};
"""


@transaction.atomic
def ensure(name: str, password: str) -> None:
    """Make the role `name` if need be, with `password` and these rights.

    Call it as the owner of the tables, after each migration.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema(), EXISTS (SELECT FROM pg_roles WHERE rolname = %s)", [name])
        schema, is_there = cursor.fetchone()
        verb = sql.SQL("ALTER" if is_there else "CREATE")
        _run(
            cursor, "{verb} ROLE {role} LOGIN PASSWORD {password}", verb=verb, role=name, password=sql.Literal(password)
        )
        _run(cursor, GRANTS, schema=schema, role=name)


def _run(cursor: CursorWrapper, statements: str, **parts: str | sql.Composable) -> None:
    """Utility statements take no parameters, so names and literals are quoted into them."""
    quoted = {name: sql.Identifier(part) if isinstance(part, str) else part for name, part in parts.items()}
    text = sql.SQL(statements).format(**quoted).as_string(connection.connection)
    for statement in filter(str.strip, text.split(";\n")):
        cursor.execute(statement)
