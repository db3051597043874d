"""Previews of the pages that a message links to, shown under it once a worker has fetched them.

The addresses are anybody's, so the guarded client asks, and only where the whole world may: the
operator's list of private hosts does not count here. An agent's links are not fetched, for an
address can carry away what the agent was sent.
"""

import asyncio
import logging
import re
from datetime import timedelta
from functools import partial
from html import unescape
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

from apps import job_queue, outbound
from apps.accounts import rate_limits
from apps.chat.link_previews import opengraph
from apps.chat.models import URL_LENGTH, LinkPreview, Message
from apps.projects import events
from apps.projects.changes import locked_for_change

log = logging.getLogger(__name__)
MOST = 3  # of one message
REDIRECTS = 3
UNFETCHED_AFTER = timedelta(seconds=30)
MAX_ATTEMPTS = 5
BACK_OFF = timedelta(minutes=1)  # longer than a fetch; twice as long after each attempt
LONGEST = 10.0  # seconds for one page, with all its redirects
PER_MINUTE = 20  # pages fetched for one person, so that slow ones don't take up the workers
LIMITS = outbound.Limits(connect=3, read=5, total=LONGEST, size=5 * 1024 * 1024)
LINK = re.compile(r'<a href="(https?://[^"]+)"')
HTML = ("text/html", "application/xhtml+xml")


def links_in(html: str) -> list[str]:
    """The addresses outside of the board that `html` of a message leads to."""
    found = (unescape(address) for address in LINK.findall(html))
    outside = (address for address in found if not address.startswith(f"{settings.PUBLIC_URL}/"))
    return [address for address in dict.fromkeys(outside) if len(address) <= URL_LENGTH][:MOST]


def schedule(message: Message) -> None:
    """Fetch the pages that `message` links to in a job; previews of links that it no longer has are deleted."""
    links = (
        links_in(message.html) if settings.LINK_PREVIEWS and not (message.author and message.author.is_agent) else []
    )
    if message.edited_at:
        message.previews.exclude(url__in=links).delete()
    if links:
        LinkPreview.objects.bulk_create((LinkPreview(message=message, url=url) for url in links), ignore_conflicts=True)
        wake = partial(job_queue.enqueue, "apps.chat.jobs.fetch_previews", message.pk)
        transaction.on_commit(wake, robust=True)


def unfetched() -> QuerySet[LinkPreview]:
    """Those that nobody has fetched, the longest due first: a worker died, or the broker lost the job."""
    waiting = LinkPreview.objects.filter(fetched_at=None, next_attempt_at__lte=Now())
    return waiting.filter(created_at__lt=Now() - UNFETCHED_AFTER).order_by("next_attempt_at", "pk")


def fetch(message: Message) -> None:
    """Ask the pages that `message` waits for, and show what came; log `message.previewed` if anything did."""
    for preview in message.previews.filter(fetched_at=None, next_attempt_at__lte=Now()):
        if _begin(preview):
            try:
                _fetch(preview)
            except Exception:  # whatever a strange page makes of its reader: the other links are fetched
                log.exception("A linked page could not be read", extra={"preview": preview.pk})


def _begin(preview: LinkPreview) -> bool:
    """Count the attempt before it is made; False when there were enough, or another worker makes it."""
    mine = LinkPreview.objects.filter(pk=preview.pk, fetched_at=None, attempts=preview.attempts)
    if preview.attempts >= MAX_ATTEMPTS:
        mine.update(fetched_at=Now())
        return False
    return bool(mine.update(attempts=F("attempts") + 1, next_attempt_at=Now() + BACK_OFF * 2**preview.attempts))


def _fetch(preview: LinkPreview) -> None:
    may_ask = rate_limits.passes(f"previews:{preview.message.author_id}", PER_MINUTE)
    about = asyncio.run(fetch_page(preview.url)) if may_ask else None
    if about:
        preview.title, preview.description, preview.site = about
    _keep(preview)


def _keep(preview: LinkPreview) -> None:
    """Unless the link was taken out of its message meanwhile, or another worker was faster."""
    message = preview.message
    found = {"title": preview.title, "description": preview.description, "site": preview.site}
    with locked_for_change(message.project_id) as project:
        is_kept = LinkPreview.objects.filter(pk=preview.pk, fetched_at=None).update(fetched_at=Now(), **found)
        if is_kept and preview.title:
            events.record(project, "message.previewed", by=None, room=message.room_id, message=message.pk)


async def fetch_page(url: str) -> opengraph.PageMetadata | None:
    """What the page at `url` says about itself; None when it can't be fetched in time, is no HTML, or says nothing."""
    try:
        async with asyncio.timeout(LONGEST):
            return await _follow_redirects(url)
    except (outbound.OutboundError, TimeoutError, ValueError):
        return None


async def _follow_redirects(url: str) -> opengraph.PageMetadata | None:
    headers = {"Accept": ", ".join(HTML)}
    for _hop in range(REDIRECTS + 1):
        guarded = outbound.GuardedTransport(only_public=True)
        answer = await outbound.request("GET", url, headers=headers, limits=LIMITS, transport=guarded)
        if not (300 <= answer.status < 400 and "Location" in answer.headers):
            return _metadata_of(answer)
        url = urljoin(url, answer.headers["Location"])
    return None


def _metadata_of(answer: outbound.Answer) -> opengraph.PageMetadata | None:
    kind, _semicolon, parameters = answer.headers.get("Content-Type", "").partition(";")
    if answer.status != 200 or kind.strip().lower() not in HTML:
        return None
    charset = re.search(r"charset=[\"']?([\w-]+)", parameters, re.IGNORECASE)
    return opengraph.read(answer.body, charset[1] if charset else "")


def previews_of(messages: list[Message]) -> dict[int, list[LinkPreview]]:
    """By message; nothing is queried for those without links."""
    linking = [message.pk for message in messages if LINK.search(message.html)]
    found: dict[int, list[LinkPreview]] = {}
    if linking:
        shown = LinkPreview.objects.filter(message__in=linking, is_hidden=False).exclude(title="")
        for preview in shown.order_by("pk"):
            found.setdefault(preview.message_id, []).append(preview)
    return found
