"""Entries are added and never changed; whoever changes them all the same is found."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, ProgrammingError, connection, transaction
from django.test import RequestFactory

from apps.accounts import audit
from apps.accounts.models import ApiToken, AuditEntry, AuditSeal
from apps.projects.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("T1")]


@pytest.fixture
def ana():
    return UserFactory(name="Ana")


@pytest.fixture
def entries(ana):
    return [audit.record("thing.done", by=ana, number=number) for number in range(5)]


def execute(sql: str, *arguments: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)


@contextmanager
def unguarded():
    """As the tables' owner could: every trigger off."""
    tables = ("accounts_auditentry", "accounts_auditseal")
    for table in tables:
        execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL")
    yield
    for table in tables:
        execute(f"ALTER TABLE {table} ENABLE TRIGGER ALL")


def verified(**options: str) -> str:
    told = StringIO()
    call_command("audit", "verify", stdout=told, **options)
    return told.getvalue()


def test_an_entry_says_who_what_when_and_from_where(ana):
    request = RequestFactory().get("/", REMOTE_ADDR="2001:db8::7")
    entry = audit.record("role.changed", by=ana, project_id=7, request=request, before="viewer", after="owner")
    entry.refresh_from_db()
    assert (entry.who, entry.user_id, entry.project_id, entry.address) == ("Ana", ana.pk, 7, "2001:db8::7")
    assert entry.facts == {"before": "viewer", "after": "owner"}
    with connection.cursor() as cursor:
        cursor.execute("SELECT now() - %s BETWEEN interval '0' AND interval '1 minute'", [entry.at])
        assert cursor.fetchone()[0]


def test_what_is_recorded_in_a_request_says_where_it_came_from(ana):
    with audit.of_request(RequestFactory().get("/", REMOTE_ADDR="192.0.2.9")):
        assert audit.record("thing.done", by=ana).address == "192.0.2.9"
    assert audit.record("thing.done", by=ana).address is None


@pytest.mark.req("FLT-26")
def test_entry_names_the_token_of_whoever_acted_alone(ana):
    request = RequestFactory().get("/")
    request.auth = ApiToken(user=ana, prefix="0123abcd")
    ben = UserFactory(name="Ben")
    assert [audit.record("thing.done", by=by, request=request).token for by in (ana, ben, None)] == ["0123abcd", "", ""]


def test_facts_stay_small_and_on_one_line(ana):
    nasty = 'a\r\nb\u2028c\x00\x1b[31m","action":"forged\ud800'
    entry = audit.record("thing.done", by=None, text=nasty, long="x" * 10_000, many=list(range(1000)), amount=1.5)
    entry.refresh_from_db()
    assert entry.facts["text"] == 'a b c [31m","action":"forged '
    assert len(json.dumps(entry.facts)) < 1000
    assert "\n" not in json.dumps(entry.facts, ensure_ascii=False)


@pytest.mark.parametrize("table", ["accounts_auditentry", "accounts_auditseal"])
@pytest.mark.parametrize("sql", ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {}"])
def test_the_database_refuses_to_change_it(entries, sql, table):
    with pytest.raises((ProgrammingError, InternalError), match="never changed"), transaction.atomic():
        execute(sql.format(table))
    assert AuditEntry.objects.count() == AuditSeal.objects.count() == 5


def test_a_rollback_leaves_no_entry_and_no_seal(entries, ana):
    with transaction.atomic():
        audit.record("thing.done", by=ana)
        transaction.set_rollback(True)
    assert "whole: 5 entries" in verified()


def test_a_whole_chain_is_told_with_its_head(entries):
    head = AuditSeal.objects.latest("pk").digest
    assert verified() == f"The audit is whole: 5 entries, head {head}.\n"
    assert "whole" in verified(head=head)


TAMPERING = {
    "a fact": ("UPDATE accounts_auditentry SET facts = '{\"number\": 9}' WHERE id = %s", "is not what was sealed"),
    "the person": ("UPDATE accounts_auditentry SET user_id = 0, who = 'Cy' WHERE id = %s", "is not what was sealed"),
    "the time": ("UPDATE accounts_auditentry SET at = at - interval '1 s' WHERE id = %s", "is not what was sealed"),
    "an entry away": ("DELETE FROM accounts_auditentry WHERE id = %s", "is missing"),
    "a seal away": ("DELETE FROM accounts_auditseal WHERE entry_id = %s", "is missing"),
    "a seal": ("UPDATE accounts_auditseal SET digest = repeat('0', 64) WHERE entry_id = %s", "is not what was sealed"),
    "one slipped in": (
        "INSERT INTO accounts_auditentry (id, action, who, token, asked_by, facts)"
        " SELECT 1000000 + id, 'thing.done', '', '', '', '{}' FROM accounts_auditentry WHERE id = %s",
        "was never sealed",
    ),
}


@pytest.mark.parametrize(("sql", "found"), TAMPERING.values(), ids=TAMPERING)
def test_who_changes_it_with_the_triggers_off_is_found(entries, sql, found):
    with unguarded():
        execute(sql, entries[2].pk)
    with pytest.raises(CommandError, match=found):
        verified()


def test_a_cut_off_end_is_found_by_a_head_that_was_written_down(entries):
    head = AuditSeal.objects.latest("pk").digest
    with unguarded():
        execute("DELETE FROM accounts_auditseal WHERE entry_id >= %s", entries[3].pk)
        execute("DELETE FROM accounts_auditentry WHERE id >= %s", entries[3].pk)
    assert "whole: 3 entries" in verified()
    with pytest.raises(CommandError, match="not there any more"):
        verified(head=head)


def test_eight_at_once_make_one_whole_chain(ana):
    everybody = threading.Barrier(8)

    def add(number: int) -> None:
        everybody.wait()
        for turn in range(10):
            with transaction.atomic():
                audit.record("thing.done", by=ana, number=number, turn=turn)
                audit.record("thing.done", by=ana, number=number, turn=turn)
        connection.close()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(8)))
    assert "whole: 160 entries" in verified()


def test_sealing_waits_for_nothing_that_waits_for_it():
    """One holds a row and commits; the other's check of a foreign key to that row comes after its entry."""
    ben, gone = UserFactory(name="Ben"), UserFactory(name="Gone")
    deleted, inserted = threading.Barrier(2), threading.Barrier(2)

    def delete() -> None:
        with transaction.atomic():
            execute("SELECT FROM accounts_user WHERE id = %s FOR UPDATE", gone.pk)
            deleted.wait()
            inserted.wait()
            audit.record("thing.deleted", by=ben)
        connection.close()

    def insert() -> None:
        deleted.wait()
        with transaction.atomic():
            audit.record("thing.added", by=ben)
            execute(
                "INSERT INTO accounts_apitoken (user_id, name, prefix, digest, scope, created_at, expires_at)"
                " VALUES (%s, 'ci', 'abcd', 'abcd', 'read', now(), now())",
                gone.pk,
            )
            inserted.wait()
        connection.close()

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(delete), pool.submit(insert)]:
            done.result()
    assert "whole: 2 entries" in verified()
