"""Users and bills as a file or a form gives them: made new, or changed."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from functools import partial
from itertools import batched
from types import MappingProxyType

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.choices import bill_chose
from bill_reminders.domain.clock import local_date
from bill_reminders.domain.errors import BillRemindersError, InvalidValue
from bill_reminders.domain.loans import Loan, schedule
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.people import User
from bill_reminders.storage import addresses, identities
from bill_reminders.storage.accounts import (
    Account,
    Change,
    change,
    put_bill,
    read,
    register,
    with_user,
)
from bill_reminders.storage.transactions import Stale


class Saved(StrEnum):
    """What saving did."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


def save_user(user: User, *, shards: int, now: datetime) -> Saved:
    """Register a user, or change one who exists. An address that is new is greeted anew. Whoever
    signs in decides by themselves: a file changes nothing of theirs.

    Raises addresses.AddressTaken when one of them is another user's.
    """
    user = addresses.minding_stops(user)
    try:
        register(user, shards=shards)
    except Stale:
        if identities.signed_in_as(user.user_id) is not None:
            return Saved.UNCHANGED
        changed = change(user.user_id, now=now, edit=lambda account: _with_user(account, user))
        return Saved.CHANGED if changed else Saved.UNCHANGED
    return Saved.NEW


def _with_user(account: Account, wanted: User) -> Change | None:
    return with_user(account, _keeping_choices(wanted, account.user))


def _keeping_choices(wanted: User, known: User) -> User:
    """`wanted` with what the user set otherwise by themselves, and what only they decide: plans by
    kind, code word, tips, STOP, links."""
    reachable = {
        channel: replace(address, stopped_at=old.stopped_at, stopped_by=old.stopped_by)
        if (old := known.addresses.get(channel)) is not None
        and addresses.is_same(channel, old.value, address.value)
        else address
        for channel, address in wanted.addresses.items()
    }
    kept = replace(
        _keeping_chosen(wanted, known),
        kind_plans=wanted.kind_plans or known.kind_plans,
        code_word=known.code_word,
        tips=known.tips,
        links_closed_at=known.links_closed_at,
        addresses=MappingProxyType(reachable),
    )
    if reachable.keys() & set(kept.plan.channels):
        return kept
    # the addresses of the channels that they chose are gone: better another than silence
    plan = replace(kept.plan, channels=wanted.plan.channels, joins=wanted.plan.joins)
    return replace(kept, plan=plan)


BILLS_AT_ONCE = 50
"""Bills that one transaction saves: well below what it takes."""

Draft = Callable[[date], Bill]
"""Makes a bill, given the date from which on it is owed unless the draft knows a better one."""


def save_bills(
    user_id: str,
    drafts: Iterable[Draft],
    *,
    now: datetime,
    unlabelled: Collection[str] = (),
    own: bool = False,
) -> Counter[Saved]:
    """Create or change bills of one user, as a file gives them.

    What a draft cannot know is kept: since when the bill is owed, what happened to it (statements,
    payments, snoozes, its end), and which number an occurrence has. So is what a draft leaves open
    in the plan of a bill that is known, and the label of those that `unlabelled` names; what it
    does say there counts unless the user set it otherwise, or the file is the user's `own`. A new
    bill is owed from the user's today. Raises TooManyBills, before anything is saved, and what
    accounts.change raises.
    """
    total: Counter[Saved] = Counter()
    keep = partial(_from_file, unlabelled=unlabelled, own=own)
    batches = list(batched(drafts, BILLS_AT_ONCE, strict=False))
    if len(batches) > 1:
        _rehearse(user_id, batches, keep, now)
    for batch in batches:
        saved: Counter[Saved] = Counter()
        edit = partial(_with_bills, drafts=batch, keep=keep, now=now, saved=saved)
        change(user_id, now=now, edit=edit)
        total += saved
    return total


Keep = Callable[[Bill, Draft, date], Bill]
"""Makes of a known bill, a draft and the user's today what the bill is from now on."""


def _rehearse(user_id: str, batches: Iterable[Iterable[Draft]], keep: Keep, now: datetime) -> None:
    """Raises what saving would, as the account stands now.

    Each batch is a transaction of its own, so this is no promise: who adds bills at the same time
    can take the room, and an account that never holds still or a lost connection can end the saving
    between two batches. What is saved by then stays, and the same file may be sent again.
    """
    account = read(user_id, now=now)
    for batch in batches:
        change = _with_bills(account, batch, keep, now, Counter())
        account = account if change is None else change.after


def _with_bills(
    account: Account, drafts: Iterable[Draft], keep: Keep, now: datetime, saved: Counter[Saved]
) -> Change | None:
    saved.clear()
    after, writes, today = account, [], local_date(now, account.user.zone)
    for draft in drafts:
        bill = draft(today)
        known = account.bill(bill.bill_id)
        if known is not None:
            bill = keep(known, draft, today)
        saved[_verdict(known, bill)] += 1
        if bill != known:
            after = after.with_bill(bill)
            writes.append(put_bill(bill))
    need_room(account, after)
    return Change(after, tuple(writes)) if writes else None


def _from_file(
    known: Bill, draft: Draft, today: date, *, unlabelled: Collection[str], own: bool
) -> Bill:
    """The draft as the bill that a file changes on the user's `today`."""
    said = _with_history(known, draft, today)
    given = replace(
        said,
        loan=_with_prepayments(said, known),
        plan_change=said.plan_change.over(known.plan_change),
        label=known.label if known.bill_id in unlabelled else said.label,
    )
    given = bill_chose(known, given) if own else _keeping_chosen(given, known)
    return _keeping_paid(given, known, today)


def _with_prepayments(said: Bill, known: Bill) -> Loan | None:
    """The loan that a file gives; where only its rate or method is another one, with what was paid
    back early, which no file knows."""
    loan, before = said.loan, known.loan
    if loan is None or before is None or loan.prepayments:
        return loan
    if (loan.principal, loan.instalments) != (before.principal, before.instalments):
        return loan
    try:
        same = replace(loan, prepayments=before.prepayments)
        schedule(same)
    except InvalidValue:  # by that rate or method it cannot have been paid
        return loan
    return same


def _keeping_paid(given: Bill, known: Bill, today: date) -> Bill:
    """`given`, where a due date before `today` that was paid still costs what it did: else a file
    with a higher amount would open it again."""
    for number in sorted({payment.occurrence for payment in known.payments}):
        due_on, amount = known.due_on(number), known.owed(number).amount
        if amount is None or due_on is None or due_on >= today:
            continue
        if known.is_closed(number) and not given.is_closed(number):
            with suppress(InvalidValue):  # it was paid in another currency than it was owed in
                given = given.with_statement(Statement(number, amount))
    return given


def in_place_of(known: Bill, draft: Draft, today: date) -> Bill:
    """The draft as the bill that its user changes: with all that happened to it up to the user's
    local date `today`."""
    return bill_chose(known, _with_history(known, draft, today))


def _with_history(known: Bill, draft: Draft, today: date) -> Bill:
    wanted = draft(known.owed_from)
    loan = wanted.loan
    if loan is not None and known.loan is not None and loan == replace(known.loan, prepayments=()):
        loan = known.loan
    # a loan's terms hold from the first date that comes with them
    recurrence = wanted.recurrence.in_place_of(known.recurrence, keep_anchor=loan is None)
    if wanted.follows(known):
        recurrence = replace(recurrence, first_number=known.recurrence.first_number + 1)
    bill = replace(
        wanted,
        loan=loan,
        recurrence=recurrence,
        statements=known.statements,
        payments=known.payments,
        failed_debits=known.failed_debits,
        reopened=known.reopened,
        closed_at=known.closed_at,
        silence=known.silence,
        chosen=known.chosen,
    )
    return bill.with_snoozes_of(known).with_overdue_of(known, today)


def _keeping_chosen[T: (User, Bill)](wanted: T, known: T) -> T:
    """`wanted` with what the user chose of `known`."""
    kept = {name: getattr(known, name) for name in known.chosen}
    return replace(wanted, chosen=known.chosen, **kept)


MOST_OPEN_BILLS = 500
MOST_BILLS = 2000
"""With those that are closed: planning and lists read all of them."""


class TooManyBills(BillRemindersError):
    """A user's bills would be more than planning can be asked to read."""

    def __init__(self, most: int, which: str) -> None:
        super().__init__(f"more than {most} {which} bills")
        self.most = most
        self.which = which


def need_room(before: Account, after: Account) -> None:
    """Raises TooManyBills when a change adds bills beyond what one user may have."""
    if len(after.bills) <= len(before.bills):
        return
    if len(after.bills) > MOST_BILLS:
        raise TooManyBills(MOST_BILLS, "stored")
    need_room_for_open(after)


def need_room_for_open(account: Account) -> None:
    """Raises TooManyBills when more bills are open than one user may have."""
    bills = account.bills
    if len(bills) > MOST_OPEN_BILLS and sum(map(_is_open, bills)) > MOST_OPEN_BILLS:
        raise TooManyBills(MOST_OPEN_BILLS, "open")


def _is_open(bill: Bill) -> bool:
    # before its dates nothing is presumed to be paid: what is only presumed keeps a bill open
    return bill.closed_at is None and bill.first_unpaid(date.min) is not None


def _verdict(known: Bill | None, bill: Bill) -> Saved:
    if known is None:
        return Saved.NEW
    return Saved.UNCHANGED if bill == known else Saved.CHANGED
