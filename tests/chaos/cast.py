"""The people of the campaign and their bills: as the product has them, and once more, for the
script, in the words of the enumerator's files."""

from dataclasses import replace
from datetime import date, time, timedelta
from functools import cache
from typing import Any

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Join, Plan, PlanChange, User
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage.saving import save_bills, save_user
from tests.brute_force import MINUTE, Row
from tests.chaos.oracle import Script
from tests.chaos.world import SHARDS, START
from tests.support.people import a_bill, a_user

ENTERED = START - timedelta(days=20)
PHONE = "+12025550101"
"""Ann's; in an SMS to an American number a link may stand."""
EVES = (0, 1, 3, 14)
"""The minutes of Eve's bills."""


def address(user_id: str, channel: Channel) -> str:
    """The first that the biller's file had."""
    return users()[user_id].addresses[channel].value


@cache
def users() -> dict[str, User]:
    """Four users: digests by SMS and e-mail; push, abroad, with quiet hours; one with more bills,
    each at another minute, than the campaign's daily cap lets go, who hears by push what e-mail
    does not bring; and one who missed a reminder and whose quiet hours have begun."""
    plan = Plan(lead_days=(3, 0), channels=(Channel.SMS, Channel.EMAIL))
    night, morning = QuietHours(time(21), time(8)), QuietHours(time(8), time(10))
    by_email = Plan(channels=(Channel.EMAIL, Channel.PUSH), joins=(Join(Channel.PUSH, None),))
    ann = a_user("ann", channels=plan.channels, plan=plan)
    everybody = (
        ann.with_address(Channel.SMS, replace(ann.addresses[Channel.SMS], value=PHONE)),
        a_user("bob", channels=(Channel.PUSH,), zone="Asia/Shanghai", quiet_hours=night),
        a_user("eve", channels=by_email.channels, plan=by_email),
        a_user("dan", channels=(Channel.EMAIL,), quiet_hours=morning),
    )
    return {user.user_id: user for user in everybody}


def bills(user_id: str) -> list[Bill]:
    monthly = Recurrence(date(2027, 3, 1), 1, Unit.MONTH)
    match user_id:
        case "ann":
            return [
                a_bill("ann", "rent", due_on=monthly.first_due, recurrence=monthly),
                a_bill("ann", "power", due_on=date(2027, 3, 4)),
            ]
        case "bob":
            return [a_bill("bob", "card", due_on=date(2027, 3, 2))]
        case "dan":
            return [a_bill("dan", "loan", due_on=date(2027, 3, 3))]
    return [
        a_bill("eve", f"bill-{minute}", due_on=date(2027, 3, 4), plan_change=_at_nine(minute))
        for minute in EVES
    ]


def _at_nine(minute: int) -> PlanChange:
    return PlanChange(lead_days=(3,), remind_at=time(9, minute))


def a_draft(user_id: str, bill_id: str, **changes: Any) -> Bill:
    """The bill as its biller's file has it, with changes."""
    (known,) = (each for each in bills(user_id) if each.bill_id == bill_id)
    fields = {"due_on": known.recurrence.first_due, "recurrence": known.recurrence}
    if "due_on" in changes:
        fields.pop("recurrence")
    return a_bill(user_id, bill_id, plan_change=known.plan_change, **fields | changes)


def enter() -> None:
    """By the product's own code."""
    for user_id, user in users().items():
        save_user(user, shards=SHARDS, now=ENTERED)
        drafts = [lambda _, bill=bill: bill for bill in bills(user_id)]
        save_bills(user_id, drafts, now=START - MINUTE)


# In the words of the enumerator's files ----------------------------------------------------------


def script() -> Script:
    written = Script()
    for user_id in users():
        written.users[user_id] = user_row(user_id)
        for row in bill_rows(user_id):
            written.enters(row)
    return written


def user_row(user_id: str) -> Row:
    match user_id:
        case "ann":
            return _user("ann", "sms+email", lead_days="3+0", phone="+1 202 ann")
        case "bob":
            return _user("bob", "push", time_zone="Asia/Shanghai", quiet_hours="21:00-08:00")
        case "eve":
            return _user("eve", "email+push@fallback")
    return _user(user_id, "email", quiet_hours="08:00-10:00")


def _user(user_id: str, channels: str, **more: str) -> Row:
    empty = "lead_days overdue_days remind_at quiet_hours paused_until phone email push_token"
    row = dict.fromkeys(empty.split(), "") | {"user_id": user_id, "time_zone": "UTC"}
    address = {"sms": "phone", "push": "push_token"}
    named = (each.partition("@")[0] for each in channels.split("+"))
    row |= {address.get(channel, channel): f"+999 {user_id}" for channel in named}
    return row | {"channels": channels, "attested_by": "Branch desk"} | more


def bill_rows(user_id: str) -> list[Row]:
    match user_id:
        case "ann":
            return [
                bill_row("ann", "rent", "2027-03-01", repeats="every month"),
                bill_row("ann", "power", "2027-03-04"),
            ]
        case "bob":
            return [bill_row("bob", "card", "2027-03-02")]
        case "dan":
            return [bill_row("dan", "loan", "2027-03-03")]
    return [
        bill_row("eve", f"bill-{n}", "2027-03-04", lead_days="3", remind_at=f"09:{n:02}")
        for n in EVES
    ]


def bill_row(user_id: str, bill_id: str, first_due: str, **more: str) -> Row:
    """A bill of 120.50."""
    empty = "lead_days overdue_days remind_at channels until autopay"
    row = dict.fromkeys(empty.split(), "") | {"user_id": user_id, "bill_id": bill_id}
    row |= {"first_due": first_due, "repeats": "once", "amount": "120.50"}
    return row | {"owed_from": "2027-01-01"} | more
