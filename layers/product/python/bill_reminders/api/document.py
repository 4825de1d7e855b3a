"""The API's OpenAPI document, written from the routes.

`make openapi` writes it beside api_docs, which serves it as it is and so needs no validation
library.
"""

import json
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

from bill_reminders.api import routes
from bill_reminders.api.problems import CONTENT_TYPE, KINDS

VERSION = "1.0.0"
"""Of the API: the first number changes with /v1, the second with each addition."""

TAGS = {
    "First use": "From nothing to the first reminder, in three minutes.",
    "Settings": "Language, zone, plan, quiet hours, pause.",
    "Contacts": "Phone numbers and e-mail addresses, each confirmed by a code.",
    "Devices": "Where push notifications go.",
    "Calendar": "Due dates in the calendar on the phone.",
    "Bills": "What is owed to whom, and when.",
    "Payments": "What happens to a bill.",
    "Files": "Bills in and out as CSV and JSON.",
    "Reminders": "What went out, what did not, what is coming, and why.",
    "Account": "Take everything with you, or erase it.",
}

DESCRIPTION = """\
Reminds people of their bills and repayments. Call `GET /v1/setup` first: it says what is missing.

**Sign in.** Send a token of the configured issuer as `Authorization: Bearer <token>`. The gateway
itself answers 401 without a good one, 403 when the token may not do this, 429 when the whole API
is asked too often (with `{"message": "..."}`, not a problem document) and 404 outside of `/v1`.

**Dates.** Due dates (`2027-03-05`) and times of day (`09:00`) are on the wall in the user's zone;
instants (`2027-03-02T01:00:00Z`) are UTC. A field says which it is.

**Money** is text with a point (`"120.50"`) and an ISO 4217 currency, so that nothing is rounded on
the way.

**Errors** are problem documents (RFC 9457, `application/problem+json`): `type` names the kind,
`errors` lists each field at fault with the remedy. 400: the shape is not as described; 422: the
shape is right and the value cannot be used. What is another user's is 404, as if it did not exist.

**Doing it once.** Every POST takes an `Idempotency-Key` that you make up. Repeat a request with the
same key, body and query as often as you like, after a timeout too: it is done once. 409 with
`Retry-After` while it is being worked on; 422 with another body or query.

**Lost updates.** Settings and bills come with an `ETag`; changing them needs it as `If-Match`. 412
says that somebody else was faster: read again.

**Limits.** Bodies of 64 KiB, files of 512 KiB, 500 open bills a user, lists of 100 a page. How
often you may call in five minutes, and how often you still may, is in every answer, as `RateLimit`
and `RateLimit-Policy` (IETF draft): `"identity";q=600;w=300` and `"identity";r=598;t=120`, for 598
more calls in the next 120 seconds. Then 429 with `Retry-After`.
"""

BEARER = {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}}


GATEWAY = {
    "401": "No good token; the gateway's own answer.",
    "429": "You, or all together, call too often; the latter is the gateway's own answer.",
}
MESSAGE = {
    "type": "object",
    "description": "What the gateway itself answers with.",
    "properties": {
        "message": {"type": "string", "description": "In words.", "examples": ["Unauthorized"]}
    },
    "required": ["message"],
}

PROBLEM = {"$ref": "#/components/schemas/ProblemDocument"}


def document() -> dict[str, Any]:
    """The document as JSON would hold it."""
    resolver = APIGatewayHttpResolver(enable_validation=True)
    for function in routes.FUNCTIONS:
        for router in routes.of(function):
            resolver.include_router(router)
    schema: dict[str, Any] = json.loads(
        resolver.get_openapi_json_schema(
            title="Bill reminders",
            version=VERSION,
            summary="The HTTP API that front ends build on.",
            description=DESCRIPTION,
        )
    )
    schema["tags"] = [{"name": name, "description": text} for name, text in TAGS.items()]
    schema["security"] = [{"token": []}]
    schema["components"]["securitySchemes"] = BEARER
    _correct(schema)
    return schema


def _correct(schema: dict[str, Any]) -> None:
    """What the library cannot know: our own answers to invalid requests, files, and that a change
    without If-Match is refused, which the router leaves to us so that we can say 428."""
    for path in schema["paths"].values():
        for operation in path.values():
            for status, description in GATEWAY.items():
                answer = operation["responses"].setdefault(status, {"description": description})
                content = answer.setdefault("content", {})
                content["application/json"] = {"schema": MESSAGE}
                if status == "429":
                    content.setdefault(CONTENT_TYPE, {"schema": PROBLEM})
            default = operation["responses"].get("422", {}).get("content", {})
            if "application/json" in default:
                del operation["responses"]["422"]
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "header":
                    parameter["name"] = parameter["schema"]["title"]
                if parameter["name"] == "If-Match":
                    parameter["required"] = True
                    parameter["schema"] = next(
                        each for each in parameter["schema"]["anyOf"] if each["type"] != "null"
                    )
    schemas = schema["components"]["schemas"]
    for unused in ("HTTPValidationError", "ValidationError", "ResponseValidationError"):
        schemas.pop(unused, None)
    file = {"type": "string", "minLength": 1}
    csv = {"text/csv": {"schema": file, "example": EXAMPLE_CSV}}
    files_path = schema["paths"]["/v1/bills/files/csv"]
    files_path["post"]["requestBody"] = {
        "description": "The file.",
        "required": True,
        "content": csv,
    }
    files_path["get"]["responses"]["200"]["content"] = csv
    schemas["ProblemDocument"]["properties"]["type"]["enum"] = [f"/v1/docs#{k}" for k in KINDS]
    _tidy(schema)


EXAMPLE_CSV = (
    "bill_id,biller,name,amount,currency,first_due,repeats\r\n"
    "rent,Oak Homes,Rent,900.00,USD,2027-03-01,every month\r\n"
)


def _tidy(node: Any) -> None:
    """Bounds of whole numbers as whole numbers; no titles that only repeat a name."""
    if isinstance(node, list):
        for each in node:
            _tidy(each)
        return
    if not isinstance(node, dict):
        return
    if ("type" in node or "anyOf" in node) and isinstance(node.get("title"), str):
        del node["title"]
    for name in ("minimum", "maximum"):
        if isinstance(node.get(name), float) and node[name].is_integer():
            node[name] = int(node[name])
    for each in node.values():
        _tidy(each)


def as_text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=2) + "\n"
