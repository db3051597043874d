"""Markdown from people, agents and Git, as HTML and as plain text. Callers say `markdown.to_html(…)`."""

from apps.tasks.markdown.render import plain_text, to_html

__all__ = ["plain_text", "to_html"]
