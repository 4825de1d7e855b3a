"""Plan users again after an update of the pinned time zones or holidays, or of SpreadMinutes.

A change of an account plans it by itself; what a library or a parameter says is nobody's change.
Each schedule says by what it was planned, so this may be stopped and run again: it goes on with
those who are left. Exits with 1 when some could not be planned: those are named.
"""

import argparse
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from itertools import batched
from typing import Any

from bill_reminders import clock, planned_by
from bill_reminders.cli.outcomes import GOOD, LEFT, WrongUse
from bill_reminders.delivery.pace import Pace
from bill_reminders.importing.target import connect
from bill_reminders.storage import accounts
from bill_reminders.storage.accounts import UnknownUser
from bill_reminders.storage.tables import ScheduleItem
from bill_reminders.trouble import name_of

AT_ONCE = 8
"""Users that are planned side by side; each is a few calls that mostly wait."""

A_CHUNK = 1000
"""After so many users it says how far it is."""

PER_SECOND = 50.0
"""Some 400 write units a second: beside them reminders go on."""


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", default="", metavar="ID", help="the user_id of one user")
    parser.add_argument(
        "--everybody", action="store_true", help="all who were planned by something else"
    )
    parser.add_argument(
        "--per-second",
        type=float,
        default=PER_SECOND,
        metavar="USERS",
        help=f"how many users a second at most; {PER_SECOND:g} by default",
    )


def run(options: argparse.Namespace) -> int:
    if bool(options.user) == options.everybody:
        raise WrongUse("say whom: --user with the id of one user, or --everybody")
    if options.per_second <= 0:
        raise WrongUse("--per-second is how many users a second: write more than 0")
    connect(options.stack)
    now = clock.now()
    if options.user:
        accounts.plan_again(options.user, now=now)
        print(f"planned again: {options.user}")
        return GOOD
    return _everybody(Pace(1 / options.per_second), now)


def left() -> int:
    """How many users were planned by other calendars or another spread than there are now. Reads
    all schedules."""
    return sum(1 for _ in _left())


def _left() -> Iterator[str]:
    other: Any = ScheduleItem.planned_by != planned_by.stamp()
    none: Any = ScheduleItem.planned_by.does_not_exist()
    found = ScheduleItem.scan(none | other, attributes_to_get=["user_id"])
    return (item.user_id for item in found)


def _everybody(pace: Pace, now: datetime) -> int:
    done = failed = 0

    def plan(user_id: str) -> tuple[str, Exception | None]:
        pace.wait()
        return user_id, _planned(user_id, now)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for chunk in batched(_left(), A_CHUNK, strict=False):
            for user_id, error in pool.map(plan, chunk):
                done += error is None
                failed += error is not None
                if error is not None:
                    print(f"{user_id}: not planned, {name_of(error)}", file=sys.stderr)
            print(f"planned again: {done:,} users; {failed:,} not", flush=True)
    if not done + failed:
        print("nobody is to be planned again")
    return LEFT if failed else GOOD


def _planned(user_id: str, now: datetime) -> Exception | None:
    try:
        with suppress(UnknownUser):  # erased in between
            accounts.plan_again(user_id, now=now)
    except Exception as error:
        return error
    return None
