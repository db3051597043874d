import logging
import sys

import pytest
from django.test import RequestFactory

from teamboard.observability.log_format import FactsFormatter


@pytest.mark.req("L43")
def test_log_line_names_path_of_request_and_never_its_query():
    request = RequestFactory().get("/oidc/callback/", {"code": "secret-code", "state": "secret-state"})
    record = logging.makeLogRecord({"msg": "Bad Request", "request": request, "status_code": 400})
    line = FactsFormatter().format(record)
    assert "path='/oidc/callback/'" in line
    assert "status_code=400" in line
    assert "secret" not in line


@pytest.mark.req("FLT-4")
def test_log_line_never_holds_the_link_of_an_invitation():
    path = "/join/kWz0_mZ-canary-u8Yd1Qk/"
    try:
        raise RuntimeError(f"Nothing came of {path}")
    except RuntimeError:
        facts = {"request": RequestFactory().post(path), "exc_info": sys.exc_info(), "page": path}
    record = logging.makeLogRecord({"msg": "Unprocessable Content: %s", "args": (path,), **facts})
    line = FactsFormatter().format(record)
    assert "canary" not in line
    assert line.count("/join/…/") == 4  # the message, two facts and the error
