"""Say why somebody is, or is not, reminded of their bills; and what the tables say of a time.

Who it is: an id, or a phone number or an e-mail address. Without a time it is about now, and of the
last two weeks; with one, what was planned, sent and changed around it.
"""

import argparse

import boto3

from bill_reminders import clock
from bill_reminders.cli.outcomes import GOOD, WrongUse
from bill_reminders.cli.restoring import switches_parameter
from bill_reminders.console.calls import Means
from bill_reminders.console.explain_widget import Unanswerable, known
from bill_reminders.delivery import switches
from bill_reminders.importing.target import connect


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--who", default="", help="whose reminders: a user_id, + and all digits, or an e-mail"
    )
    parser.add_argument("--bill", default="", metavar="ID", help="one bill; without it, all")
    parser.add_argument(
        "--at", default="", metavar="INSTANT", help="a past time, in UTC, as 2027-03-05T12:34Z"
    )


def run(options: argparse.Namespace) -> int:
    target = connect(options.stack)
    ssm = boto3.client("ssm")
    name = switches_parameter(options.stack)
    try:
        told = known(
            options.who,
            options.bill or None,
            options.at,
            Means(lambda: switches.read(ssm, name).open, target.shards),
            now=clock.now(),
        )
    except Unanswerable as error:
        raise WrongUse(str(error)) from None
    print(f"{told['user_id']}. It is {told['now']}.")
    if told["closed"]:
        print(told["closed"])
    for bill in told["bills"]:
        print(f"\n{bill['bill_id']}: {bill['title']}")
        for channel, sentence in bill["channels"]:
            print(f"  {channel}: {sentence}")
    print("\nWhat the tables say:")
    for at, what in told["moments"]:
        print(f"  {at}  {what}")
    return GOOD
