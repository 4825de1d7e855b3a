"""docs/privacy.md says what stays how long; the template and the code are what it is held to."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from dateutil.relativedelta import relativedelta

from bill_reminders.delivery import undelivered
from bill_reminders.domain import journal
from bill_reminders.domain.replies import LASTS
from bill_reminders.storage import (
    codes,
    common_causes,
    edits,
    handovers,
    idempotency,
    jobs,
    link_codes,
    links,
    rows,
)
from bill_reminders.storage import limits as limits_
from tests.support.template import ROOT, named, rendered, template

PAGE = (ROOT / "docs" / "privacy.md").read_text()
DAY = timedelta(days=1)


def cells(start: str) -> list[list[str]]:
    """The rows of the table whose head begins with `start`."""
    lines = PAGE.split(f"| {start} |", 1)[1].split("\n")[2:]
    taken = []
    for line in lines:
        if not line.startswith("|"):
            break
        taken.append([cell.strip() for cell in line.strip("|").split("|")])
    return taken


TABLES = {row[0]: row for row in cells("table")}
ELSEWHERE = {row[0]: row for row in cells("where")}


def months(span: relativedelta) -> int:
    return span.years * 12 + span.months


def properties(logical_id: str) -> dict[str, Any]:
    found: dict[str, Any] = template()["Resources"][logical_id]["Properties"]
    return found


def test_the_page_has_a_row_for_every_table_of_the_stack() -> None:
    assert set(TABLES) == set(named("AWS::DynamoDB::Table"))


@pytest.mark.parametrize("table", named("AWS::DynamoDB::Table"))
def test_only_a_table_with_a_time_to_live_is_said_to_expire(table: str) -> None:
    expires = "TimeToLiveSpecification" in properties(table)
    assert (TABLES[table][2] != "never") == expires


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("Ledger", f"{months(rows.LEDGER_RETENTION)} months after the due date, or after"),
        ("Ledger", f"{handovers.KEPT.days} days for how it was before"),
        ("Ledger", f"{edits.KEPT.days} day for a bill's terms before a change"),
        ("Journal", f"{months(journal.RETENTION)} months"),
        ("Codes", f"{codes.LIFETIME // timedelta(minutes=1)} minutes"),
        ("Links", f"{links.WAY_OUT_LASTS.days} days for links"),
        ("Links", f"{link_codes.LIFETIME.days} days for link codes"),
        ("Conversations", f"{2 * LASTS // timedelta(hours=1)} hours"),
        ("Limits", f"at most {undelivered.KEPT.days} days"),
        ("Answers", f"{idempotency.KEPT.days} day"),
        ("Jobs", f"{jobs.KEPT.days} days"),
    ],
)
def test_a_table_expires_as_the_page_says(table: str, said: str) -> None:
    assert said in TABLES[table][2]


def test_no_limit_is_kept_longer_than_the_page_says() -> None:
    assert max(limits_.HOUR, DAY, 2 * common_causes.WINDOW) <= undelivered.KEPT


@pytest.mark.parametrize(
    ("due_on", "expected"),
    [
        (date(2027, 3, 5), datetime(2028, 4, 5, tzinfo=UTC)),
        (date(2027, 3, 4), datetime(2028, 4, 4, tzinfo=UTC)),
        (date(2027, 3, 3), datetime(2028, 4, 4, tzinfo=UTC)),
        (date(2026, 1, 4), datetime(2028, 4, 4, tzinfo=UTC)),
        (None, datetime(2028, 4, 4, tzinfo=UTC)),
    ],
)
def test_the_ledger_counts_from_the_due_date_or_from_when_it_was_written_on(
    due_on: date | None, expected: datetime
) -> None:
    written_at = datetime(2027, 3, 4, 23, 59, tzinfo=UTC)
    assert rows.ledger_expiry(due_on, written_at) == expected.timestamp()


def test_backups_are_kept_as_long_as_the_page_says() -> None:
    for table in named("AWS::DynamoDB::Table"):
        backup = properties(table)["PointInTimeRecoverySpecification"]
        assert backup["PointInTimeRecoveryEnabled"]
        assert backup.get("RecoveryPeriodInDays", 35) == 35
    assert "for 35 days" in PAGE


def test_exports_are_kept_as_long_as_the_page_says() -> None:
    assert named("AWS::S3::Bucket") == ["Exports"]
    (rule,) = properties("Exports")["LifecycleConfiguration"]["Rules"]
    assert ELSEWHERE["Exports (S3)"][2].startswith(f"{rule['ExpirationInDays']} day,")


def test_logs_are_kept_as_long_as_the_page_says() -> None:
    by_parameter = {"Ref": "LogRetentionDays"}
    kept = {name: properties(name)["RetentionInDays"] for name in named("AWS::Logs::LogGroup")}
    of_sms = {kept.pop("SmsLog"), kept.pop("SmsFailureLog")}
    assert all(days == by_parameter for days in kept.values())
    default = template()["Parameters"]["LogRetentionDays"]["Default"]
    said = ELSEWHERE["log groups of the functions and the API"][2]
    assert said.startswith(f"{default} days")
    (days,) = of_sms
    assert ELSEWHERE["SMS delivery log of SNS"][2].startswith(f"{days} day,")


USUAL = 4
"""Days that SQS keeps a message unless it is told otherwise."""


def test_queues_keep_messages_as_long_as_the_page_says() -> None:
    kept = {
        name: properties(name).get("MessageRetentionPeriod", USUAL * 86400) // 86400
        for name in named("AWS::SQS::Queue")
    }
    dead = {days for name, days in kept.items() if name.endswith("DeadLetters")}
    at_work = {name: days for name, days in kept.items() if not name.endswith("DeadLetters")}
    (days,) = dead
    assert ELSEWHERE["dead letters"][2] == f"{days} days"
    for name, days in at_work.items():
        row = (
            "queues of replies and receipts"
            if name in ("Replies", "Receipts")
            else "queues of wake-ups and jobs"
        )
        assert ELSEWHERE[row][2] == f"at most {days} days", name


def test_run_jobs_may_delete_users_of_our_own_pool_alone() -> None:
    def statements(**parameters: str) -> list[dict[str, Any]]:
        role = rendered("prod", **parameters)["Resources"]["RunJobsRole"]["Properties"]
        policies: list[Any] = role["Policies"]
        found: list[dict[str, Any]] = policies[0]["PolicyDocument"]["Statement"]
        return [each for each in found if "cognito" in str(each)]

    (only,) = statements()
    assert only["Action"] == "cognito-idp:AdminDeleteUser"
    assert only["Resource"] == {"Fn::GetAtt": ["UserPool", "Arn"]}
    assert statements(JwtIssuer="https://issuer.example.com") == []


def test_the_page_names_no_figure_that_is_not_checked() -> None:
    """A new figure wants a test of its own here."""
    told = set(re.findall(r"\d+ (?:day|hour|minute)s?", PAGE))
    assert told == {
        "10 minutes", "366 days", "90 days", "48 hours", "4 days", "1 day", "7 days",
        "35 days", "30 days", "14 days", "60 days",
    }  # fmt: skip
