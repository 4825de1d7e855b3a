"""How values look in a table: text that an administrator can read and that sorts by time."""

from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from pynamodb.attributes import Attribute
from pynamodb.constants import NUMBER, STRING

MINUTE_FORMAT = "%Y-%m-%dT%H:%MZ"
INSTANT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"
MOMENT_FORMAT = "%Y-%m-%dT%H:%M:%S.%fZ"


def minute_text(instant: datetime) -> str:
    """`2027-03-01T01:00Z`: the form of an instant in an index and in a wake-up."""
    return instant.astimezone(UTC).strftime(MINUTE_FORMAT)


def parse_minute(text: str) -> datetime:
    """The aware UTC instant of `2027-03-01T01:00Z`. Raises ValueError for any other form."""
    return datetime.strptime(text, MINUTE_FORMAT).replace(tzinfo=UTC)


class MinuteAttribute(Attribute[datetime]):
    """An instant in whole minutes. A fraction is cut: a wake-up may be early, never late."""

    attr_type = STRING
    form = "a minute as 2027-03-01T01:00Z"

    def serialize(self, value: datetime) -> str:
        return minute_text(value)

    def deserialize(self, value: str) -> datetime:
        return parse_minute(value)


class InstantAttribute(Attribute[datetime]):
    """An instant in whole seconds, `2027-03-01T01:00:07Z`."""

    attr_type = STRING
    form = "an instant as 2027-03-01T01:00:07Z"

    def serialize(self, value: datetime) -> str:
        return value.astimezone(UTC).strftime(INSTANT_FORMAT)

    def deserialize(self, value: str) -> datetime:
        return datetime.strptime(value, INSTANT_FORMAT).replace(tzinfo=UTC)


class MomentAttribute(Attribute[datetime]):
    """An instant to the microsecond, `2027-03-01T01:00:07.123456Z`, where the order of two requests
    of one second matters."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        return value.astimezone(UTC).strftime(MOMENT_FORMAT)

    def deserialize(self, value: str) -> datetime:
        return datetime.strptime(value, MOMENT_FORMAT).replace(tzinfo=UTC)


class DateAttribute(Attribute[date]):
    """A local date, `2027-03-01`."""

    attr_type = STRING
    form = "a date as 2027-03-01"

    def serialize(self, value: date) -> str:
        return value.isoformat()

    def deserialize(self, value: str) -> date:
        return date.fromisoformat(value)


class WallTimeAttribute(Attribute[time]):
    """A local time of day, `09:00`."""

    attr_type = STRING
    form = "a time of day as 09:00"

    def serialize(self, value: time) -> str:
        return value.strftime("%H:%M")

    def deserialize(self, value: str) -> time:
        return time.fromisoformat(value)


class DecimalAttribute(Attribute[Decimal]):
    """An exact number. PynamoDB's own NumberAttribute reads through JSON and gives a float."""

    attr_type = NUMBER

    def serialize(self, value: Decimal) -> str:
        return format(value, "f")

    def deserialize(self, value: str) -> Decimal:
        return Decimal(value)


class IntegerAttribute(Attribute[int]):
    """A whole number."""

    attr_type = NUMBER
    form = "a whole number"

    def serialize(self, value: int) -> str:
        return str(value)

    def deserialize(self, value: Any) -> int:
        return int(value)
