"""After a restore from a backup, say before which instant nobody knows what was sent.

What was planned before it and has no final state in the ledger counts as unknown then, and is not
sent: it may have gone out after the backup was made. It is written into the stack's parameter of
switches, whose channels stay as they are. docs/runbook.md has the whole of it.
"""

import argparse
import json
from typing import Any

import boto3

from bill_reminders.cli.outcomes import GOOD, WrongUse
from bill_reminders.delivery import switches
from bill_reminders.delivery.switches import UNKNOWN_BEFORE, UnreadableSwitches
from bill_reminders.importing.target import connect, described


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--before",
        default="",
        metavar="INSTANT",
        help="when the last message may have gone out, in UTC, as 2027-03-05T12:34Z",
    )
    parser.add_argument("--forget", action="store_true", help="take the instant out again")


def run(options: argparse.Namespace) -> int:
    if bool(options.before) == options.forget:
        raise WrongUse("say the instant with --before, or --forget")
    connect(options.stack)  # a local stack's clock may be moved
    ssm = boto3.client("ssm")
    name = switches_parameter(options.stack)
    told = _switches(ssm.get_parameter(Name=name)["Parameter"]["Value"], name)
    told.pop(UNKNOWN_BEFORE, None)
    if options.before:
        told[UNKNOWN_BEFORE] = options.before
    after = json.dumps(told)
    try:
        switches.parse(after, name)
    except UnreadableSwitches as error:
        raise WrongUse(str(error)) from error
    ssm.put_parameter(Name=name, Value=after, Type="String", Overwrite=True)
    print(f"{name} = {after}")
    return GOOD


def switches_parameter(stack: str) -> str:
    """The name of a stack's parameter of switches."""
    outputs = described(boto3.client("cloudformation"), stack)["Outputs"]
    found = {each["OutputKey"]: each["OutputValue"] for each in outputs}
    return str(found["SwitchesParameter"])


def _switches(value: str, name: str) -> dict[str, Any]:
    try:
        return dict(json.loads(value))
    except (ValueError, TypeError) as error:
        raise WrongUse(f"the parameter {name} holds no switches: put it right first") from error
