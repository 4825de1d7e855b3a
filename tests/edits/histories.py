"""Lives of one bill, drawn at random: a clock that moves, payments, statements, snoozes, failed
debits, and edits from now on, from a later day and by a file, in any order."""

import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import takewhile
from typing import Any

from bill_reminders.commands import bills, imports, payments, snoozes
from bill_reminders.commands.imports import DraftRefused, Merging
from bill_reminders.domain import revisions
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Shift
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.loans import Loan, Method
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.reminders import Reminder
from tests.support.people import a_bill, a_user

DAY = timedelta(days=1)
BEGINS = date(2027, 1, 15)
STEPS = ((1, Unit.MONTH), (1, Unit.WEEK), (2, Unit.WEEK), (10, Unit.DAY), (3, Unit.MONTH))
AMOUNTS = ("100.00", "110.00", "80.00", "95.50")
USER = replace(a_user(channels=(Channel.SMS,)), user_id="ash")
AHEAD = timedelta(days=800)
"""How far ahead dates are looked at: of what never ends there are always some."""


@dataclass(frozen=True)
class Date:
    """One date of a bill as it stands on a day."""

    number: int
    due_on: date
    closed: bool
    overdue: bool
    amount: Money | None


@dataclass(frozen=True)
class Edit:
    """What an edit said, and the bill's dates before and after it."""

    today: date
    before: Bill
    after: Bill
    changed: dict[str, Any]
    since: date | None
    by_file: bool


@dataclass
class Life:
    """A bill, a clock, and what went out about it."""

    seed: int
    chance: random.Random = field(init=False)
    account: Account = field(init=False)
    today: date = BEGINS
    edits: list[Edit] = field(default_factory=list)
    sent: list[tuple[date, Reminder]] = field(default_factory=list)
    happened: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        bill = _a_bill(self.chance)
        self.account = Account(version=1, user=USER, bills=(bill,))
        self.happened["loan" if bill.loan else f"every {bill.recurrence.unit or 'once'}"] += 1

    @property
    def bill(self) -> Bill:
        return self.account.need_bill("bill").as_of(self.today)

    @property
    def now(self) -> datetime:
        return datetime.combine(self.today, time(12), tzinfo=UTC)

    def live(self, happenings: int) -> Iterator[Edit]:
        """Let so much happen; each edit as it is made."""
        acts: tuple[tuple[int, Callable[[], Edit | None]], ...] = (
            (6, self._wait),
            (5, self._pay),
            (2, self._state),
            (1, self._snooze),
            (1, self._debit_fails),
            (1, self._undo),
            (7, self._edit),
        )
        weights, deeds = zip(*acts, strict=True)
        for _ in range(happenings):
            (deed,) = self.chance.choices(deeds, weights)
            edit = deed()
            if edit is not None:
                self.edits.append(edit)
                yield edit

    # --- what happens ---

    def _wait(self) -> None:
        for _ in range(self.chance.choice([1, 3, 8, 20, 45])):
            self._remind()
            self.today += DAY

    def _remind(self) -> None:
        """What goes out by the plan at nine."""
        account = replace(self.account, bills=(self.bill,))
        at = datetime.combine(self.today, time(9), tzinfo=UTC)
        decision = account.decide(Channel.SMS, at)
        recorded = dict(self.account.recorded)
        for reminder in decision.due:
            assert reminder.key not in recorded, f"{reminder.key} goes out twice"
            recorded[reminder.key] = Recorded(reminder, State.SENT)
            self.sent.append((self.today, reminder))
        for skip in decision.skipped:
            recorded.setdefault(skip.reminder.key, Recorded(skip.reminder, State.SKIPPED))
        self.account = replace(self.account, recorded=recorded)

    def _pay(self) -> None:
        bill = self.bill
        number = self.chance.choice([None, None, self._some_number()])
        owed = None if number is None else bill.owed(number).amount
        part = owed is not None and owed.amount > 10 and self.chance.random() < 0.4
        amount = Money(Decimal(10), owed.currency) if part and owed is not None else None
        self._try(
            lambda account: payments.pay(
                account,
                "bill",
                number,
                payment_id=f"p{self.chance.random()}",
                amount=amount,
                now=self.now,
            ),
            "paid in part" if part else "paid",
        )

    def _undo(self) -> None:
        known = self.bill.payments
        if known:
            payment = self.chance.choice(known)
            undo = payments.undo
            self._try(lambda a: undo(a, "bill", payment.payment_id, now=self.now), "undone")

    def _state(self) -> None:
        number = self._some_number()
        currency = self.bill.currency_of(number) or "GBP"
        amount = Money(Decimal(self.chance.choice(["0", "60.00", "130.00"])), currency)
        self._try(lambda a: payments.state(a, "bill", Statement(number, amount)), "stated")

    def _snooze(self) -> None:
        number, until = self._some_number(), self.today + 2 * DAY
        self._try(
            lambda a: snoozes.snooze(a, "bill", number, until, confirmed=True, now=self.now),
            "snoozed",
        )

    def _debit_fails(self) -> None:
        event = f"e{self.chance.random()}".replace(".", "")
        self._try(
            lambda a: payments.fail_debit(a, "bill", self._some_number(), event, now=self.now),
            "debit failed",
        )

    def _some_number(self) -> int:
        near = [number for number, day in dates_of(self.bill) if day <= self.today + 100 * DAY]
        return self.chance.choice(near[-8:] or [0])

    def _try(self, command: Callable[[Account], Account], name: str) -> None:
        try:
            self._change(command)
        except InvalidValue:
            self.happened[f"{name}: refused"] += 1
        else:
            self.happened[name] += 1

    def _change(self, command: Callable[[Account], Account]) -> None:
        before = replace(self.account, bills=(self.bill,))
        after = command(before)
        was, bill = before.need_bill("bill"), after.need_bill("bill")
        rows = self.account.recorded.values()
        heard = revisions.heard_of(was, bill, rows, today=self.today)
        if not revisions.moves_dates(was, bill):
            heard = was.heard
        self.account = after.with_bill(replace(bill, heard=heard))

    # --- edits ---

    def _edit(self) -> Edit | None:
        since = None
        if self.chance.random() < 0.2:
            since = self.today + self.chance.choice([20, 60, 100]) * DAY
        by_file = since is None and self.chance.random() < 0.3
        try:
            known = bills.basis(self.bill, self.today, since)
        except InvalidValue:
            self.happened["edit: refused"] += 1
            return None
        changed = _changes(self.chance, known, self.today)

        def draft(owed_from: date) -> Bill:
            said = a_bill(
                "ash",
                due_on=known.recurrence.first_due,
                owed_from=owed_from,
                **{name: getattr(known, name) for name in ENTERED},
            )
            return replace(said, **changed)

        before = self.bill
        merging = Merging(own=True)
        try:
            if by_file:
                self._change(
                    lambda a: imports.import_bills(a, [(0, draft)], merging, now=self.now).after
                )
            else:
                self._change(
                    lambda a: bills.change(a, "bill", lambda _: draft, since=since, now=self.now)
                )
        except (InvalidValue, DraftRefused):
            self.happened["edit: refused"] += 1
            return None
        self.happened["edit by a file" if by_file else "edit later" if since else "edit now"] += 1
        for name in changed:
            self.happened[f"edit of {name}"] += 1
        return Edit(self.today, before, self.bill, changed, since, by_file)


ENTERED = ("recurrence", "amount", "currency", "loan", "autopay", "shift")


def dates_of(bill: Bill, until: date = BEGINS + 2 * AHEAD) -> list[tuple[int, date]]:
    return list(takewhile(lambda each: each[1] <= until, bill.owed_occurrences()))


def seen(bill: Bill, today: date) -> dict[int, Date]:
    """The dates of a bill, by number, as they stand on a day."""
    found = {}
    for number, due_on in dates_of(bill, today + AHEAD):
        payable_on = bill.payable_on(due_on)
        found[number] = Date(
            number,
            due_on,
            bill.is_closed(number),
            bill.is_overdue(number, payable_on, today),
            bill.owed(number).amount,
        )
    return found


def _a_bill(draw: random.Random) -> Bill:
    first = BEGINS + draw.randint(-60, 25) * DAY
    every, unit = draw.choice(STEPS)
    count = draw.choice([None, None, 4, 9, 15])
    until = None if count or draw.random() < 0.8 else first + draw.randint(60, 300) * DAY
    money: dict[str, Any] = {"amount": Money(Decimal(100), "GBP")}
    if draw.random() < 0.25:
        every, unit, count, until = 1, Unit.MONTH, None, None
        loan = Loan(
            Money(Decimal(1200), "GBP"),
            draw.choice([Decimal(0), Decimal("0.005")]),
            draw.choice([6, 12, 24]),
            draw.choice([Method.EQUAL_INSTALMENT, Method.EQUAL_PRINCIPAL]),
        )
        money = {"amount": None, "loan": loan}
    return a_bill(
        "ash",
        due_on=first,
        owed_from=first,
        recurrence=Recurrence(first, every, unit, count=count, until=until),
        autopay=draw.random() < 0.2,
        shift=draw.choice([Shift.NONE, Shift.NONE, Shift.NEXT, Shift.PREVIOUS]),
        **money,
    )


def _changes(draw: random.Random, known: Bill, today: date) -> dict[str, Any]:
    """Some fields of the terms, with new values."""
    names = draw.choices(["amount", "day", "step", "end", "currency", "autopay", "loan"], k=2)
    again, changed = known.recurrence, dict[str, Any]()
    for name in dict.fromkeys(names):
        match name:
            case "amount" if known.loan is None:
                money = Money(
                    Decimal(draw.choice(AMOUNTS)), changed.get("currency", known.currency)
                )
                changed["amount"] = money
            case "currency" if known.loan is None and known.amount is not None:
                value = changed.get("amount", known.amount)
                code = draw.choice(["GBP", "EUR"])
                changed |= {"currency": code, "amount": Money(value.amount, code)}
            case "day":
                day = draw.choice([today + draw.randint(0, 40) * DAY, again.first_due + 3 * DAY])
                ends = again.until is not None and day > again.until  # as entrances refuse it
                again = replace(again, first_due=day, until=None if ends else again.until)
            case "step" if known.loan is None:
                every, unit = draw.choice(STEPS)
                again = replace(again, every=every, unit=unit)
            case "end" if known.loan is None:
                count = draw.choice([None, 3, 12])
                again = replace(again, count=count, until=None)
            case "autopay":
                changed["autopay"] = not known.autopay
            case "loan" if known.loan is not None:
                changed["loan"] = replace(
                    known.loan, rate=draw.choice([Decimal("0.004"), Decimal("0.006")])
                )
    if again != known.recurrence:
        changed["recurrence"] = replace(again, first_number=0, earlier=(), taken=())
    return changed
