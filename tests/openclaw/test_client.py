"""Our client and our plugin with the real gateway."""

import time
from uuid import uuid4

import pytest

from bench.processes import wait_until
from tests.gateways.contract import *  # noqa: F403
from tests.gateways.contract import message, stopped


@pytest.mark.req("FLT-14")
async def test_stopped_run_is_followed_by_no_call_of_the_model(gateway, listener):
    """OpenClaw would ask its agent for a heartbeat a second later, which nobody has configured here.

    One of the other agent may come from a wake before.
    """
    run, after, began_at = uuid4(), uuid4(), time.time()
    await gateway.client().run_agent(message(run, "[[hang]]"), f"task:{run}", "coder")
    wait_until(lambda: gateway.prompts_of(run), "the model is asked", 60)
    assert await stopped(gateway, run)
    assert listener.wait_for(run, "run.finished")["status"] == "aborted"
    await gateway.client().run_agent(message(after, "[[delay:5]] [[say:Later]]"), f"task:{after}", "main")
    listener.wait_for(after, "run.finished")
    later = [text for at, text in gateway.prompts() if at > began_at and "agent=coder" in text]
    assert [text for text in later if "heartbeat" in text.lower()] == []
