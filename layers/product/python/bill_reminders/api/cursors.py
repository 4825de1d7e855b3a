"""Cursors: where a list goes on. Signed, for one caller and one set of filters."""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from collections.abc import Mapping
from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Query

from bill_reminders.api.problems import fault, invalid
from bill_reminders.storage.keyed_hash import keyed_hash

Cursor = Annotated[
    str | None,
    Query(
        max_length=1000,
        description=(
            "`next_cursor` of the page before, with the same filters. Leave it out for the first "
            "page."
        ),
    ),
]
Limit = Annotated[int, Query(ge=1, le=100, description="How many a page holds at most.")]

_SIGNATURE = 32


def make(user_id: str, filters: Mapping[str, object], position: str) -> str:
    """A cursor that goes on after `position`."""
    place = urlsafe_b64encode(position.encode()).decode().rstrip("=")
    return _signature(user_id, filters, place) + place


def read(user_id: str, filters: Mapping[str, object], cursor: str) -> str:
    """The position. Raises an invalid-value problem for a cursor that was changed, or was made
    for somebody else or for other filters."""
    signature, place = cursor[:_SIGNATURE], cursor[_SIGNATURE:]
    known = _signature(user_id, filters, place).encode()
    if hmac.compare_digest(signature.encode(), known):
        try:
            return urlsafe_b64decode(place + "=" * (-len(place) % 4)).decode()
        except (NotBase64, UnicodeDecodeError):
            pass
    remedy = "not a cursor of this list: start again without one, and keep the filters the same"
    raise invalid([fault("cursor", remedy, "query")])


def _signature(user_id: str, filters: Mapping[str, object], place: str) -> str:
    said = json.dumps([user_id, dict(sorted(filters.items())), place])
    return keyed_hash("cursor", said)[:_SIGNATURE]
