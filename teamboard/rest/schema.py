"""How operations are named and opened in the schema."""

from typing import Any, Literal

from drf_spectacular.openapi import AutoSchema

APPENDED = {
    "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "description": "A personal token."}},
    "schemas": {
        "Problem": {
            "type": "object",
            "description": "What went wrong (RFC 9457), as application/problem+json.",
            "required": ["type", "title", "status", "code"],
            "properties": {
                "type": {"type": "string"},
                "title": {"type": "string", "description": "A sentence for the reader."},
                "status": {"type": "integer"},
                "code": {"type": "string", "description": "For programs."},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "properties": {name: {"type": "string"} for name in ("field", "code", "message")},
                    },
                },
            },
        }
    },
}


class Operation(AutoSchema):
    def get_operation_id(self) -> str:
        """The method and the path without its ids: `get_projects`, `patch_tasks_one`, `post_runs_accept`."""
        parts = [part for part in self.path.removeprefix("/api/v1").split("/") if part]
        names = [part.replace("-", "_") for part in parts if not part.startswith("{")]
        return "_".join([self.method.lower(), *names, *(["one"] if parts[-1].startswith("{") else [])])

    def get_auth(self) -> list[dict[str, Any]]:
        return [{"token": []}]

    def _get_response_bodies(self, direction: Literal["request", "response"] = "response") -> dict[str, Any]:
        problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
        refused = {"default": {"description": "It could not be done.", "content": problem}}
        return super()._get_response_bodies(direction) | refused
