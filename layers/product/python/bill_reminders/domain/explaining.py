"""Why a bill is, or is not, reminded of on a channel: the answer to "why did she not get it?".

It asks planning, as the senders do, and says in one value what decides: what stands in the way as a
whole, else the one date that is next to be paid.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import takewhile

from bill_reminders.domain import planning
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill, MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.forecast import Coming, next_on_each_channel
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.reminder_series import plan_of


class Answer(StrEnum):
    """What decides about a bill on a channel, the first that holds."""

    CLOSED = "closed"
    NOT_MINE = "not_mine"
    SILENCED = "silenced"
    NOT_IN_PLAN = "not_in_plan"
    NO_ADDRESS = "no_address"
    UNCONFIRMED = "unconfirmed"
    STOPPED = "stopped"
    BEYOND = "beyond"
    PUT_ASIDE = "put_aside"
    NOTHING_OWED = "nothing_owed"
    """It has no date that is owed: all are from before it was entered, or it has ended."""
    PAUSED = "paused"
    DUE = "due"
    """It goes out as soon as the channel's sender looks."""
    SWITCHED_OFF = "switched_off"
    """It is due, and an administrator has closed the channel."""
    LIMIT = "limit"
    """It is due, and as many messages went out today as may."""
    WAITING = "waiting"
    """It was tried, and is tried again."""
    QUIET = "quiet"
    SNOOZED = "snoozed"
    ALL_PAID = "all_paid"
    """Nothing is left to pay, and nothing will come."""
    PAID = "paid"
    """The date that would be reminded of is paid; the next one comes later."""
    SENT = "sent"
    """The nearest reminder that is due by now went out."""
    SKIPPED = "skipped"
    """The nearest reminder that is due by now was noted and not sent."""
    STANDS_IN = "stands_in"
    """The channel takes no part of itself; it speaks where others fail."""
    NOT_YET = "not_yet"
    NO_MORE = "no_more"
    """Something is owed, and by the plan no reminder of it is to come."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """What decides about `bill` on `channel` at an instant.

    `at` is since when that is so (a UTC instant), `until` up to and including which local date,
    `due_on` the nominal due date that it is about, `row` the ledger's row that says so, and
    `following` the next reminder that will come due, if nothing else happens.
    """

    bill: Bill
    channel: Channel
    answer: Answer
    at: datetime | None = None
    until: date | None = None
    due_on: date | None = None
    reason: str | None = None
    row: Recorded | None = None
    following: Coming | None = None


def explain(
    account: Account,
    bill: Bill,
    channel: Channel,
    *,
    now: datetime,
    is_open: bool = True,
    at_most: int | None = None,
) -> Explanation:
    """Why `bill`, one of the account's, is or is not reminded of on `channel` at `now` (UTC).
    `is_open` is whether the channel may send at all, `at_most` how many messages a day it may
    take."""
    case = _Case(account, bill, channel, now)
    return (
        case.of_the_bill()
        or case.of_the_channel()
        or case.of_the_account()
        or case.of_its_dates(at_most, is_open=is_open)
    )


class _Case:
    """One bill on one channel at one instant; each method says what decides, if it does."""

    def __init__(self, account: Account, bill: Bill, channel: Channel, now: datetime) -> None:
        self._account, self._bill, self._channel, self._now = account, bill, channel, now
        self._user, self._today = account.user, account.today(now)

    def of_the_bill(self) -> Explanation | None:
        bill = self._bill
        if bill.closed_at is not None:
            return self._because(Answer.CLOSED, at=bill.closed_at)
        if bill.mute is not None:
            is_not_mine = bill.mute.reason is MuteReason.NOT_MINE
            return self._because(
                Answer.NOT_MINE if is_not_mine else Answer.SILENCED, at=bill.mute.at
            )
        if next(bill.owed_occurrences(), None) is None:
            return self._because(Answer.NOTHING_OWED)
        return None

    def of_the_channel(self) -> Explanation | None:
        if self._channel not in plan_of(self._user, self._bill).channels:
            return self._because(Answer.NOT_IN_PLAN)
        address = self._user.addresses.get(self._channel)
        if address is None:
            return self._because(Answer.NO_ADDRESS)
        if address.stopped_at is not None:
            by = address.stopped_by.value
            return self._because(Answer.STOPPED, at=address.stopped_at, reason=by)
        return None if address.attestation is not None else self._because(Answer.UNCONFIRMED)

    def of_the_account(self) -> Explanation | None:
        if self._account.beyond:
            return self._because(Answer.BEYOND)
        since = self._account.quarantined.get(self._channel)
        return None if since is None else self._because(Answer.PUT_ASIDE, at=since)

    def of_its_dates(self, at_most: int | None, *, is_open: bool) -> Explanation:
        user, bill, now = self._user, self._bill, self._now
        rows = {
            key: row
            for key, row in self._account.recorded.items()
            if row.reminder.bill_id == bill.bill_id
        }
        channel = self._channel
        following = next_on_each_channel(user, (bill,), rows, channels=(channel,), now=now)[channel]
        found = self._of_now(rows, following, at_most) or self._of_the_next_date(rows, following)
        if found.answer is Answer.DUE:
            return found if is_open else replace(found, answer=Answer.SWITCHED_OFF)
        return replace(found, following=following)

    def _of_now(
        self, rows: Mapping[str, Recorded], following: Coming | None, at_most: int | None
    ) -> Explanation | None:
        """What is due by now, and goes or is held."""
        user, now, channel = self._user, self._now, self._channel
        if user.paused_until is not None and user.paused_until >= self._today:
            return self._because(Answer.PAUSED, until=user.paused_until)
        since = self._account.since(channel)
        decision = planning.decide(user, (self._bill,), rows, channel=channel, now=now, since=since)
        if decision.due:
            full = at_most is not None and (
                self._account.messages_on(channel, self._today) >= at_most
            )
            answer = Answer.LIMIT if full else Answer.DUE
            return self._because(answer, due_on=decision.due[0].due_on)
        if following is None:
            return None
        row, reminder = rows.get(following.reminder.key), following.reminder
        if row is not None and row.not_before is not None and row.not_before > now:
            return self._because(Answer.WAITING, due_on=reminder.due_on, row=row, reason=row.reason)
        quiet = user.quiet_on(channel)
        if quiet.cover(now, user.zone) and following.at == quiet.end_after(now, user.zone):
            return self._because(Answer.QUIET, due_on=reminder.due_on)
        return None

    def _of_the_next_date(
        self, rows: Mapping[str, Recorded], following: Coming | None
    ) -> Explanation:
        """The date that is the next one to pay, and what was said of it."""
        bill, today = self._bill, self._today
        number = bill.first_open(today)
        if number is None:
            return self._because(Answer.ALL_PAID)
        due_on = bill.due_on(number)
        until = bill.snoozed_until(number)
        if until is not None and until > today:
            return self._because(Answer.SNOOZED, until=until, due_on=due_on)
        said = [
            row
            for row in rows.values()
            if (row.reminder.occurrence, row.reminder.channel) == (number, self._channel)
            and row.reminder.planned_at <= self._now
        ]
        if said:
            latest = max(said, key=lambda row: row.reminder.planned_at)
            is_skipped = latest.state is State.SKIPPED
            answer = Answer.SKIPPED if is_skipped else Answer.SENT
            return self._because(answer, due_on=due_on, row=latest, reason=latest.reason)
        if following is None:
            takes_part = plan_of(self._user, bill).takes_part(self._channel, 0)
            return self._because(Answer.NO_MORE if takes_part else Answer.STANDS_IN, due_on=due_on)
        paid = self._paid_before(number)
        if paid is not None and following.reminder.occurrence == number:
            return self._because(Answer.PAID, due_on=paid)
        return self._because(Answer.NOT_YET, due_on=due_on)

    def _paid_before(self, number: int) -> date | None:
        """The date before `number`, if it is paid and is the last one that is past or so near that
        its reminders would be due."""
        plan = plan_of(self._user, self._bill)
        ahead = timedelta(days=max(plan.lead_days, default=0))
        near = [
            (each, due_on)
            for each, due_on in takewhile(
                lambda date_: date_[1] <= self._today + ahead, self._bill.owed_occurrences()
            )
            if each != number
        ]
        if not near:
            return None
        each, due_on = near[-1]
        return due_on if self._bill.is_closed(each) else None

    def _because(
        self,
        answer: Answer,
        *,
        at: datetime | None = None,
        until: date | None = None,
        due_on: date | None = None,
        reason: str | None = None,
        row: Recorded | None = None,
    ) -> Explanation:
        return Explanation(self._bill, self._channel, answer, at, until, due_on, reason, row)
