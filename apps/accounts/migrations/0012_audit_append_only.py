"""The audit's tables take rows and nothing else, and each entry is sealed when its transaction commits.

A seal needs the one before it, so sealing is one at a time; done at once it would make every audited
change wait for every other. It is the last thing a commit does: a deferred trigger notes the entry in
a table of its own, whose deferred trigger runs when all other deferred checks are through, takes the
lock and seals. Nobody waits for anything else while holding it, so it can't be part of a deadlock.

The functions run as their owner: who may only add entries gets them sealed, and can't write a seal.
"""

from django.db import migrations

FORWARDS = """
SELECT set_config('search_path', quote_ident(current_schema()) || ', pg_temp', true);

CREATE TABLE accounts_auditunsealed (entry_id bigint PRIMARY KEY);

CREATE FUNCTION accounts_audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit is never changed: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;

CREATE FUNCTION accounts_audit_note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    INSERT INTO accounts_auditunsealed VALUES (NEW.id);
    RETURN NULL;
END $$;

CREATE FUNCTION accounts_audit_seal() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    last accounts_auditseal;
    entry text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('accounts_auditseal', 0));
    SELECT * INTO last FROM accounts_auditseal ORDER BY id DESC LIMIT 1;
    SELECT jsonb_build_array(
        e.id, e.action, extract(epoch FROM e.at), e.user_id, e.who, e.token, e.run,
        e.asked_by_id, e.asked_by, e.project_id, host(e.address), e.facts)::text
        INTO entry FROM accounts_auditentry e WHERE e.id = NEW.entry_id;
    INSERT INTO accounts_auditseal (id, entry_id, digest) VALUES (
        coalesce(last.id, 0) + 1,
        NEW.entry_id,
        encode(sha256(convert_to(coalesce(last.digest, '') || E'\\n' || entry, 'UTF8')), 'hex'));
    DELETE FROM accounts_auditunsealed WHERE entry_id = NEW.entry_id;
    RETURN NULL;
END $$;

CREATE CONSTRAINT TRIGGER note AFTER INSERT ON accounts_auditentry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_audit_note();
CREATE CONSTRAINT TRIGGER seal AFTER INSERT ON accounts_auditunsealed
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION accounts_audit_seal();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON accounts_auditentry
    EXECUTE FUNCTION accounts_audit_refuse();
CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON accounts_auditseal
    EXECUTE FUNCTION accounts_audit_refuse();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON accounts_auditentry
    EXECUTE FUNCTION accounts_audit_refuse();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON accounts_auditseal
    EXECUTE FUNCTION accounts_audit_refuse();
"""
BACKWARDS = """
DROP TRIGGER note ON accounts_auditentry;
DROP TRIGGER refuse_change ON accounts_auditentry;
DROP TRIGGER refuse_truncate ON accounts_auditentry;
DROP TRIGGER refuse_change ON accounts_auditseal;
DROP TRIGGER refuse_truncate ON accounts_auditseal;
DROP TABLE accounts_auditunsealed;
DROP FUNCTION accounts_audit_seal;
DROP FUNCTION accounts_audit_note;
DROP FUNCTION accounts_audit_refuse;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_audit")]

    operations = [migrations.RunSQL(FORWARDS, BACKWARDS)]
