"""api_docs: the API's OpenAPI document, and the page that shows it. Both are files beside this one,
written by `make openapi`; nobody has to sign in to read them."""

from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
DOCUMENT = (HERE / "openapi.json").read_text("utf-8")
PAGE = (HERE / "docs.html").read_text("utf-8")

HEADERS = {
    "Cache-Control": "public, max-age=300",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    if event["rawPath"] == "/v1/openapi.json":
        return _answer("application/json", DOCUMENT)
    return _answer("text/html; charset=utf-8", PAGE)


def _answer(content_type: str, body: str) -> dict[str, Any]:
    return {
        "statusCode": 200,
        "headers": {**HEADERS, "Content-Type": content_type},
        "body": body,
        "isBase64Encoded": False,
    }
