"""What whoever runs a stack does from a command line.

Exits with 0 when all is as it should be, with 1 when something is left, which is named, with 2 when
nothing could be done. Each command may be repeated.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError
from pynamodb.exceptions import PynamoDBException

from bill_reminders.cli import erasing, explaining, importing, planning, restoring, sns
from bill_reminders.cli.outcomes import NOT_DONE, WrongUse
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.storage.transactions import error_code


@dataclass(frozen=True, slots=True)
class Command:
    """`undone` is what a failure means."""

    add: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    about: str | None
    undone: str = "not everything was done"


COMMANDS = {
    "import": Command(
        importing.add,
        importing.run,
        importing.__doc__,
        "nothing or not everything was imported",
    ),
    "setup": Command(sns.add, sns.setup, sns.__doc__),
    "check": Command(sns.add, sns.check, sns.__doc__),
    "erase": Command(erasing.add, erasing.run, erasing.__doc__),
    "explain": Command(explaining.add, explaining.run, explaining.__doc__, "nothing can be said"),
    "plan-again": Command(planning.add, planning.run, planning.__doc__),
    "restored": Command(restoring.add, restoring.run, restoring.__doc__),
}


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    command = COMMANDS[options.command]
    try:
        return command.run(options)
    except WrongUse as error:
        options.parser.error(str(error))
    except FileNotFoundError as error:
        print(f"{command.undone}: there is no file {error.filename}", file=sys.stderr)
    except (BillRemindersError, OSError, BotoCoreError) as error:
        print(f"{command.undone}: {error}", file=sys.stderr)
    except ClientError as error:
        what, code = error.operation_name, error.response["Error"]["Code"]
        print(f"AWS refused {what}: {code}; try again once mended", file=sys.stderr)
    except PynamoDBException as error:
        reason = error_code(error) or "no answer"
        print(f"a table could not be used: {reason}; try again once mended", file=sys.stderr)
    return NOT_DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bill_reminders.cli",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    for name, command in COMMANDS.items():
        about = command.about or ""
        of_command = commands.add_parser(
            name,
            help=about.splitlines()[0],
            description=about,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        of_command.add_argument("--stack", required=True, help="the name of the deployed stack")
        of_command.set_defaults(parser=of_command)
        command.add(of_command)
    return parser


if __name__ == "__main__":
    sys.exit(main())
