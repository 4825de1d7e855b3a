"""The types of single fields: their shape in JSON, told once.

Local dates and times of day are wall time in the user's zone; instants are UTC and end in Z. Shape
is checked here and answered with 400; what a shape cannot say (is this a currency in use?) is
checked where values are made, and answered with 422.
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from bill_reminders.domain.enums import Channel, Kind, Label, Shift
from bill_reminders.domain.ledger import State
from bill_reminders.domain.loans import Effect, Method
from bill_reminders.domain.people import FURTHEST_LEAD, LATEST_OVERDUE, Language
from bill_reminders.domain.recurrence import Unit
from bill_reminders.files.cells import MAX_WORDS
from bill_reminders.files.money import MAX_DIGITS


class Body(BaseModel):
    """An object that a caller sends: unknown fields and other types are refused."""

    # a model is built when it is first used: most requests use two of fifty
    model_config = ConfigDict(extra="forbid", strict=True, defer_build=True)


class Answer(BaseModel):
    """An object that a caller gets."""

    model_config = ConfigDict(extra="forbid", defer_build=True)


if TYPE_CHECKING:
    type ValueOf[E: StrEnum] = str
else:

    class ValueOf:
        """`ValueOf[Kind]` is the Literal of the values of Kind, in their order.

        Bodies are strict JSON, whose texts a StrEnum itself would refuse. A Literal that is put
        together when this is loaded is none to a type checker, to which it is a str.
        """

        def __class_getitem__(cls, enum: type[StrEnum]) -> Any:
            return Literal[*(member.value for member in enum)]


ChannelName = ValueOf[Channel]
KindName = ValueOf[Kind]
LabelName = ValueOf[Label]
LanguageName = ValueOf[Language]
UnitName = ValueOf[Unit]
MethodName = ValueOf[Method]
EffectName = ValueOf[Effect]
ShiftName = ValueOf[Shift]
StateName = ValueOf[State]

_DAY = r"^(19[7-9][0-9]|20[0-9]{2}|21[0-9]{2})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
_TIME = r"^([01][0-9]|2[0-3]):[0-5][0-9]$"

_AMOUNT = rf"^[0-9]{{1,{MAX_DIGITS}}}(\.[0-9]{{1,4}})?$"
_BALANCE = rf"^-?[0-9]{{1,{MAX_DIGITS}}}(\.[0-9]{{1,4}})?$"
_YEARLY_PERCENT = r"^[0-9]{1,4}(\.[0-9]{1,4})?$"
_PERCENT = r"^[0-9]{1,3}(\.[0-9]{1,10})?$"
_CURRENCY = r"^[A-Z]{3}$"
_ID = r"^[A-Za-z0-9._-]{1,64}$"

FORMS = {
    _DAY: "not a date: write YYYY-MM-DD, from 1970 to 2199",
    _TIME: "not a time of day: write HH:MM, from 00:00 to 23:59",
    _AMOUNT: "not an amount: write digits with a point before the decimals, as 120.50",
    _BALANCE: "not an amount: write digits with a point before the decimals, as 120.50 or -12.00",
    _YEARLY_PERCENT: "not a yearly rate: write 18.25 for 18.25%, with at most 4 decimals",
    _PERCENT: "not a percentage: write 4.2 for 4.2%, with at most 10 decimals",
    _CURRENCY: "not a currency: write the three capitals of its ISO 4217 code, as USD",
    _ID: "not an id: write 1 to 64 letters, digits, points, underscores and hyphens",
}
"""What to say of a text that is not in the form that its pattern describes."""

LocalDate = Annotated[
    str,
    StringConstraints(pattern=_DAY),
    Field(examples=["2027-03-05"], json_schema_extra={"x-kind": "local date in the user's zone"}),
]
"""1970 to 2199."""
Day = Annotated[
    str,
    Field(
        examples=["2027-03-05"],
        json_schema_extra={"format": "date", "x-kind": "local date in the user's zone"},
    ),
]
"""In answers: what is computed goes on beyond the years in which a bill may begin."""
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
    StringConstraints(pattern=_AMOUNT),
    Field(
        examples=["120.50"],
        json_schema_extra={"x-kind": "decimal number in the currency's major unit"},
    ),
]
Balance = Annotated[
    str,
    StringConstraints(pattern=_BALANCE),
    Field(
        examples=["120.50"],
        json_schema_extra={"x-kind": "decimal number in the currency's major unit"},
    ),
]
"""An amount that may be below zero: a credit."""
Sum = Annotated[
    str,
    Field(
        examples=["120.50"],
        json_schema_extra={"x-kind": "decimal number in the currency's major unit"},
    ),
]
"""In answers: what is computed may be longer than an amount that is sent."""
YearlyPercent = Annotated[
    str,
    StringConstraints(pattern=_YEARLY_PERCENT),
    Field(examples=["18.25"], json_schema_extra={"x-kind": "decimal number, percent a year"}),
]
Percent = Annotated[
    str,
    StringConstraints(pattern=_PERCENT),
    Field(examples=["4.2"], json_schema_extra={"x-kind": "decimal number, percent"}),
]
Currency = Annotated[
    str,
    StringConstraints(pattern=_CURRENCY),
    Field(examples=["USD"], json_schema_extra={"x-kind": "ISO 4217 code"}),
]
Identifier = Annotated[str, StringConstraints(pattern=_ID), Field(examples=["rent"])]


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""For whole numbers in bodies, behind their bounds: in JSON 3.0 is the same number as 3."""
LeadDay = Annotated[int, Field(ge=0, le=FURTHEST_LEAD, examples=[3]), WHOLE]
OverdueDay = Annotated[int, Field(ge=1, le=LATEST_OVERDUE, examples=[1]), WHOLE]


def absent() -> Any:
    """A field that may be left out, and is not null when it is there."""
    return Field(default_factory=lambda: None)


def instant_text(instant: datetime) -> str:
    """An instant as the API writes it: UTC, whole seconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_or_none(instant: datetime | None) -> str | None:
    return None if instant is None else instant_text(instant)
