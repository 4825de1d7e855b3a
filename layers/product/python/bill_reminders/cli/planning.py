"""Plan users again after an update of the pinned time zones or holidays.

A change of an account plans it by itself; what a library says is nobody's change. One user, or all.
Exits with 1 when some could not be planned: those are named, the others are done.
"""

import argparse
import sys
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime

from bill_reminders import clock
from bill_reminders.cli.outcomes import GOOD, LEFT, WrongUse
from bill_reminders.importing.target import connect
from bill_reminders.storage import accounts
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.tables import UserItem
from bill_reminders.trouble import name_of

AT_ONCE = 8
"""Users that are planned side by side; each is a few calls that mostly wait."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", default="", metavar="ID", help="the user_id of one user")
    parser.add_argument("--everybody", action="store_true", help="all users, one after the other")


def run(options: argparse.Namespace) -> int:
    if bool(options.user) == options.everybody:
        raise WrongUse("say whom: --user with the id of one user, or --everybody")
    connect(options.stack)
    now = clock.now()
    if options.user:
        accounts.plan_again(options.user, now=now)
        print(f"planned again: {options.user}")
        return GOOD
    return _everybody(now)


def _everybody(now: datetime) -> int:
    done = failed = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for user_id, error in pool.map(lambda each: _planned(each, now), _users()):
            done += error is None
            failed += error is not None
            if error is not None:
                print(f"{user_id}: not planned, {name_of(error)}", file=sys.stderr)
    print(f"planned again: {done:,} users; {failed:,} not")
    return LEFT if failed else GOOD


def _users() -> Iterable[str]:
    return (item.user_id for item in UserItem.scan(attributes_to_get=["user_id"]))


def _planned(user_id: str, now: datetime) -> tuple[str, Exception | None]:
    try:
        with suppress(UnknownUser):  # erased in between
            accounts.plan_again(user_id, now=now)
    except Exception as error:
        return user_id, error
    return user_id, None
