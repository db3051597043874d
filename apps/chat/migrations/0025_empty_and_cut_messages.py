"""Agents' messages that hold our sentence about an answer without text, or end in the one about its rest."""

from django.db import migrations

# Each as it was stored, in English and in Russian.
SENTENCES = {
    "no_answer": ("*(The agent finished without a word.)*", "*(Агент закончил, ничего не сказав.)*"),
    "ended_by_tool": (
        "*(A tool ended the agent's turn: there is no answer.)*",
        "*(Ход агента завершил инструмент: ответа нет.)*",
    ),
}
REST = ("(The rest was left out.)", "(Остальное опущено.)")


def forwards(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for code, sentences in SENTENCES.items():
            cursor.execute(
                "UPDATE chat_message SET empty_reason = %s, text = '', html = ''"
                " WHERE text = ANY(%s) AND author_id IN (SELECT id FROM accounts_user WHERE kind = 'agent')",
                [code, list(sentences)],
            )
        for rest in REST:  # where it is a paragraph of its own, not in a block of code that was cut
            end, paragraph = f"\n\n*{rest}*", rf"<p(?: dir=\"auto\")?><em>\({rest[1:-1]}\)</em></p>\s*$"
            cursor.execute(
                "UPDATE chat_message SET is_truncated = true, text = left(text, %s), html = regexp_replace(html, %s, '')"
                " WHERE right(text, %s) = %s AND html ~ %s"
                " AND author_id IN (SELECT id FROM accounts_user WHERE kind = 'agent')",
                [-len(end), paragraph, len(end), end, paragraph],
            )


def backwards(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        for code, (sentence, _russian) in SENTENCES.items():
            cursor.execute(
                "UPDATE chat_message SET empty_reason = '', text = %s, html = %s"
                " WHERE empty_reason = %s AND deleted_at IS NULL",
                [sentence, f"<p><em>{sentence[1:-1]}</em></p>\n", code],
            )
        cursor.execute(
            "UPDATE chat_message SET is_truncated = false, text = text || %s, html = html || %s"
            " WHERE is_truncated AND deleted_at IS NULL",
            [f"\n\n*{REST[0]}*", f"<p><em>{REST[0]}</em></p>\n"],
        )


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0024_message_empty_reason"),
        ("accounts", "0018_name_field"),
    ]

    operations = [migrations.RunPython(forwards, backwards)]
