"""Say why somebody is, or is not, reminded of their bills; and what the tables say of a time.

Who it is: an id, or a phone number or an e-mail address. Without a time it is about now, and of the
last two weeks; with one, what was planned, sent and changed around it.
"""

import argparse
from datetime import datetime, timedelta

from bill_reminders import clock
from bill_reminders.cli.outcomes import GOOD, WrongUse
from bill_reminders.console import sentences, stories
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.files.cells import CellError, instant
from bill_reminders.importing.target import connect
from bill_reminders.storage import accounts
from bill_reminders.storage.addresses import owner_of

LATELY = timedelta(days=14)


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", default="", metavar="ID", help="whose reminders: the user_id")
    parser.add_argument("--phone", default="", metavar="NUMBER", help="whose: + and all digits")
    parser.add_argument("--email", default="", metavar="ADDRESS", help="whose: an e-mail address")
    parser.add_argument("--bill", default="", metavar="ID", help="one bill; without it, all")
    parser.add_argument(
        "--at", default="", metavar="INSTANT", help="a past time, in UTC, as 2027-03-05T12:34Z"
    )


def run(options: argparse.Namespace) -> int:
    if sum(map(bool, (options.user, options.phone, options.email))) != 1:
        raise WrongUse("say who: one of --user, --phone and --email")
    at = _instant(options.at)
    connect(options.stack)
    user_id = options.user or _owner(options.phone, options.email)
    now = clock.now()
    try:
        account = accounts.read(user_id, now=now, reach=(now - LATELY).date())
    except accounts.UnknownUser:
        raise WrongUse("there is no such user: look at the id again") from None
    bill_id = options.bill or None
    if bill_id is not None and account.bill(bill_id) is None:
        raise WrongUse("the user has no such bill; without --bill all are told of")
    if at is None:
        _print_stories(account, bill_id, now)
    start, end = (now - LATELY, now) if at is None else stories.around(at)
    print("\nWhat the tables say:")
    for moment in stories.timeline(account, bill_id, start=start, end=end):
        print(f"  {sentences.when(moment.at, account.user.zone)}  {moment.what}")
    return GOOD


def _print_stories(account: Account, bill_id: str | None, now: datetime) -> None:
    print(f"Now it is {sentences.when(now, account.user.zone)}.")
    for story in stories.stories(account, bill_id, now=now):
        print(f"\n{story.bill.bill_id}: {story.bill.biller}, {story.bill.name}")
        for found in story.explanations:
            channel = sentences.NAMES[found.channel]
            print(f"  {channel}: {sentences.sentence(found, account.user)}")


def _instant(text: str) -> datetime | None:
    try:
        return instant(text) if text else None
    except CellError as error:
        raise WrongUse(f"--at: {error}") from None


def _owner(phone: str, email: str) -> str:
    channel, address = (Channel.SMS, phone) if phone else (Channel.EMAIL, email)
    known = owner_of(channel, address)
    if known is None or known.user_id is None:
        raise WrongUse("nobody has this address: look at it again, or name the user")
    return str(known.user_id)
