"""What a form holds: url-encoded as browsers send it, or multipart, which RFC 8058 allows, too."""

from base64 import b64decode
from collections.abc import Mapping, Sequence
from email import message_from_bytes
from email.message import Message
from email.utils import collapse_rfc2231_value
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

LARGEST_FORM = 20_000
"""Characters; the longest suggestion is far shorter."""
MOST_FIELDS = 100

MULTIPART = "multipart/form-data"

Fields = dict[str, list[str]]

type Form = Mapping[str, Sequence[str]]
"""The fields of a form: each with what was sent for it."""


class Unclear(Exception):
    """A field cannot be read; `key` is the sentence that says what to do, with `values` in it."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY

    def __init__(self, key: str, **values: str) -> None:
        super().__init__(key)
        self.key = key
        self.values = values


class AskFirst(Exception):
    """What a form asks for wants a second yes; `shown` is what the page says of it."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        super().__init__("it wants a second yes")
        self.shown = shown


def field_of(form: Form, name: str) -> str:
    """The first of what was sent for a field; "" for none."""
    return next(iter(form.get(name, ())), "").strip()


def fields_of(event: Mapping[str, Any]) -> Fields:
    """The values of each field; none of what is not a form, cannot be read, or is too large."""
    body = event.get("body") or ""
    if len(body) > LARGEST_FORM:
        return {}
    said = _header(event.get("headers") or {}, "content-type")
    try:
        raw = _raw(body, is_base64=bool(event.get("isBase64Encoded")))
        if _media_type(said).startswith("multipart/"):
            return _of_parts(said, raw)
        return parse_qs(raw.decode(errors="replace").strip(), max_num_fields=MOST_FIELDS)
    except (ValueError, RecursionError):  # no base64, too many fields, parts in parts in parts
        return {}


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for key, value in headers.items() if key.lower() == name), "")


def _media_type(said: str) -> str:
    return said.partition(";")[0].strip().lower()


def _raw(body: str, *, is_base64: bool) -> bytes:
    """Raises ValueError when it is no base64."""
    return b64decode(body) if is_base64 else body.encode(errors="replace")


def _of_parts(said: str, raw: bytes) -> Fields:
    """Read by the standard library's parser of e-mail, for multipart is the format of e-mail: it
    knows folded headers, quotes, and names in capitals; what is broken gives no field."""
    head = " ".join(said.split()).encode(errors="replace")
    form = message_from_bytes(b"Content-Type: " + head + b"\r\n\r\n" + raw)
    fields: Fields = {}
    if form.get_content_type() != MULTIPART or not form.is_multipart():
        return fields
    for part in form.get_payload():
        if isinstance(part, Message) and (name := _name(part)) and not part.is_multipart():
            fields.setdefault(name, []).append(_value(part))
    return fields


def _name(part: Message) -> str:
    if part.get_content_disposition() != "form-data":
        return ""
    return collapse_rfc2231_value(part.get_param("name", "", "content-disposition"))


def _value(part: Message) -> str:
    content = part.get_payload(decode=True)
    return content.decode(errors="replace") if isinstance(content, bytes) else ""
