"""Set up, or check, what CloudFormation cannot make of a stack: the preferences by which SNS tells
what became of SMS and pushes. Setting up twice changes nothing.

Exits with 0 when all is as it should be, with 1 when something is missing or somebody else's, with
2 when nothing could be done.
"""

import argparse
import sys
from collections.abc import Sequence

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.importing.target import described
from bill_reminders.operations.preferences import Deployed, Preference, State, preferences

GOOD, LEFT, NOT_DONE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        stack = described(boto3.client("cloudformation"), options.stack)
        found = list(preferences(_deployed(stack), spend=options.monthly_spend))
        left = 0
        for preference in found:
            if options.action == "setup":
                left += not _set(preference, replace=options.replace)
            else:
                left += preference.state is not State.GOOD
                _say(preference.state, preference)
    except (BillRemindersError, BotoCoreError) as error:
        print(f"not everything was done: {error}", file=sys.stderr)
        return NOT_DONE
    except ClientError as error:
        what, code = error.operation_name, error.response["Error"]["Code"]
        print(f"AWS refused {what}: {code}; try again once mended", file=sys.stderr)
        return NOT_DONE
    if not found:
        print("this stack reads no receipts of SNS: there is nothing to set up")
    return LEFT if left else GOOD


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
    parser.add_argument("action", choices=["setup", "check"])
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
    return parser


if __name__ == "__main__":
    sys.exit(main())
