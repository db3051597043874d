"""Agents' comments that hold our sentence about an answer without text: its code instead."""

from django.db import migrations

# Each as it was stored, in English and in Russian.
SENTENCES = {
    "no_answer": ("*(The agent finished without a word.)*", "*(Агент закончил, ничего не сказав.)*"),
    "ended_by_tool": (
        "*(A tool ended the agent's turn: there is no answer.)*",
        "*(Ход агента завершил инструмент: ответа нет.)*",
    ),
}


def forwards(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for code, sentences in SENTENCES.items():
            cursor.execute(
                "UPDATE tasks_comment SET empty_reason = %s, text = '', html = ''"
                " WHERE text = ANY(%s)"
                " AND author_id IN (SELECT id FROM accounts_user WHERE kind = 'agent')",
                [code, list(sentences)],
            )


def backwards(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for code, (sentence, _russian) in SENTENCES.items():
            cursor.execute(
                "UPDATE tasks_comment SET empty_reason = '', text = %s, html = %s WHERE empty_reason = %s",
                [sentence, f"<p><em>{sentence[1:-1]}</em></p>\n", code],
            )


class Migration(migrations.Migration):
    dependencies = [
        ("tasks", "0011_comment_empty_reason"),
        ("accounts", "0018_name_field"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
