"""What administrators are told of the sample's people is what a count that shares no code expects:
what is due by now, and what comes next on each channel of each bill."""

from datetime import timedelta

import pytest

from bill_reminders.console.sentences import sentence
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.explaining import Answer, explain
from bill_reminders.domain.people import Address
from bill_reminders.domain.reminder_series import plan_of
from bill_reminders.files.bills import read_bills
from bill_reminders.files.rows import decode
from bill_reminders.files.users import UserRow, read_users
from local.sample import FIRST_DAY
from local.stack import ROOT
from tests.brute_force import Expected, enumerate_due
from tests.support.people import ENDPOINT

SAMPLES = ROOT / "samples"
NOW = FIRST_DAY
LATER = NOW + timedelta(days=45)


def user_of(row: UserRow) -> Account:
    user = row.user
    if row.push_token is not None:  # whose endpoint SNS makes when it is imported
        user = user.with_address(Channel.PUSH, Address(ENDPOINT, row.attestation))
    return Account(version=1, user=user)


def accounts() -> dict[str, Account]:
    users = read_users(decode((SAMPLES / "users.csv").read_bytes())).rows
    found = {row.user.user_id: user_of(row) for row in users}
    for row in read_bills(decode((SAMPLES / "bills.csv").read_bytes())).rows:
        account = found[row.user_id]
        found[row.user_id] = account.with_bill(row.bill(account.today(NOW)))
    return found


ACCOUNTS = accounts()
STORIES = [
    (account, bill, channel)
    for account in ACCOUNTS.values()
    for bill in account.bills
    for channel in plan_of(account.user, bill).channels
]


@pytest.fixture(scope="module")
def expected() -> list[Expected]:
    return enumerate_due(SAMPLES / "users.csv", SAMPLES / "bills.csv", imported_at=NOW, until=LATER)


def test_there_are_many_of_all_channels() -> None:
    assert len(STORIES) > 50
    assert {channel for _, _, channel in STORIES} == {*Channel}


@pytest.mark.parametrize(
    ("account", "bill", "channel"),
    STORIES,
    ids=lambda each: getattr(each, "bill_id", None) or getattr(each, "value", None),
)
def test_what_comes_next_is_what_the_count_expects(
    account: Account, bill: Bill, channel: Channel, expected: list[Expected]
) -> None:
    found = explain(account, bill, channel, now=NOW)
    assert sentence(found, account.user)
    of_bill = [
        each
        for each in expected
        if (each.user_id, each.bill_id, each.channel) == (bill.user_id, bill.bill_id, channel.value)
    ]
    sent = sorted((each.sent_at, each.trigger, each.due_on) for each in of_bill if each.sent_at)
    due_now = [each for each in sent if each[0] <= NOW + timedelta(minutes=1)]
    assert (found.answer is Answer.DUE) == bool(due_now)
    if found.following is None:
        assert found.answer is Answer.DUE or not sent or sent[0][0] > LATER
        return
    coming = found.following
    if coming.at <= LATER:
        reminder = coming.reminder
        assert (coming.at, str(reminder.trigger), reminder.due_on) == sent[0]
    else:
        assert not sent
