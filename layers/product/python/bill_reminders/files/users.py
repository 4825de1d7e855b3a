"""users.csv: one user a row."""

import re
from dataclasses import dataclass, field
from datetime import time, timedelta
from functools import cache, partial
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import DAY, QuietHours
from bill_reminders.domain.people import DEFAULT_PLAN, Address, Attestation, Language, User
from bill_reminders.files import addresses
from bill_reminders.files.cells import CellError, day, identifier, instant, remark, wall_time, words
from bill_reminders.files.plans import plan_change
from bill_reminders.files.rows import Parsed, Row, read

COLUMNS = (
    "user_id",
    "language",
    "time_zone",
    "channels",
    "lead_days",
    "overdue_days",
    "remind_at",
    "quiet_hours",
    "phone",
    "email",
    "push_token",
    "attested_by",
    "attested_at",
    "evidence",
    "paused_until",
)
OPTIONAL_COLUMNS = ("paused_until",)

ATTESTATION_COLUMNS = ("attested_by", "attested_at", "evidence")

MAX_QUIET = timedelta(hours=20)

_FIXED_OFFSET = re.compile(r"(etc/)?(utc|gmt)?[+-][0-9].*", re.IGNORECASE)
_NO_PLACE = frozenset(
    {"EST", "MST", "HST", "GMT", "GMT0", "ETC/GMT", "ETC/GMT0", "GREENWICH", "ETC/GREENWICH"}
)
"""Names of offsets that look like the time of a place, which in summer has another. UTC is no such
name: whoever writes it means it."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user as the file gives them, with the addresses for SMS and e-mail.

    Push needs an endpoint that only SNS can make of `push_token`; `attestation` holds for it too.
    """

    row: int
    user: User
    push_token: str | None = field(default=None, repr=False)
    attestation: Attestation | None = None


def read_users(text: str) -> Parsed[UserRow]:
    """Read the text of users.csv. Never raises: what is wrong is in the errors."""
    return read(text, COLUMNS, partial(_user_row, seen=_Seen()), optional=OPTIONAL_COLUMNS)


class _Seen:
    """Who came earlier in the file, and which addresses are theirs."""

    def __init__(self) -> None:
        self._users: dict[str, int] = {}
        self._owners: dict[tuple[str, str], tuple[str, int]] = {}

    def check_user(self, row: Row, user_id: str) -> None:
        first = self._users.setdefault(user_id, row.number)
        if first != row.number:
            row.refuse("user_id", f"the same user stands in row {first}: keep one of the two rows")

    def check_address(self, row: Row, column: str, address: str, owner: str) -> None:
        # Mailboxes that differ in case only are one mailbox in practice; tokens are not.
        same = address.casefold() if column == "email" else address
        first_owner, first = self._owners.setdefault((column, same), (owner, row.number))
        if first_owner != owner:
            row.refuse(
                column,
                f"the user in row {first} has it: an address belongs to one user, so take it out "
                "of one of the two rows",
            )


def _user_row(row: Row, seen: _Seen) -> UserRow | None:
    user_id = row.read("user_id", identifier)
    if user_id is not None:
        seen.check_user(row, user_id)
    tongue = row.read("language", language)
    zone = row.read("time_zone", time_zone)
    if not row["channels"]:
        row.refuse("channels", "empty: write the channels that the user agreed to, as sms+email")
    change = plan_change(row)
    quiet = row.read_optional("quiet_hours", quiet_hours)
    paused_until = row.read_optional("paused_until", day)
    phone = row.read_optional("phone", addresses.phone)
    email = row.read_optional("email", addresses.email)
    token = row.read_optional("push_token", addresses.push_token)
    owner = user_id or f"row {row.number}"  # an id holds no space
    for column, address in (("phone", phone), ("email", email), ("push_token", token)):
        if address is not None:
            seen.check_address(row, column, address, owner)
    by = _attestation(row)
    if user_id is None or tongue is None or zone is None:
        return None
    reachable = {
        channel: Address(address, by)
        for channel, address in ((Channel.SMS, phone), (Channel.EMAIL, email))
        if address is not None
    }
    user = User(
        user_id=user_id,
        language=tongue,
        zone=zone,
        plan=DEFAULT_PLAN.with_change(change),
        quiet_hours=quiet,
        paused_until=paused_until,
        addresses=MappingProxyType(reachable),
    )
    return UserRow(row.number, user, token, by)


def _attestation(row: Row) -> Attestation | None:
    """Who vouches for the row's addresses: all three cells, or none."""
    if not any(row[column] for column in ATTESTATION_COLUMNS):
        return None
    for column in ATTESTATION_COLUMNS:
        if not row[column]:
            row.refuse(
                column,
                "empty beside the rest of an attestation: say who vouches, since when and on what "
                "evidence, or leave all three empty",
            )
    source = row.read_optional("attested_by", words)
    at = row.read_optional("attested_at", instant)
    evidence = row.read_optional("evidence", remark)
    if source is None or at is None or evidence is None:
        return None
    return Attestation(source, at, evidence)


def language(text: str) -> Language:
    """One of the languages that messages are written in."""
    for known in Language:
        if known.value.lower() == text.lower():
            return known
    raise CellError(f"not a language of the messages: write {', '.join(Language)}")


def time_zone(text: str) -> ZoneInfo:
    """A zone of the pinned IANA data. A fixed offset is refused: it knows no daylight saving."""
    if _FIXED_OFFSET.fullmatch(text) or text.upper() in _NO_PLACE:
        raise CellError(
            "a fixed offset goes wrong when clocks change: write the IANA zone of the user's "
            "place, for example Asia/Shanghai"
        )
    if text not in _zones():
        raise CellError(
            "not an IANA time zone: write Area/City with its capitals, for example Europe/London"
        )
    return ZoneInfo(text)


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones() - {"Factory"})  # Factory means "not set yet"


def quiet_hours(text: str) -> QuietHours:
    """`22:00-08:00`: a part of the day, at most 20 hours of it."""
    ends = text.split("-")
    if len(ends) != 2:
        raise CellError("not a span of the day: write HH:MM-HH:MM, for example 22:00-08:00")
    start, end = (wall_time(part.strip()) for part in ends)
    if start == end:
        raise CellError("starts and ends at the same time: write two times, or leave it empty")
    if (_since_midnight(end) - _since_midnight(start)) % DAY > MAX_QUIET:
        raise CellError(
            "longer than 20 hours: leave at least 4 hours in which reminders may go out"
        )
    return QuietHours(start, end)


def _since_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)
