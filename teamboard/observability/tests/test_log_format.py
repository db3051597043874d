import logging

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
