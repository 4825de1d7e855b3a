"""A digest that did not arrive: the channel that stands in is woken for each bill that it named,
whatever became of the one whose row leads it."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import pytest

from bill_reminders.delivery import claims, failures, receipts, reconciling
from bill_reminders.delivery.claims import Claim, claim_next
from bill_reminders.delivery.failures import Failure
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Join, Plan, PlanChange, StoppedBy
from bill_reminders.storage import accounts, channels
from bill_reminders.storage.tables import LedgerItem
from tests.support import account_changes
from tests.support.entered import IN_THREE_DAYS, NINE, enter, wakes_at
from tests.support.people import EMAIL, a_bill, a_user

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
SOON, LATER = NINE + MINUTE, NINE + 2 * MINUTE
TODAY = date(2027, 3, 1)
PLAN = Plan((0,), (), channels=(Channel.EMAIL, Channel.SMS), joins=(Join(Channel.SMS, None),))
STAND_IN = PlanChange(channels=PLAN.channels, joins=PLAN.joins)
ALONE = PlanChange(channels=(Channel.EMAIL,))

pytestmark = pytest.mark.usefixtures("stack")


def long_overdue() -> Bill:
    """So long that nobody looks at its date once it is gone, or has another plan."""
    plan = PlanChange(lead_days=(), overdue_days=(20,))
    return a_bill(bill_id="old", due_on=TODAY - 20 * DAY, plan_change=plan)


def claimed(*others: Bill, plan: Plan = PLAN) -> Claim:
    """A digest by e-mail, led by what is long overdue."""
    power = a_bill(bill_id="power", due_on=TODAY)
    enter(a_user(channels=PLAN.channels, plan=plan), long_overdue(), power, *others)
    claim = claim_next("somebody", Channel.EMAIL, now=NINE)
    assert [each.bill_id for each in claim.reminders][:2] == ["old", "power"]
    return claim


def replan(bill_id: str, plan_change: PlanChange) -> object:
    def with_plan(account: Account) -> Account:
        return account.with_bill(replace(account.need_bill(bill_id), plan_change=plan_change))

    return accounts.change("somebody", with_plan, now=SOON)


def delete() -> object:
    return account_changes.delete_bill("somebody", "old", now=SOON)


def row(claim: Claim) -> LedgerItem:
    found = claims.read_row("somebody", claim.message_key)
    assert found is not None
    return found


def stood_in_for() -> list[str]:
    """The bills of which the channel that stands in speaks as soon as it is woken."""
    wake = wakes_at("somebody", Channel.SMS)
    if wake is None:
        return []
    assert wake <= LATER + MINUTE
    claim = claim_next("somebody", Channel.SMS, now=wake)
    return [each.bill_id for each in claim.reminders]


# Each way to hear of it, and each change of the bill that leads it --------------------------------


def refused(claim: Claim) -> None:
    failures.note(claim, Failure(State.FAILED, "invalid"), now=LATER)


def refused_while_busy(claim: Claim) -> None:
    claims.mark_failed(claim, reason="invalid", now=NINE)
    message = reconciling.Unreconciled("somebody", claim.message_key)
    reconciling.reconcile(message, resend=(), now=LATER)


def came_back(claim: Claim) -> None:
    claims.mark(claim, State.SENT, provider_id="p", now=NINE)
    dead = Failure(State.BOUNCED, "bounced", StoppedBy.BOUNCED, EMAIL, sent_at=NINE)
    assert receipts.apply(row(claim), dead, provider_id="p", now=LATER)


def expired_unknown(claim: Claim) -> None:
    claims.mark_unknown(claim, reason="no_answer", now=NINE)
    assert receipts.apply(row(claim), Failure(State.EXPIRED), provider_id="p", now=LATER)


CHANGES: dict[str, Callable[[], object]] = {
    "deleted": delete,
    "closed": lambda: account_changes.close_bill("somebody", "old", now=SOON),
    "paid": lambda: account_changes.record_payment("somebody", "old", payment_id="p", now=SOON),
    "muted": lambda: account_changes.mute("somebody", "old", MuteReason.STOPPED, now=SOON),
    "other days": lambda: replan("old", PlanChange(lead_days=(), overdue_days=(2,))),
    "no stand-in": lambda: replan("old", ALONE),
}


@pytest.mark.parametrize("order", ["changed first", "failed first"])
@pytest.mark.parametrize("fails", [refused, refused_while_busy, came_back, expired_unknown])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_the_rest_is_stood_in_for(
    change: Callable[[], object], fails: Callable[[Claim], None], order: str
) -> None:
    claim = claimed()
    if order == "changed first":
        change()
    fails(claim)
    if order == "failed first":
        change()
    assert stood_in_for() == ["power"]


def test_of_bills_that_are_still_open_each_is() -> None:
    refused(claimed(a_bill(bill_id="rent", due_on=TODAY)))
    assert stood_in_for() == ["old", "power", "rent"]


def test_but_none_whose_plan_has_no_stand_in() -> None:
    refused(claimed(a_bill(bill_id="rent", due_on=TODAY, plan_change=ALONE)))
    assert stood_in_for() == ["old", "power"]


@pytest.mark.parametrize("gone", [True, False])
@pytest.mark.parametrize(
    "gets",
    [
        lambda: account_changes.change_user(
            "somebody", lambda user: replace(user, plan=PLAN), now=SOON
        ),
        lambda: account_changes.change_kind_plan(
            "somebody", a_bill(due_on=TODAY).kind, STAND_IN, now=SOON
        ),
        lambda: replan("power", STAND_IN),
    ],
    ids=["all", "its kind", "the bill"],
)
def test_a_stand_in_that_comes_later_hears_of_it_though_the_bill_that_leads_is_gone(
    gone: bool, gets: Callable[[], object]
) -> None:
    refused(claimed(plan=replace(PLAN, channels=(Channel.EMAIL,), joins=())))
    if gone:
        delete()
    gets()
    assert "power" in stood_in_for()


def test_what_is_left_of_an_unknown_digest_hears_its_receipt() -> None:
    """One part is sent again, the others are still one message that may have gone out."""
    plan = PlanChange(lead_days=(3, 1, 0))
    claim = claimed(a_bill(bill_id="rent", due_on=IN_THREE_DAYS, plan_change=plan))
    claims.mark_unknown(claim, reason="no_answer", now=NINE)
    delete()
    channels.succeeded(Channel.EMAIL, NINE + MINUTE)
    message = reconciling.Unreconciled("somebody", claim.message_key)
    waited = NINE + 11 * MINUTE
    assert reconciling.reconcile(message, resend=tuple(Channel), now=waited) == "resent"
    assert receipts.only_unknown("somebody", Channel.EMAIL, sent_at=NINE) is not None
    failed = Failure(State.FAILED, "invalid")
    assert receipts.apply(row(claim), failed, provider_id="p", now=waited)
    again = claim_next("somebody", Channel.EMAIL, now=waited)
    assert [each.bill_id for each in again.reminders] == ["power"]
    elsewhere = claim_next("somebody", Channel.SMS, now=waited + MINUTE)
    assert [each.bill_id for each in elsewhere.reminders] == ["rent"]
