"""How long the texts of a task may be: read by the models, the forms and the serializers."""

TITLE_LENGTH = 200
DESCRIPTION_LENGTH = 50_000
COMMENT_LENGTH = 262_144
COMMENT_FORM_LENGTH = 50_000  # for what a person types; programs and agents may send more
LABELS_PER_TASK = 20
BRANCH_TEMPLATE_LENGTH = 80
