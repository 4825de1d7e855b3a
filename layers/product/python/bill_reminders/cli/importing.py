"""Import users and bills from CSV files into a deployed stack.

Both files may be imported as often as you like: what is the same is left alone. Rows that cannot
be used are listed with their column and a remedy; the others are imported, or none at all with
--all-or-none.

Exits with 1 when a row was bad.
"""

import argparse
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import boto3

from bill_reminders import clock
from bill_reminders.cli.outcomes import GOOD, LEFT, WrongUse
from bill_reminders.domain.journal import Entrance
from bill_reminders.files.bill_fields import BillRow
from bill_reminders.files.bills import read_bills
from bill_reminders.files.rows import Parsed, RowError, decode
from bill_reminders.files.users import UserRow, read_users
from bill_reminders.importing.importer import (
    PushApplication,
    Report,
    bills_without_user,
    import_bills,
    import_users,
    users_of_other_countries,
    users_without_push,
)
from bill_reminders.importing.link_codes import write_link_codes
from bill_reminders.importing.target import connect
from bill_reminders.storage.journal import through

MOST_LINES = 1000
"""Errors of a file that are printed; their number is printed in any case."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--users", type=Path, help="a CSV file of users")
    parser.add_argument("--bills", type=Path, help="a CSV file of bills")
    parser.add_argument(
        "--push-application", default="", help="ARN of the SNS application of the push tokens"
    )
    parser.add_argument(
        "--link-codes",
        type=Path,
        help="write a code for each imported user that nobody signs in to yet; they join with it",
    )
    parser.add_argument(
        "--all-or-none", action="store_true", help="import nothing if any row is bad"
    )


def run(options: argparse.Namespace) -> int:
    if options.users is None and options.bills is None:
        raise WrongUse("name at least one file with --users or --bills")
    with through(Entrance.IMPORT):
        return _import(options)


def _import(options: argparse.Namespace) -> int:
    users: Parsed[UserRow] = _read(options.users, read_users)
    bills: Parsed[BillRow] = _read(options.bills, read_bills)
    target = connect(options.stack)
    push = None
    if options.push_application:
        push = PushApplication(boto3.client("sns"), options.push_application)

    unusable = users_without_push(users.rows, push)
    unusable += users_of_other_countries(users.rows, target.sms_countries)
    good_users = _without(users.rows, unusable)
    without_user = bills_without_user(bills.rows, good_users)
    good_bills = _without(bills.rows, without_user)
    user_errors = [*users.errors, *unusable]
    bill_errors = [*bills.errors, *without_user]

    if options.all_or_none and (user_errors or bill_errors):
        _print_errors(options, user_errors, bill_errors)
        print("nothing was imported: correct these rows, or leave out --all-or-none")
        return LEFT
    now = clock.now()
    saved_users = import_users(good_users, shards=target.shards, now=now, push=push)
    saved_bills = import_bills(good_bills, now=now)
    user_errors += saved_users.errors
    if options.link_codes:
        failed = {error.row for error in saved_users.errors}
        imported = [row.user.user_id for row in good_users if row.row not in failed]
        write_link_codes(options.link_codes, imported, now=now)
    bill_errors += saved_bills.errors
    _print_errors(options, user_errors, bill_errors)
    if options.users:
        _print_report("users", saved_users, user_errors)
    if options.bills:
        _print_report("bills", saved_bills, bill_errors)
    return LEFT if user_errors or bill_errors else GOOD


def _read[T](path: Path | None, read: Callable[[str], Parsed[T]]) -> Parsed[T]:
    return Parsed((), ()) if path is None else read(decode(path.read_bytes()))


def _without[T: (UserRow, BillRow)](rows: Iterable[T], errors: Iterable[RowError]) -> list[T]:
    bad = {error.row for error in errors}
    return [row for row in rows if row.row not in bad]


def _print_errors(
    options: argparse.Namespace, users: Iterable[RowError], bills: Iterable[RowError]
) -> None:
    for path, errors in ((options.users, users), (options.bills, bills)):
        ordered = sorted(errors, key=lambda error: error.row)
        for error in ordered[:MOST_LINES]:
            print(f"{path}, {error}")
        if (left := len(ordered) - MOST_LINES) > 0:
            print(f"{path}: {left:,} more errors: correct these and import again")


def _print_report(what: str, report: Report, errors: Sequence[RowError]) -> None:
    counts = ", ".join(f"{count} {saved.value}" for saved, count in sorted(report.saved.items()))
    bad = len({error.row for error in errors})
    print(f"{what}: {counts or 'none'}; {bad} bad rows")
