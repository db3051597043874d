"""The role that the board's processes work as, on a database of their own."""

from io import StringIO

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg import sql

from apps.accounts import audit
from apps.accounts.audit import database_role
from apps.projects.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("T1")]
ROLE, PASSWORD = "teamboard_role_of_tests", "with 'quotes' and \\"


@pytest.fixture
def as_role(monkeypatch):
    """A connection as the role, made by the command."""
    monkeypatch.setenv(database_role.PASSWORD_VARIABLE, PASSWORD)
    call_command("database_role", ROLE, stdout=StringIO())
    call_command("database_role", ROLE, stdout=StringIO())  # as after every migration
    facts = connection.get_connection_params()
    address = {name: facts[name] for name in ("host", "port", "dbname") if facts.get(name)}
    with psycopg.connect(**address, user=ROLE, password=PASSWORD, autocommit=True) as connected:
        yield connected
    with connection.cursor() as cursor:
        cursor.execute(f"DROP OWNED BY {ROLE}; DROP ROLE {ROLE}")


def test_it_adds_to_the_audit_and_gets_its_entries_sealed(as_role):
    as_role.execute(
        "INSERT INTO accounts_auditentry (action, who, token, asked_by, facts) VALUES ('thing.done', '', '', '', '{}')"
    )
    assert as_role.execute("SELECT count(*) FROM accounts_auditseal").fetchone() == (1,)


@pytest.mark.parametrize("table", ["accounts_auditentry", "accounts_auditseal"])
@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}", "DROP TABLE {}"])
def test_it_changes_nothing_in_the_audit(as_role, statement, table):
    audit.record("thing.done", by=None)
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role.execute(sql.SQL(statement).format(sql.Identifier(table)))
    for sneaky in ("ALTER TABLE accounts_auditentry DISABLE TRIGGER ALL", "SET session_replication_role = replica"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_role.execute(sneaky)


def test_it_writes_no_seal_itself(as_role):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_role.execute("INSERT INTO accounts_auditseal VALUES (99, 99, 'x')")


def test_it_may_do_all_the_rest(as_role):
    ana = UserFactory()
    as_role.execute("UPDATE accounts_user SET name = 'Anna' WHERE id = %s", [ana.pk])
    ana.refresh_from_db()
    assert ana.name == "Anna"


def test_without_a_password_nothing_is_made(monkeypatch):
    monkeypatch.delenv(database_role.PASSWORD_VARIABLE, raising=False)
    with pytest.raises(CommandError, match=database_role.PASSWORD_VARIABLE):
        call_command("database_role", ROLE)
