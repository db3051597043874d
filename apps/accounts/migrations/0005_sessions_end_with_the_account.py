from django.db import migrations

END = """
CREATE FUNCTION accounts_end_sessions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM accounts_loginsession WHERE user_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER accounts_end_sessions AFTER UPDATE OF is_active, password ON accounts_user FOR EACH ROW
WHEN ((OLD.is_active AND NOT NEW.is_active) OR OLD.password <> NEW.password)
EXECUTE FUNCTION accounts_end_sessions();
"""
LET_BE = """
DROP TRIGGER accounts_end_sessions ON accounts_user;
DROP FUNCTION accounts_end_sessions();
"""


class Migration(migrations.Migration):
    """Wherever an account is closed or its password changed (page, admin, shell), its sessions are over."""

    dependencies = [("accounts", "0004_login_session")]

    operations = [migrations.RunSQL(END, LET_BE)]
