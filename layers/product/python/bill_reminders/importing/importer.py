"""Imports parsed rows; importing the same file again changes nothing."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from bill_reminders.channels.providers import Rejected
from bill_reminders.channels.push import endpoints
from bill_reminders.commands.bills import TooManyBills
from bill_reminders.commands.drafts import SeveralTerms, place_of
from bill_reminders.commands.imports import Saved
from bill_reminders.domain.bounds import TooManyReminders
from bill_reminders.domain.countries import country_of_phone
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address, User
from bill_reminders.files.bill_fields import BillRow
from bill_reminders.files.bills import by_bill, unlabelled
from bill_reminders.files.rows import RowError
from bill_reminders.files.users import UserRow
from bill_reminders.storage import accounts
from bill_reminders.storage.addresses import AddressTaken
from bill_reminders.storage.saving import save_bills, save_user

COLUMN_OF = {Channel.SMS: "phone", Channel.PUSH: "push_token", Channel.EMAIL: "email"}

AT_ONCE = 8
"""Users that are written side by side; each is a few calls that mostly wait."""


@dataclass(frozen=True, slots=True)
class PushApplication:
    """The SNS application that the users' device tokens belong to."""

    sns: Any
    arn: str

    def endpoint(self, token: str) -> str:
        """The endpoint of a token, see endpoints.endpoint_of."""
        return endpoints.endpoint_of(self.arn, token, sns=self.sns)


@dataclass(slots=True)
class Report:
    """What an import did, counted, and the rows it could not take."""

    saved: Counter[Saved] = field(default_factory=Counter)
    errors: list[RowError] = field(default_factory=list)

    def add(self, other: "Report") -> None:
        self.saved += other.saved
        self.errors += other.errors


def users_without_push(rows: Iterable[UserRow], push: PushApplication | None) -> list[RowError]:
    """The rows that need a push application when none is named."""
    if push is not None:
        return []
    remedy = "needs --push-application with the ARN of the app's SNS application; else leave empty"
    return [RowError(row.row, "push_token", remedy) for row in rows if row.push_token is not None]


def users_of_other_countries(rows: Iterable[UserRow], countries: frozenset[str]) -> list[RowError]:
    """The rows with a number of a country that SMS do not go to: they would fail one by one."""
    remedy = (
        "SMS go to no numbers of its country here: leave it empty, or let SmsCountries name the "
        "country"
    )
    numbers = ((row, row.user.addresses.get(Channel.SMS)) for row in rows if countries)
    return [
        RowError(row.row, "phone", remedy)
        for row, number in numbers
        if number is not None and country_of_phone(number.value) not in countries
    ]


def bills_without_user(rows: Iterable[BillRow], users: Iterable[UserRow]) -> list[RowError]:
    """The rows whose user is neither stored nor about to be."""
    known = {row.user.user_id for row in users}
    by_user = _by_user(row for row in rows if row.user_id not in known)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        stored = dict(zip(by_user, pool.map(accounts.exists, by_user), strict=True))
    return [
        _unknown_user(row)
        for user_id, theirs in by_user.items()
        if not stored[user_id]
        for row in theirs
    ]


def import_users(
    rows: Sequence[UserRow], *, shards: int, now: datetime, push: PushApplication | None
) -> Report:
    """Save users, each with the endpoint that `push` makes of their device token."""
    return _all(partial(_import_user, shards=shards, now=now, push=push), rows)


def import_bills(rows: Iterable[BillRow], *, now: datetime) -> Report:
    """Save bills, all of a user's together."""
    return _all(partial(_import_bills, now=now), list(_by_user(rows).items()))


def _all[T](save: Callable[[T], Report], items: Sequence[T]) -> Report:
    total = Report()
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for report in pool.map(save, items):
            total.add(report)
    return total


def _import_user(
    row: UserRow, *, shards: int, now: datetime, push: PushApplication | None
) -> Report:
    user = row.user
    if row.push_token is not None and push is not None:
        try:
            user = _with_endpoint(user, row, push.endpoint(row.push_token))
        except Rejected:
            problem = "SNS refuses it for this application: copy the token again from the app"
            return Report(errors=[RowError(row.row, "push_token", problem)])
    try:
        return Report(Counter({save_user(user, shards=shards, now=now): 1}))
    except AddressTaken as taken:
        problem = (
            "another user has it, who is stored already: an address belongs to one user, so remove "
            "it there, or leave it empty here"
        )
        return Report(errors=[RowError(row.row, COLUMN_OF[taken.channel], problem)])
    except TooManyReminders as error:
        return Report(errors=[RowError(row.row, error.field, error.problem)])


def _with_endpoint(user: User, row: UserRow, endpoint: str) -> User:
    return user.with_address(Channel.PUSH, Address(endpoint, row.attestation))


def _import_bills(of_user: tuple[str, list[BillRow]], *, now: datetime) -> Report:
    user_id, rows = of_user
    bills = by_bill(rows)
    report = Report()
    try:
        report.saved = save_bills(
            user_id,
            [SeveralTerms(bill.terms) for bill in bills],
            now=now,
            unlabelled=unlabelled(rows),
            refuse=lambda place, error: report.errors.append(
                bills[place].refused(error, place_of(error))
            ),
        )
        return report
    except accounts.UnknownUser:  # erased since the rows were checked
        return Report(errors=[_unknown_user(row) for row in rows])
    except TooManyBills as error:
        problem = (
            f"the user would have more than {error.most} {error.which} bills: take some of theirs "
            "out, and import the others again"
        )
        return Report(errors=[RowError(row.row, "user_id", problem) for row in rows])


def _by_user(rows: Iterable[BillRow]) -> dict[str, list[BillRow]]:
    by_user: defaultdict[str, list[BillRow]] = defaultdict(list)
    for row in rows:
        by_user[row.user_id].append(row)
    return by_user


def _unknown_user(row: BillRow) -> RowError:
    return RowError(row.row, "user_id", "no such user: import the user first, or correct the id")
