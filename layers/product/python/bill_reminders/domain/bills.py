"""Bills and their occurrences: what a user owes a biller, on which dates, and how much."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from heapq import merge
from itertools import takewhile
from operator import itemgetter

from dateutil.relativedelta import relativedelta

from bill_reminders.domain import cards
from bill_reminders.domain import terms as terms_of_bills
from bill_reminders.domain.enums import Kind, Label, Shift
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Loan, rounding_unit
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import (
    Owed,
    Payment,
    Statement,
    expected,
    far_above,
)
from bill_reminders.domain.people import NO_CHANGE, PlanChange
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.domain.terms import Dated, Kept, Terms
from bill_reminders.domain.working_days import (
    FURTHEST,
    Place,
    is_working_day,
    last_working_day_before,
    payable_date,
)

LATE_AT_MOST = 60
"""Days after the due date until which an occurrence is reminded of: the reach of a plan's overdue
days, and so of a snooze and of a failed debit."""


HOW_TO_PAY = ("pay_link", "reference", "note")
"""The fields of a bill in which its user says how they pay it: texts, each None while there is
none. The journal tells that one changed and not what it says."""


@dataclass(frozen=True, slots=True)
class Snooze:
    """The user's wish to hear of an occurrence on the local date `until`, and not before."""

    occurrence: int
    until: date


@dataclass(frozen=True, slots=True)
class FailedDebit:
    """An automatic payment of an occurrence that did not go through, at a UTC instant. `event` is
    the biller's name for it."""

    occurrence: int
    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class Reopened:
    """A payment of an occurrence was undone at a UTC instant."""

    occurrence: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Heard:
    """The nominal due date of an occurrence of which its user may have heard last, before a change
    moved it to another one. Back on that date its due-date revision is `revision`; on every other
    date it is `following`."""

    occurrence: int
    due_on: date
    revision: int
    following: int

    def revision_on(self, due_on: date) -> int:
        return self.revision if due_on == self.due_on else self.following


class MuteReason(StrEnum):
    """Why a bill is not reminded of although it goes on."""

    STOPPED = "stopped"
    """Its user wants no reminders of it."""
    NOT_MINE = "not_mine"
    """Its user says that they owe nothing of the kind; its biller was told."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Since a UTC instant nothing reminds of a bill, until its user takes that back."""

    at: datetime
    reason: MuteReason


@dataclass(frozen=True, slots=True)
class Bill:
    """What a user owes a biller, once or again and again.

    `amount` is what each occurrence costs unless a statement says otherwise; None when it differs
    each time. A `loan`'s instalments fall due from the recurrence's first date on and say the
    amounts. `statement_day` is the day of the month of a card's statement, 31 for the last one.
    With `autopay` the biller takes the money by itself. `late_fee` is what the biller charges once
    for a due date that is missed, in the bill's currency; `late_apr` is its yearly interest on what
    is overdue, in percent, from 0 to 1000. Each is None while nobody knows it, and zero where there
    is none.

    What fell due before `owed_from` (a local date) is not owed, see `owes`. A bill with `closed_at`
    set reminds of nothing any more, one with a `mute` of nothing until that is taken back.
    `place` is where the biller is: its weekends and holidays decide what `shift` makes of a due
    date that is not a working day. Statements stand in the order of their occurrences, one for
    each; snoozes and reopenings, too, are one for each. `overrides` are the fields that the user
    set otherwise than their biller's file: see domain.overrides. `heard` is one for each occurrence
    whose date moved after its user may have heard of it: see domain.revisions. `settled` are the
    first and last numbers of spans of closed occurrences that nothing else is kept of here: see
    domain.older. All three change only with other fields. `version` rises with each write of the
    bill.

    What domain.terms.VALUES names are the terms in force: those of the first date that is neither
    closed nor past, once the bill is `as_of` a day. `terms_from` is the number of their first
    occurrence, due on `terms_begin`; None where they hold for all. `earlier_terms` hold before
    them, `later_terms` after them, each in order. `kept` are closed occurrences that terms came
    over later: they keep their dates and amounts.

    `currency` may be known before any amount is; the amount or the loan, where there is one, says
    it. A statement may differ. None while it is not known. `pay_link` is the address of a page at
    which it can be paid, `reference` what its user writes with the payment, `note` a text for its
    user alone, which no message says.

    Raises InvalidValue ("late_fee") for one in another currency than the bill's.
    """

    user_id: str
    bill_id: str
    biller: str
    name: str
    recurrence: Recurrence
    owed_from: date
    kind: Kind = Kind.OTHER
    label: Label = Label.PERSONAL
    amount: Money | None = None
    loan: Loan | None = None
    statement_day: int | None = None
    autopay: bool = False
    late_fee: Money | None = None
    late_apr: Decimal | None = None
    plan_change: PlanChange = NO_CHANGE
    statements: tuple[Statement, ...] = ()
    payments: tuple[Payment, ...] = ()
    snoozes: tuple[Snooze, ...] = ()
    failed_debits: tuple[FailedDebit, ...] = ()
    reopened: tuple[Reopened, ...] = ()
    closed_at: datetime | None = None
    mute: Mute | None = None
    place: Place | None = None
    shift: Shift = Shift.NONE
    currency: str | None = None
    pay_link: str | None = field(default=None, repr=False)
    reference: str | None = field(default=None, repr=False)
    note: str | None = field(default=None, repr=False)
    loan_first: int | None = None
    terms_from: int | None = None
    terms_begin: date | None = None
    earlier_terms: tuple[Terms, ...] = ()
    later_terms: tuple[Terms, ...] = ()
    kept: tuple[Kept, ...] = ()
    overrides: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    heard: tuple[Heard, ...] = field(default=(), compare=False, repr=False)
    settled: tuple[tuple[int, int], ...] = field(default=(), compare=False, repr=False)
    version: int = field(default=0, compare=False, repr=False)

    def __post_init__(self) -> None:
        currency = self._currency_of_terms()
        if self.late_fee is not None and self.late_fee.currency != currency:
            raise InvalidValue("late_fee", f"not in the bill's currency: write it in {currency}")
        object.__setattr__(self, "currency", currency)  # it is frozen, and knows better now

    @property
    def is_not_mine(self) -> bool:
        """Whether its user says that they owe nothing of the kind."""
        return self.mute is not None and self.mute.reason is MuteReason.NOT_MINE

    @property
    def reminds(self) -> bool:
        """Whether anything of it may be reminded of."""
        return self.closed_at is None and self.mute is None

    def due_on(self, number: int) -> date | None:
        """The nominal due date of occurrence `number`, its statement's own where that has one; None
        when there is none: the bill has ended, or the loan has no instalment then."""
        usual = self._usual_due_on(number)
        if usual is None or not self.statements:
            return usual
        return self._stated_dates.get(number, usual)

    def _usual_due_on(self, number: int) -> date | None:
        if self.kept and (kept := self._kept(number)) is not None:
            return kept.due_on
        if self.terms_from is not None and number < self.terms[0].first:
            return None
        due_on = terms_of_bills.due_on(self.terms_of(number), number)
        return None if self.kept and self._is_kept(due_on) else due_on

    def _is_kept(self, due_on: date | None) -> bool:
        """Whether a date is that of an occurrence that keeps its own."""
        return any(each.due_on == due_on for each in self.kept)

    def terms_of(self, number: int) -> Dated:
        """What holds for occurrence `number`: this bill's own terms, or earlier or later ones."""
        if self.terms_from is None:
            return self
        if self.kept and (kept := self._kept(number)) is not None:
            return self._terms_on(kept.due_on)  # its number is from before them
        for later in reversed(self.later_terms):
            if number >= later.first:
                return later
        if number >= self.terms_from or not self.earlier_terms:
            return self
        for earlier in reversed(self.earlier_terms):
            if number >= earlier.first:
                return earlier
        return self.earlier_terms[0]

    def _terms_on(self, due_on: date) -> Dated:
        """What holds for the occurrence that is due on a nominal date."""
        for later in reversed(self.later_terms):
            if due_on >= later.begins:
                return later
        if self.terms_begin is None or due_on >= self.terms_begin or not self.earlier_terms:
            return self
        for earlier in reversed(self.earlier_terms):
            if due_on >= earlier.begins:
                return earlier
        return self.earlier_terms[0]

    def _kept(self, number: int) -> Kept | None:
        return next((each for each in self.kept if each.number == number), None)

    @property
    def terms(self) -> tuple[Terms, ...]:
        """All that hold, one after the other."""
        return (*self.earlier_terms, self._own_terms, *self.later_terms)

    @property
    def _own_terms(self) -> Terms:
        first, begins = self.terms_from, self.terms_begin
        if first is None or begins is None:
            number, due_on = self.recurrence.first_number, self.recurrence.first_due
            first, begins = min([(number, due_on), *self.recurrence.earlier])
        return Terms(first, begins, **terms_of_bills.values(self))

    def with_terms(self, several: Sequence[Terms], in_force: int) -> "Bill":
        """This bill with these terms, of which `several[in_force]` are those in force. A late fee
        in another currency than theirs is not known any more."""
        own = several[in_force]
        alone = len(several) == 1 and terms_of_bills.hold_for_all(own)
        fee = self.late_fee
        if fee is not None and own.currency not in (None, fee.currency):
            fee = None
        return replace(
            self,
            **terms_of_bills.values(own),
            late_fee=fee,
            terms_from=None if alone else own.first,
            terms_begin=None if alone else own.begins,
            earlier_terms=tuple(several[:in_force]),
            later_terms=tuple(several[in_force + 1 :]),
        )

    def as_of(self, today: date) -> "Bill":
        """This bill with those terms as its own that are in force on the local date `today`."""
        if not self.earlier_terms and not self.later_terms:
            return self
        to_come = self.first_to_come(today)
        return self.in_terms_of(None if to_come is None else to_come[0])

    def in_terms_of(self, number: int | None) -> "Bill":
        """This bill with the terms of occurrence `number` as its own; with None the last ones."""
        several = self.terms
        if len(several) == 1:
            return self
        begun = [at for at, each in enumerate(several) if number is None or each.first <= number]
        in_force = begun[-1] if begun else 0
        if in_force == len(self.earlier_terms):
            return self
        return self.with_terms(several, in_force)

    def first_to_come(self, day: date) -> tuple[int, date] | None:
        """The first occurrence that is payable on `day` or later and neither closed nor kept, be it
        owed or not: its number and nominal date. None when there is none."""
        ahead = self.dates_from(day - FURTHEST if self.moves_on else day)
        return next(
            (
                (number, due_on)
                for number, due_on in ahead
                if self.payable_on(due_on) >= day and self.may_change(number)
            ),
            None,
        )

    def may_change(self, number: int) -> bool:
        """Whether terms that come from now on may be those of occurrence `number`: it is neither
        closed nor kept."""
        return not self.is_closed(number) and self._kept(number) is None

    @property
    def _stated_dates(self) -> dict[int, date]:
        return {e.occurrence: e.due_on for e in self.statements if e.due_on is not None}

    def dates_from(self, day: date) -> Iterator[tuple[int, date]]:
        """All occurrences that are due on the nominal date `day` or later, in the order of their
        dates, owed or not: each with its number and its date."""
        stated = self._stated_dates if self.statements else {}
        if not stated:
            return self._usual_dates_from(day)
        usual = (each for each in self._usual_dates_from(day) if each[0] not in stated)
        own = [
            (number, due_on)
            for number, due_on in stated.items()
            if due_on >= day and self._usual_due_on(number) is not None
        ]
        by_date = itemgetter(1, 0)
        return merge(usual, sorted(own, key=by_date), key=by_date)

    def revision(self, number: int, due_on: date) -> int:
        """The due-date revision of occurrence `number` while it is due on `due_on`; 0 where nothing
        is stored, and then it is whatever the ledger's rows of that date say."""
        heard = next((each for each in self.heard if each.occurrence == number), None)
        return 0 if heard is None else heard.revision_on(due_on)

    def payable_on(self, due_on: date) -> date:
        """The date after the weekend and holiday shift: lead days and overdue days count from it,
        and the words name it. Occurrence numbers and end dates follow the nominal `due_on`.

        Raises what working_days.payable_date raises.
        """
        terms = self if self.terms_from is None else self._terms_on(due_on)
        return payable_date(due_on, terms.shift, terms.place)

    def last_working_day(self, payable_on: date) -> date | None:
        """The last working day before, when money may not move on `payable_on` itself; None when
        it is a working day, or when nobody knows where the biller works."""
        if self.place is None or is_working_day(payable_on, self.place):
            return None
        return last_working_day_before(payable_on, self.place)

    def owes(self, due_on: date) -> bool:
        """Whether what falls due on the nominal date `due_on` is owed: it is, too, when only one of
        this date and the payable one came before `owed_from`."""
        return due_on >= self.owed_from or self.payable_on(due_on) >= self.owed_from

    def occurrences_from(self, day: date) -> Iterator[tuple[int, date]]:
        """The owed occurrences that are payable on `day` or later, in order: each with its number
        and its nominal due date."""
        earliest = max(day, self.owed_from)
        # no holidays last longer, so nothing that is due before this is payable after `earliest`
        start = earliest - FURTHEST if self.moves_on else earliest
        for number, due_on in self.dates_from(start):
            if self.owes(due_on) and self.payable_on(due_on) >= day:
                yield number, due_on

    @property
    def autopays(self) -> frozenset[bool]:
        """Whether the biller takes the money by itself, in any of its terms."""
        return frozenset(each.autopay for each in self.terms)

    @property
    def moves_on(self) -> bool:
        """Whether a weekend or a holiday may move a date to a later day."""
        if self.terms_from is None:
            return self.shift is Shift.NEXT
        return any(each.shift is Shift.NEXT for each in self.terms)

    def _usual_dates_from(self, day: date) -> Iterator[tuple[int, date]]:
        if self.terms_from is None and not self.kept:
            return (
                self.recurrence.from_day(day)
                if self.loan is None
                else terms_of_bills.dates_from(self, day)
            )
        own = ((each.number, each.due_on) for each in self.kept if each.due_on >= day)
        return merge(self._dates_by_terms(day), sorted(own, key=_due), key=_due)

    def _dates_by_terms(self, day: date) -> Iterator[tuple[int, date]]:
        several = self.terms
        ends = (*(each.first for each in several[1:]), None)
        kept = {each.number for each in self.kept}
        for each, end in zip(several, ends, strict=True):
            for number, due_on in terms_of_bills.dates_from(each, max(day, each.begins)):
                if end is not None and number >= end:
                    break
                if number >= each.first and number not in kept and not self._is_kept(due_on):
                    yield number, due_on

    def owed_occurrences(self) -> Iterator[tuple[int, date]]:
        """All that are owed, in order, as `occurrences_from` gives them."""
        return self.occurrences_from(date.min)

    def statement_on(self, due_on: date) -> date | None:
        """The date of the statement that says what is due on the nominal date `due_on`."""
        terms = self._terms_on(due_on)
        if terms.recurrence.after_statement:
            return due_on - terms.recurrence.after_statement * DAY
        if terms.statement_day is None:
            return None
        this_month = _day_of_month(due_on, terms.statement_day)
        if this_month < due_on:
            return this_month
        return _day_of_month(due_on - relativedelta(months=1), terms.statement_day)

    def owed(self, number: int) -> Owed:
        """What occurrence `number` costs and what is left of it, as far as anybody knows. A loan's
        instalment is paid by as much as the lender's may differ by rounding."""
        before = [each for each in self.statements if each.occurrence < number]
        terms, kept = self.terms_of(number), self._kept(number)
        amount, minimum, usual, tolerance = terms.amount, None, None, Decimal(0)
        stated = next((each for each in self.statements if each.occurrence == number), None)
        if stated is not None:
            amount, minimum = stated.amount, stated.minimum
            usual = far_above(amount, before)
        elif kept is not None and kept.amount is not None:
            amount = kept.amount
        elif terms.loan is not None and (
            (instalment := terms_of_bills.instalment_of(terms, number)) is not None
        ):
            amount = Money(instalment.total, terms.loan.principal.currency)
            tolerance = rounding_unit(amount.currency)
        due_on = self.due_on(number) if amount is None else None
        statement_on = None if due_on is None else self.statement_on(due_on)
        payments = [payment for payment in self.payments if payment.occurrence == number]
        return Owed(
            amount=amount,
            minimum=minimum,
            paid=_sum_in(None if amount is None else amount.currency, payments),
            settled=self.is_settled(number) or any(each.amount is None for each in payments),
            # what a card will come to depends on what is bought, not on what was
            expected=expected(before) if amount is None and statement_on is None else None,
            statement_on=statement_on,
            usual=usual,
            tolerance=tolerance,
        )

    def currency_of(self, number: int) -> str | None:
        """Of what is paid of occurrence `number`: that of its amount, of what was paid of it
        before, or the bill's. None while none of them is known."""
        amount = self.owed(number).amount
        if amount is not None:
            return amount.currency
        return self._paid_currency(number) or self.terms_of(number).currency

    def is_closed(self, number: int) -> bool:
        """Whether nothing is left to pay of an occurrence: it was paid, or its statement says that
        nothing is owed."""
        is_known = any(payment.occurrence == number for payment in self.payments) or any(
            statement.occurrence == number for statement in self.statements
        )
        return self.is_settled(number) or (is_known and self.owed(number).is_closed)

    def is_settled(self, number: int) -> bool:
        """Whether an occurrence was closed so long ago that what closed it is kept elsewhere."""
        return any(first <= number <= last for first, last in self.settled)

    def is_presumed_paid(self, number: int, payable_on: date, today: date) -> bool:
        """Whether an automatic payment was due before the local date `today`, and nobody says that
        it failed: the biller says only that."""
        failed = any(each.occurrence == number for each in self.failed_debits)
        return self.terms_of(number).autopay and payable_on < today and not failed

    def is_open(self, number: int, payable_on: date, today: date) -> bool:
        """Whether an occurrence is left to pay on the local date `today`, as far as anybody knows:
        it is neither paid nor presumed to be, nor carried, see domain.cards."""
        return not (
            self.is_closed(number)
            or self.is_presumed_paid(number, payable_on, today)
            or cards.is_carried(self, number, today)
        )

    def is_overdue(self, number: int, payable_on: date, today: date) -> bool:
        """Whether an occurrence is open on the local date `today`, its payable date is over, and
        what had to be paid by then was not: with its minimum met it is not overdue."""
        return (
            payable_on < today
            and self.is_open(number, payable_on, today)
            and not cards.is_minimum_met(self, number)
        )

    def is_past_and_open(self, number: int, due_on: date, today: date) -> bool:
        """Whether an occurrence is open on the local date `today`, overdue or not, although the
        payable date of the nominal `due_on` is over."""
        payable_on = self.payable_on(due_on)
        return payable_on < today and self.is_open(number, payable_on, today)

    def first_open(self, today: date) -> int | None:
        """The oldest occurrence that is owed and open on the local date `today`, be it overdue or
        still to come. None when nothing is left to pay."""
        for number, due_on in self.owed_occurrences():
            if self.is_open(number, self.payable_on(due_on), today):
                return number
        return None

    def first_unpaid(self, today: date) -> int | None:
        """The occurrence that a payment closes when nobody says which: the oldest that is open, see
        `first_open`; of a card the newest statement that has taken that one in. None when nothing
        is left to pay."""
        number = self.first_open(today)
        return None if number is None else cards.balance_of(self, number, today)

    def debited_last(self, today: date) -> int | None:
        """The occurrence of which a debit failed when nobody says which: the latest open one that
        is payable up to the local date `today`, else the first one that is open."""
        until_today = takewhile(
            lambda owed: self.payable_on(owed[1]) <= today, self.owed_occurrences()
        )
        still_open = [number for number, _ in until_today if not self.is_closed(number)]
        return still_open[-1] if still_open else self.first_unpaid(today)

    def with_statement(self, statement: Statement) -> "Bill":
        """This bill with a statement in place of what it knew about that occurrence.

        Raises InvalidValue when payments of the occurrence are in another currency.
        """
        currency = self._paid_currency(statement.occurrence)
        if currency is not None and currency != statement.amount.currency:
            raise InvalidValue(
                "currency",
                f"payments of it are in {currency}: undo them first, or state the amount in that",
            )
        others = [each for each in self.statements if each.occurrence != statement.occurrence]
        ordered = sorted((*others, statement), key=lambda each: each.occurrence)
        return replace(self, statements=tuple(ordered)).with_snoozes_of(self)

    def without_statement(self, number: int) -> "Bill":
        """This bill as if nothing had been stated for an occurrence; unchanged where nothing
        was."""
        kept = tuple(each for each in self.statements if each.occurrence != number)
        if kept == self.statements:
            return self
        return replace(self, statements=kept).with_snoozes_of(self)

    def with_payment(self, payment: Payment) -> "Bill":
        """This bill with a payment; unchanged when it was noted before, or when it pays all that is
        left and nothing is.

        Raises InvalidValue for a payment in another currency than the bill's.
        """
        known = any(
            each.payment_id == payment.payment_id and each.occurrence == payment.occurrence
            for each in self.payments
            if payment.payment_id
        )
        if known or (payment.amount is None and self.is_closed(payment.occurrence)):
            return self
        if payment.amount is not None:
            currency = self.currency_of(payment.occurrence)
            if currency is not None and currency != payment.amount.currency:
                raise InvalidValue(
                    "currency", f"the bill is in {currency}: write what was paid of that"
                )
        return replace(self, payments=(*self.payments, payment))

    def without_payment(self, payment_id: str, occurrence: int, *, now: datetime) -> "Bill":
        """This bill as if the payment had not been made; what fell due to be reminded of while it
        stood as paid is not made up for. Unchanged when there is no such payment."""
        kept = tuple(
            payment
            for payment in self.payments
            if (payment.payment_id, payment.occurrence) != (payment_id, occurrence)
        )
        if kept == self.payments:
            return self
        undone = replace(self, payments=kept)
        if not self.is_closed(occurrence) or undone.is_closed(occurrence):
            return undone  # it was not this payment that kept the reminders back
        return undone.with_reopened(occurrence, now)

    def with_reopened(self, number: int, at: datetime) -> "Bill":
        """This bill, of which an occurrence needed no reminder until the UTC instant `at`."""
        others = [each for each in self.reopened if each.occurrence != number]
        return replace(self, reopened=(*others, Reopened(number, at)))

    def with_snooze(self, snooze: Snooze) -> "Bill":
        """This bill with a snooze in place of an earlier one of that occurrence."""
        others = [each for each in self.snoozes if each.occurrence != snooze.occurrence]
        return replace(self, snoozes=(*others, snooze))

    def snoozed_until(self, number: int) -> date | None:
        """The day of the snooze of an occurrence, be it over or not; None without one."""
        return next((each.until for each in self.snoozes if each.occurrence == number), None)

    def with_snoozes_of(self, known: "Bill") -> "Bill":
        """This bill with the snoozes of `known` whose wish still holds: to hear on a day up to the
        due date is no wish to hear after it, once the date has moved to before that day."""
        return replace(
            self, snoozes=tuple(each for each in known.snoozes if not self._overtakes(each, known))
        )

    def _overtakes(self, snooze: Snooze, known: "Bill") -> bool:
        before, after = known.due_on(snooze.occurrence), self.due_on(snooze.occurrence)
        if before is None or after is None:
            return False
        return self.payable_on(after) < snooze.until <= known.payable_on(before)

    def without_snooze(self, occurrence: int) -> "Bill":
        """This bill without the snooze of that occurrence."""
        kept = tuple(each for each in self.snoozes if each.occurrence != occurrence)
        return self if kept == self.snoozes else replace(self, snoozes=kept)

    def with_failed_debit(self, failed: FailedDebit) -> "Bill":
        """This bill with a debit that failed; unchanged when it was noted before."""
        if any(each.event == failed.event for each in self.failed_debits):
            return self
        return replace(self, failed_debits=(*self.failed_debits, failed))

    def _currency_of_terms(self) -> str | None:
        loan = None if self.loan is None else self.loan.principal
        if (money := self.amount or loan) is not None:
            return money.currency
        fee = None if self.late_fee is None else self.late_fee.currency
        return self.currency or fee

    def _paid_currency(self, number: int) -> str | None:
        amounts = (each.amount for each in self.payments if each.occurrence == number)
        return next((amount.currency for amount in amounts if amount is not None), None)


def _day_of_month(day: date, number: int) -> date:
    """Day `number` of the month of `day`, the last one where it is shorter."""
    return day.replace(day=min(number, monthrange(day.year, day.month)[1]))


def _due(occurrence: tuple[int, date]) -> date:
    return occurrence[1]


def _sum_in(currency: str | None, payments: Iterable[Payment]) -> Decimal:
    """What was paid, in one currency; without one all of it, which has one then."""
    amounts = (each.amount for each in payments if each.amount is not None)
    same = (each.amount for each in amounts if currency in (None, each.currency))
    return sum(same, Decimal(0))
