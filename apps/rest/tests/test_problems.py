from pathlib import Path

import pytest
from django.conf import settings

from apps.rest.problems import problem, problem_response, refusal_response

BUILDER = "apps/rest/problems.py"
SCHEMA = "teamboard/rest/schema.py"  # names the media type, and builds no answer


def test_problem_has_the_fields_of_the_standard():
    assert problem(409, "It is full.", "full", limit=3) == {
        "type": "about:blank",
        "title": "It is full.",
        "status": 409,
        "code": "full",
        "limit": 3,
    }


def test_problem_response_says_its_media_type():
    answer = problem_response(413, "Too long.", "too_large")
    assert (answer.status_code, answer.headers["Content-Type"]) == (413, "application/problem+json")


def test_refusal_response_is_plain_json():
    answer = refusal_response(422, "Choose a file.", "invalid", field="file")
    assert (answer.status_code, answer.headers["Content-Type"]) == (422, "application/json")
    assert answer.content == b'{"code": "invalid", "message": "Choose a file.", "field": "file"}'


@pytest.mark.parametrize("sign", ['"about:blank"', '"application/problem+json"', '"invalid", "message"'])
def test_problems_are_built_in_one_place(sign: str):
    root = Path(settings.BASE_DIR)
    sources = [*root.glob("apps/**/*.py"), *root.glob("teamboard/**/*.py")]
    found = {
        path.relative_to(root).as_posix() for path in sources if "tests" not in path.parts and sign in path.read_text()
    }
    assert found <= {BUILDER, SCHEMA}
