"""What CloudFormation cannot make of a stack: the preferences by which SNS tells what became of SMS
and pushes. Setting up twice changes nothing. A check also tells who is to be planned again, whose
schedule cannot be read, whether users are in more shards than ShardsRead says, and whom alarms
reach.

Exits with 1 when something is missing or somebody else's.
"""

import argparse
from collections.abc import Mapping

import boto3

from bill_reminders.cli import alarming, planning, schedules
from bill_reminders.cli.outcomes import GOOD, LEFT
from bill_reminders.cli.preferences import Deployed, Preference, State, preferences
from bill_reminders.importing.target import connect, described, sms_countries


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--replace", action="store_true", help="set also what somebody else has set before"
    )
    parser.add_argument(
        "--monthly-spend",
        default="",
        metavar="USD",
        help="what the account may spend on SMS in a month, up to its quota",
    )


def setup(options: argparse.Namespace) -> int:
    found = _found(described(boto3.client("cloudformation"), options.stack), options)
    done = [_set(each, replace=options.replace) for each in found]
    return GOOD if all(done) else LEFT


def check(options: argparse.Namespace) -> int:
    stack = described(boto3.client("cloudformation"), options.stack)
    found = _found(stack, options)
    for preference in found:
        _say(preference.state, preference)
    _say_countries(stack)
    is_planned = _say_who_is_left(options.stack, _deployed(stack).outputs)
    is_heard = alarming.say(_deployed(stack))
    is_good = all(each.state is State.GOOD for each in found)
    return GOOD if is_good and is_planned and is_heard else LEFT


def _found(stack: dict[str, list[dict[str, str]]], options: argparse.Namespace) -> list[Preference]:
    found = list(preferences(_deployed(stack), spend=options.monthly_spend))
    if not found:
        print("this stack reads no receipts of SNS: there is nothing to set up")
    return found


def _set(preference: Preference, *, replace: bool) -> bool:
    """Whether it is as it should be now."""
    if preference.state is State.GOOD:
        _say(preference.state, preference)
        return True
    if preference.state is State.OTHERS and not replace:
        _say(f"{preference.state}, kept (--replace sets it)", preference)
        return False
    preference.put()
    _say("set", preference)
    return True


def _say(state: str, preference: Preference) -> None:
    was = f", not {preference.found}" if preference.found not in ("", preference.wanted) else ""
    print(f"{state}: {preference.name} = {preference.wanted}{was}")


def _say_countries(stack: dict[str, list[dict[str, str]]]) -> None:
    """Nothing is wrong with SMS to everywhere, but whoever runs this should mean it."""
    outputs = _deployed(stack).outputs
    if "SmsOriginsParameter" not in outputs:
        return
    allowed = sms_countries(stack, outputs)
    if allowed:
        print(f"SMS go to: {', '.join(sorted(allowed))}")
        return
    print(
        "SMS go to every country: name some with SmsCountries, or write their sender IDs and "
        f"numbers into the parameter {outputs['SmsOriginsParameter']}"
    )


def _say_who_is_left(stack: str, outputs: Mapping[str, str]) -> bool:
    """Whether everybody can be read and found, and is planned by what is deployed now."""
    if "SchedulesTable" not in outputs:
        return True
    target = connect(stack)
    is_sound = schedules.say(target.shards)
    left = planning.left()
    if left:
        print(
            f"{left:,} users were planned by other time zones, holidays or another SpreadMinutes: "
            "make plan-again"
        )
    return is_sound and not left


def _deployed(stack: dict[str, list[dict[str, str]]]) -> Deployed:
    return Deployed(
        {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())},
        {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())},
    )
