"""What a message is found by: its text as it is compared, in a column of its own; by parts, and by words' beginnings."""

# ruff: noqa: RUF001 - letters of other alphabets

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.functions.text
from django.db import migrations, models

UNCASED = (
    r"\u0590-\u05ff\u0600-\u08ff\u0900-\u109f\u1100-\u139f\u1780-\u18af\u1950-\u19ff\u1a20-\u1aaf\u2e80-\ua4cf"
    r"\ua960-\ua97f\uaa60-\uaa7f\uac00-\ud7ff\uf900-\ufaff\ufb1d-\ufdff\ufe70-\ufefe\uff66-\uffdc\U00020000-\U0003ffff"
)
DROPPED = (
    r"[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0640\u064b-\u0652\u0670\u00ad"
    r"\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufe0f\ufeff]"
)


class Migration(migrations.Migration):
    dependencies = [
        ("chat", "0022_link_preview_attempts"),
    ]

    operations = [
        migrations.RemoveIndex(
            model_name="message",
            name="message_text_search",
        ),
        migrations.RemoveIndex(
            model_name="message",
            name="message_text_trigram",
        ),
        migrations.AddField(
            model_name="message",
            name="search_text",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Func(
                    models.Func(
                        django.db.models.functions.text.Lower(
                            models.Func(
                                models.F("text"),
                                template="normalize(%(expressions)s, NFKC)",
                                output_field=models.TextField(),
                            )
                        ),
                        models.Value("ёς’‘ʼ‐–—−"),
                        models.Value("еσ'''----"),
                        function="TRANSLATE",
                        output_field=models.TextField(),
                    ),
                    models.Value(DROPPED),
                    models.Value(""),
                    models.Value("g"),
                    function="REGEXP_REPLACE",
                    output_field=models.TextField(),
                ),
                output_field=models.TextField(),
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(
                django.contrib.postgres.search.SearchVector(
                    models.Func(
                        models.F("search_text"),
                        models.Value(f"([^[:alnum:]]|[{UNCASED}])+"),
                        models.Value(" "),
                        models.Value("g"),
                        function="REGEXP_REPLACE",
                        output_field=models.TextField(),
                    ),
                    config="simple",
                ),
                name="message_word_beginnings",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_text"], name="message_search_text", opclasses=["gin_trgm_ops"]
            ),
        ),
    ]
