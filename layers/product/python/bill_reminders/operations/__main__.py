"""What whoever runs a stack does from a command line.

setup and check: what CloudFormation cannot make of a stack, the preferences by which SNS tells what
became of SMS and pushes. Setting up twice changes nothing.

erase: everything about one imported person, by the user id of the biller's file, for good. Asking
again tells how far it is.

Exits with 0 when all is as it should be, with 1 when something is missing or somebody else's, with
2 when nothing could be done.
"""

import argparse
import sys
from collections.abc import Sequence

import boto3
from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from bill_reminders import clock
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.importing.target import connect, described, sms_countries
from bill_reminders.operations.erasing import DELAY_SECONDS, STAYS, Queue, erase, told
from bill_reminders.operations.preferences import Deployed, Preference, State, preferences
from bill_reminders.storage.transactions import error_code

GOOD, LEFT, NOT_DONE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if (options.action == "erase") != bool(options.user):
        parser.error("erase, and nothing else, takes --user with the id of one person")
    try:
        if options.action == "erase":
            return _erase(options)
        stack = described(boto3.client("cloudformation"), options.stack)
        found = list(preferences(_deployed(stack), spend=options.monthly_spend))
        left = 0
        for preference in found:
            if options.action == "setup":
                left += not _set(preference, replace=options.replace)
            else:
                left += preference.state is not State.GOOD
                _say(preference.state, preference)
        if options.action == "check":
            _say_countries(stack)
    except (BillRemindersError, BotoCoreError) as error:
        print(f"not everything was done: {error}", file=sys.stderr)
        return NOT_DONE
    except ClientError as error:
        what, code = error.operation_name, error.response["Error"]["Code"]
        print(f"AWS refused {what}: {code}; try again once mended", file=sys.stderr)
        return NOT_DONE
    except PynamoDBException as error:
        reason = error_code(error) or "no answer"
        print(f"a table could not be used: {reason}; try again once mended", file=sys.stderr)
        return NOT_DONE
    if not found:
        print("this stack reads no receipts of SNS: there is nothing to set up")
    return LEFT if left else GOOD


def _erase(options: argparse.Namespace) -> int:
    target = connect(options.stack)
    queue = Queue(boto3.client("sqs"), target.jobs_queue_url, options.delay)
    job = erase(options.user, queue, now=clock.now())
    if job is None:
        print(f"there is no user {options.user}: nothing to erase")
        return LEFT
    print(told(job))
    print(STAYS)
    return GOOD


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


def _deployed(stack: dict[str, list[dict[str, str]]]) -> Deployed:
    return Deployed(
        {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())},
        {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())},
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bill_reminders.operations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=["setup", "check", "erase"])
    parser.add_argument("--stack", required=True, help="the name of the deployed stack")
    parser.add_argument(
        "--replace", action="store_true", help="set also what somebody else has set before"
    )
    parser.add_argument(
        "--monthly-spend",
        default="",
        metavar="USD",
        help="what the account may spend on SMS in a month, up to its quota",
    )
    parser.add_argument(
        "--user", default="", metavar="ID", help="who is erased: the user_id of the imported file"
    )
    parser.add_argument(
        "--delay",
        type=int,
        default=DELAY_SECONDS,
        metavar="SECONDS",
        help="until what is left is deleted; not shorter than a message may be on its way",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
