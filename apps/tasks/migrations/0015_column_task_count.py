from django.db import migrations, models

KEEP = """
CREATE FUNCTION tasks_count_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        UPDATE tasks_column c SET task_count = c.task_count + n.tasks
        FROM (SELECT column_id, count(*) AS tasks FROM new_tasks GROUP BY 1) n WHERE c.id = n.column_id;
    ELSIF TG_OP = 'DELETE' THEN
        UPDATE tasks_column c SET task_count = c.task_count - n.tasks
        FROM (SELECT column_id, count(*) AS tasks FROM old_tasks GROUP BY 1) n WHERE c.id = n.column_id;
    ELSE
        UPDATE tasks_column SET task_count = task_count + CASE id WHEN NEW.column_id THEN 1 ELSE -1 END
        WHERE id IN (OLD.column_id, NEW.column_id);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER count_created AFTER INSERT ON tasks_task REFERENCING NEW TABLE AS new_tasks
FOR EACH STATEMENT EXECUTE FUNCTION tasks_count_change();
CREATE TRIGGER count_deleted AFTER DELETE ON tasks_task REFERENCING OLD TABLE AS old_tasks
FOR EACH STATEMENT EXECUTE FUNCTION tasks_count_change();
CREATE TRIGGER count_moved AFTER UPDATE OF column_id ON tasks_task FOR EACH ROW
WHEN (OLD.column_id <> NEW.column_id) EXECUTE FUNCTION tasks_count_change();
UPDATE tasks_column c SET task_count = (SELECT count(*) FROM tasks_task t WHERE t.column_id = c.id);
"""
FORGET = """
DROP TRIGGER count_created ON tasks_task;
DROP TRIGGER count_deleted ON tasks_task;
DROP TRIGGER count_moved ON tasks_task;
DROP FUNCTION tasks_count_change();
"""


class Migration(migrations.Migration):
    """Whoever makes, moves or deletes a task, in whatever way, changes the count of its column with it."""

    dependencies = [("tasks", "0014_indexes_said_once")]

    operations = [
        migrations.AddField("column", "task_count", models.IntegerField(db_default=0, editable=False)),
        migrations.RunSQL(KEEP, FORGET),
    ]
