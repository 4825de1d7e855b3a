"""The sample people and bills, and how the local stack gets them."""

import csv
from datetime import UTC, datetime

from bill_reminders.cli.__main__ import main as import_files
from local.stack import NAME, ROOT, Stack

USERS = ROOT / "samples" / "users.csv"
BILLS = ROOT / "samples" / "bills.csv"
FIRST_DAY = datetime(2027, 2, 15, tzinfo=UTC)


def load(stack: Stack) -> None:
    """Import the sample with the command that deployers use. Raises RuntimeError."""
    failed = import_files(
        [
            "import",
            "--stack",
            NAME,
            "--users",
            str(USERS),
            "--bills",
            str(BILLS),
            "--push-application",
            stack.push_application,
        ]
    )
    if failed:
        raise RuntimeError("the sample could not be imported")


def bill_names(user_id: str) -> dict[str, str]:
    """What the user's bills are called, by their ids; also of one that is deleted by now."""
    with BILLS.open(encoding="utf-8", newline="") as file:
        rows = csv.DictReader(file)
        return {row["bill_id"]: row["name"] for row in rows if row["user_id"] == user_id}


def people() -> list[dict[str, str]]:
    """The rows of the users file, as they stand there."""
    with USERS.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
