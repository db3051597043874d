import jsonschema
import pytest

from apps.accounts.models import User
from apps.accounts.tests.programs import Program
from teamboard.rest import docs


@pytest.fixture
def ana(db):
    return User.objects.create_user("ana", name="Ana")


def test_the_schema_is_openapi_31_and_complete(ana):
    told = Program(ana).get("schema/").json()
    assert told["openapi"] == "3.1.0"
    assert {"/api/v1/projects/", "/api/v1/tasks/{id}/move/", "/api/v1/agents/{id}/assign/"} <= told["paths"].keys()
    names = [one["operationId"] for methods in told["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))


def test_making_the_schema_warns_of_nothing(capsys):
    docs.schema.cache_clear()
    docs.schema()
    assert capsys.readouterr().err == ""


def test_schema_shapes_are_valid_and_references_resolve():
    made = docs.schema()
    for shape in made["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(shape)
    for name in references(made):
        assert name.removeprefix("#/components/schemas/") in made["components"]["schemas"]


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if "$ref" in part else []
        return own + [name for inner in part.values() for name in references(inner)]
    return [name for inner in part for name in references(inner)] if isinstance(part, list) else []


@pytest.mark.parametrize("language", ["en", "ru"])
def test_the_page_for_people_names_every_operation(client, ana, language):
    client.force_login(ana)
    page = client.get("/api/v1/docs/", headers={"Accept-Language": language}).content.decode()
    for path, methods in docs.schema()["paths"].items():
        assert path in page
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
    assert "<style" not in page
    assert "<script>" not in page
