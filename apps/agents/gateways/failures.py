"""Why a gateway did not take a run: a code is stored, and read as a sentence in the reader's language.

The gateway's own words are kept beside it, for whoever asks for details.
"""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "gateway_refused": _("The gateway refused the request."),
    "hook_token": _("The gateway does not accept the hook token."),
    "gateway_forbids": _("The gateway forbids this."),
    "hook_path": _("The gateway does not know this hook path."),
    "takes_no_runs": _("The gateway does not take runs at this address."),
    "waited_too_long": _("The gateway waited too long for the request."),
    "gateway_rules": _("The gateway's rules forbid this."),
    "text_too_long": _("The text is too long for the gateway."),
    "slow_down": _("The gateway asks us to slow down."),
    "gateway_restarting": _("The gateway is too busy or is restarting."),
    "proxy_gave_up": _("Something between us and the gateway gave up waiting."),
    "not_started": _("The gateway could not start the run."),
    "leads_elsewhere": _("The gateway's address leads elsewhere."),
    "not_admitted": _("The gateway answered, but not that it took the run."),
    "not_woken": _("The gateway answered, but not that it woke."),
    "may_not_be_called": _("The gateway may not be called."),
    "answer_lost": _("The gateway's answer is lost."),
    "unreachable": _("The gateway can't be reached."),
    "other_secret": _("Who answers there has another callback secret."),
    "not_proved": _("Who answers there did not prove to be the gateway, as it did before."),
    "no_openclaw": _("Who answers there is no OpenClaw gateway."),
    "unproved_address": _(
        "By plain http to another machine no token is sent without a proof of who answers there. "
        "Copy our plugin there, use https, or confirm the address: in the admin at the gateway, or by "
        "OPENCLAW_ACCEPT_UNPROVED."
    ),
}
BY_STATUS = {
    400: "gateway_refused",
    401: "hook_token",
    403: "gateway_forbids",
    404: "hook_path",
    405: "takes_no_runs",
    408: "waited_too_long",
    409: "gateway_rules",
    413: "text_too_long",
    429: "slow_down",
    503: "gateway_restarting",
    504: "proxy_gave_up",
}

# Those that an HTTP status stands for.
OF_STATUS = {*BY_STATUS.values(), "not_started", "leads_elsewhere"}


def code_of(status: int) -> str:
    """What an answer of this HTTP status means, which did not take the run."""
    return "leads_elsewhere" if 300 <= status < 400 else BY_STATUS.get(status, "not_started")


def sentence_of(code: str) -> str:
    """In the language that is active; a code that is none of these is all there is to say."""
    return str(SENTENCES.get(code, code))
