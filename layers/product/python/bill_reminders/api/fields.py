"""The types of single fields: their shape in JSON, told once.

Local dates and times of day are wall time in the user's zone; instants are UTC and end in Z. Shape
is checked here and answered with 400; what a shape cannot say (is this a currency in use?) is
checked where values are made, and answered with 422.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bill_reminders.domain.people import FURTHEST_LEAD
from bill_reminders.files.cells import MAX_WORDS


class Body(BaseModel):
    """An object that a caller sends: unknown fields and other types are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Answer(BaseModel):
    """An object that a caller gets."""

    model_config = ConfigDict(extra="forbid")


ChannelName = Literal["sms", "push", "email"]
KindName = Literal[
    "card",
    "loan",
    "mortgage",
    "instalment",
    "insurance",
    "utility",
    "rent",
    "tax",
    "subscription",
    "other",
]
LabelName = Literal["personal", "business"]
LanguageName = Literal["en", "zh-Hans", "zh-Hant"]
UnitName = Literal["day", "week", "month", "year"]
MethodName = Literal["equal_instalment", "equal_principal", "interest_only", "flat_fee"]
ShiftName = Literal["none", "previous", "next"]
StateName = Literal["claimed", "in_digest", "sent", "waiting", "failed", "unknown", "skipped"]

_DAY = r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

LocalDate = Annotated[
    str,
    StringConstraints(pattern=_DAY),
    Field(examples=["2027-03-05"], json_schema_extra={"x-kind": "local date in the user's zone"}),
]
"""1970 to 2199."""
WallTime = Annotated[
    str,
    StringConstraints(pattern=_TIME),
    Field(examples=["09:00"], json_schema_extra={"x-kind": "time of day in the user's zone"}),
]
Instant = Annotated[
    str,
    Field(
        examples=["2027-03-02T01:00:00Z"],
        json_schema_extra={"format": "date-time", "x-kind": "UTC instant"},
    ),
]
Words = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_WORDS),
    Field(examples=["Lantern Bank"]),
]
Amount = Annotated[
    str,
    StringConstraints(pattern=r"^[0-9]{1,13}(\.[0-9]{1,4})?$"),
    Field(
        examples=["120.50"],
        json_schema_extra={"x-kind": "decimal number in the currency's major unit"},
    ),
]
Currency = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Z]{3}$"),
    Field(examples=["USD"], json_schema_extra={"x-kind": "ISO 4217 code"}),
]
Identifier = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$"), Field(examples=["rent"])
]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


Whole = Annotated[int, BeforeValidator(_whole)]
"""In a body: JSON has one kind of number, in which 3 and 3.0 are the same (JSON Schema: integer)."""
LeadDay = Annotated[Whole, Field(ge=0, le=FURTHEST_LEAD, examples=[3])]
OverdueDay = Annotated[Whole, Field(ge=1, le=60, examples=[1])]


def absent() -> Any:
    """A field that may be left out, and is not null when it is there."""
    return Field(default_factory=lambda: None)


def instant_text(instant: datetime) -> str:
    """An instant as the API writes it: UTC, whole seconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)
