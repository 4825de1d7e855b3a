"""Users and bills as a file gives them. What users chose by themselves stays."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import zip_longest
from types import MappingProxyType

from bill_reminders.commands.bills import BillFactory, basis, entered, need_room, with_history
from bill_reminders.commands.drafts import (
    GivenTerms,
    SeveralTerms,
    TermsRefused,
    followed_by,
    in_terms_of,
    with_credit,
    with_fee_of,
)
from bill_reminders.domain import edits, several_terms
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.bounds import Room
from bill_reminders.domain.errors import BillRemindersError, InvalidValue
from bill_reminders.domain.loans import Loan, schedule
from bill_reminders.domain.overrides import with_bill_overrides
from bill_reminders.domain.people import User, same_address


class Saved(StrEnum):
    """What saving did."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


FIRST_TERMS = ("principal", "rate", "instalments", "method")
LATER_TERMS = ("rate_changes", "stated_instalment", "first_period_days")
"""Terms of a loan for which billers' files had no columns at first."""


@dataclass(frozen=True, slots=True)
class Merging:
    """How a file's bills meet those that are there. The label of those that `unlabelled` names is
    left open; `own` tells that the file is the user's own word. With `leave_out` a bill that
    cannot be so is refused by itself, without it all are."""

    unlabelled: Collection[str] = ()
    own: bool = False
    leave_out: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """An account with a file's bills in it; what became of each draft, and by its place each one
    that was left out."""

    after: Account
    saved: Counter[Saved] = field(default_factory=Counter)
    refused: tuple[tuple[int, InvalidValue], ...] = ()


type Draft = BillFactory | SeveralTerms
"""A bill as a file gives it, with the same terms for all dates or with several."""


def import_user(account: Account, wanted: User) -> Account:
    """The user as a biller's file gives them, with what they set otherwise by themselves, and what
    only they decide: plans by kind, code word, tips, STOP, links."""
    known = account.user
    reachable = {
        channel: replace(address, stopped_at=old.stopped_at, stopped_by=old.stopped_by)
        if (old := known.addresses.get(channel)) is not None
        and same_address(channel, old.value, address.value)
        else address
        for channel, address in wanted.addresses.items()
    }
    kept = replace(
        _keeping_overrides(wanted, known),
        kind_plans=wanted.kind_plans or known.kind_plans,
        code_word=known.code_word,
        tips=known.tips,
        links_closed_at=known.links_closed_at,
        self_registered=known.self_registered,
        addresses=MappingProxyType(reachable),
    )
    if not reachable.keys() & set(kept.plan.channels):
        # the addresses of the channels that they chose are gone: better another than silence
        plan = replace(kept.plan, channels=wanted.plan.channels, joins=wanted.plan.joins)
        kept = replace(kept, plan=plan)
    return account.with_user(kept)


class DraftRefused(BillRemindersError):
    """A bill of a file that cannot be so, by its place among the drafts; `error` says why."""

    def __init__(self, place: int, error: InvalidValue) -> None:
        super().__init__(str(error))
        self.place = place
        self.error = error


def import_bills(
    account: Account, drafts: Iterable[tuple[int, Draft]], merging: Merging, *, now: datetime
) -> Imported:
    """Create or change bills as a file gives them, each with its place in it.

    What a draft cannot know is kept: since when the bill is owed, what happened to it (statements,
    payments, snoozes, its end), and which number an occurrence has. So is what a draft leaves open
    in the plan of a bill that is known; what it does say there counts unless the user set it
    otherwise, or the file is their own. A new bill is owed from the user's today; one of their own
    as if they entered it. Of a bill that is known, terms whose dates are over say nothing: what is
    over keeps what it had. Raises TooManyBills; DraftRefused unless such bills are left out.
    """
    after, today = account, account.today(now)
    room = Room(account.user, account.bills, today)
    saved: Counter[Saved] = Counter()
    refused: list[tuple[int, InvalidValue]] = []
    for place, draft in drafts:
        try:
            known, bill = _of_draft(account, draft, today, merging)
            room.take(bill)
        except InvalidValue as error:
            if not merging.leave_out:
                raise DraftRefused(place, error) from error
            refused.append((place, error))
            continue
        saved[_verdict(known, bill)] += 1
        if bill != known:
            after = after.with_bill(bill)
    need_room(account, after)
    return Imported(after, saved, tuple(refused))


def _of_draft(
    account: Account, draft: Draft, today: date, merging: Merging
) -> tuple[Bill | None, Bill]:
    """The bill that a draft names, if it is known, and as it shall be."""
    several = draft if isinstance(draft, SeveralTerms) else SeveralTerms(((None, draft),))
    known = account.bill(several.bill_id(today))
    if known is not None:
        return known, _from_file(known, several, today, merging)
    whole = several.as_of(today)
    return None, entered(whole, today) if merging.own else whole(today)


def _from_file(known: Bill, several: SeveralTerms, today: date, merging: Merging) -> Bill:
    """`known` as a file changes it from the user's `today` on."""
    first = edits.first_to_change(known, today, None)
    ended = known.in_terms_of(None).terms_begin or today
    first_date = max(today, ended if first is None else first[1])
    in_order = several.in_order(today)
    begun = [each for each in in_order if each.since <= first_date]
    try:
        now = begun[-1] if begun else in_order[0]
        said_now = bill = _from_now_on(known, now, today, merging, with_terms=bool(begun))
        later = in_order[len(begun) :]
        for now, following in zip_longest(later, later[1:]):
            if following is None or _has_a_date_before(following.since, now.since, bill, today):
                bill = _later(bill, now, today, merging)
    except InvalidValue as error:
        raise TermsRefused(error, now.place) from error
    return with_fee_of(said_now, bill.as_of(today))


def _has_a_date_before(end: date, since: date, bill: Bill, today: date) -> bool:
    """Whether any date from `since` on may change before `end`: all may be paid ahead."""
    first = edits.first_to_change(bill, today, since)
    return first is None or first[1] < end


def _from_now_on(
    known: Bill, terms: GivenTerms, today: date, merging: Merging, *, with_terms: bool
) -> Bill:
    """`known` with what a draft says of it, and of its terms from now on if it says them."""
    since, _, draft = terms
    said_now = draft(today)
    if with_terms:
        known = _without_credit(known, said_now)
    begins = basis(known, today)
    is_known = several_terms.says_the_same(said_now, begins) or several_terms.is_written(
        known, since, said_now
    )
    keeps_terms = not with_terms or is_known

    def wanted(owed_from: date) -> Bill:
        said = in_terms_of(begins, draft(owed_from)) if keeps_terms else draft(owed_from)
        given = replace(
            said,
            loan=_with_rates(said.loan, begins.loan, merging),
            plan_change=said.plan_change.over(known.plan_change),
            label=known.label if known.bill_id in merging.unlabelled else said.label,
        )
        return given if merging.own else _keeping_overrides(given, begins)

    try:
        given = with_history(begins, wanted, today)
    except edits.NothingToCome:
        return _from_now_on(known, terms, today, merging, with_terms=False)
    if with_terms:
        given = with_credit(given, said_now)
    return with_bill_overrides(begins, given) if merging.own else given


def _later(known: Bill, terms: GivenTerms, today: date, merging: Merging) -> Bill:
    """`known` with the terms of a draft from a later day on, and all else as it is."""

    if several_terms.is_written(known, terms.since, terms.draft(today)):
        return known

    def wanted(owed_from: date) -> Bill:
        said = terms.draft(owed_from)
        return replace(said, loan=_with_rates(said.loan, known.loan, merging))

    try:
        return followed_by(known, wanted, terms.since, today)
    except edits.NothingToCome:
        return known


def _without_credit(known: Bill, said: Bill) -> Bill:
    """`known` without the credit of the first date that a file says, when it now says an amount."""
    found = next(known.dates_from(said.recurrence.first_due), None)
    if found is None or said.amount is None or said.statements:
        return known
    amount = known.owed(found[0]).amount
    is_credit = amount is not None and amount.amount < 0
    return known.without_statement(found[0]) if is_credit else known


def _with_rates(said: Loan | None, known: Loan | None, merging: Merging) -> Loan | None:
    """The loan that a file gives. A biller's that says no changes of the rate leaves those that are
    known of a loan whose first terms stay."""
    if said is None or known is None or merging.own:
        return said
    if any(getattr(said, name) != getattr(known, name) for name in FIRST_TERMS):
        return said
    left_open = {name: getattr(known, name) for name in LATER_TERMS if not getattr(said, name)}
    try:
        whole = replace(said, **left_open, period_days=known.period_days)
        schedule(whole)
    except InvalidValue:  # one of them does not go with what the file says
        return said
    return whole


def _keeping_overrides[T: (User, Bill)](wanted: T, known: T) -> T:
    """`wanted` with what the user chose of `known`."""
    kept = {name: getattr(known, name) for name in known.overrides}
    return replace(wanted, overrides=known.overrides, **kept)


def _verdict(known: Bill | None, bill: Bill) -> Saved:
    if known is None:
        return Saved.NEW
    return Saved.UNCHANGED if bill == known else Saved.CHANGED
