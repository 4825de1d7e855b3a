"""Bills in JSON: what a caller sends, what a caller gets."""

from collections.abc import Mapping
from datetime import date
from hashlib import sha256
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from bill_reminders.api.etags import etag
from bill_reminders.api.fields import (
    WHOLE,
    Amount,
    Answer,
    Body,
    Currency,
    Day,
    EffectName,
    Instant,
    KindName,
    LabelName,
    LocalDate,
    MethodName,
    Percent,
    ShiftName,
    Sum,
    UnitName,
    Words,
    YearlyPercent,
    absent,
    instant_or_none,
    instant_text,
)
from bill_reminders.api.plans import PlanFields, PlanView
from bill_reminders.api.problems import Fault, fault, invalid
from bill_reminders.domain import cards
from bill_reminders.domain.bills import Bill, FailedDebit
from bill_reminders.domain.loans import MAX_FIRST_PERIOD, MAX_RATE_CHANGES, Prepayment
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Owed, Payment
from bill_reminders.files import bill_fields
from bill_reminders.files.bill_fields import BillRow
from bill_reminders.files.bills import read_bill
from bill_reminders.files.money import plain
from bill_reminders.files.rows import Row
from bill_reminders.files.web_addresses import LONGEST

COMING_OCCURRENCES = 12
PAST_OCCURRENCES = 12

Reference = Annotated[str, Field(min_length=1, max_length=bill_fields.LONGEST_REFERENCE)]
Note = Annotated[str, Field(min_length=1, max_length=bill_fields.LONGEST_NOTE)]


class Repeats(Body):
    """How often a bill falls due."""

    every: Annotated[
        int, Field(ge=1, le=1000, description="Every so many units.", examples=[1]), WHOLE
    ] = 1
    unit: Annotated[UnitName, Field(description="Of what.", examples=["month"])]
    last_day: Annotated[
        bool,
        Field(
            description=(
                "For months: on the last day of each, whatever the first date is. Without it a "
                "31st falls on the last day of shorter months and comes back to the 31st."
            )
        ),
    ] = False


class RateChangeTerms(Body):
    """Another rate of a loan, from an instalment on."""

    after: Annotated[
        int,
        Field(
            ge=0,
            le=1199,
            description="How many instalments come before it; those stay what they were.",
            examples=[3],
        ),
        WHOLE,
    ]
    rate: Annotated[
        Percent, Field(description="The new rate, in percent as `rate` of the loan is.")
    ]
    stated_instalment: Annotated[
        Amount | None,
        Field(
            description=(
                "The instalment from then on, where the lender states it; null to have it computed."
            )
        ),
    ] = None
    instalments: Annotated[
        Annotated[int, Field(ge=1, le=1200), WHOLE] | None,
        Field(
            description="How many there are in all from then on; null: as many as before.",
            examples=[360],
        ),
    ] = None


class LoanTerms(Body):
    """The terms of a loan; its schedule says the amounts, `currency` the bill's own."""

    method: Annotated[
        MethodName,
        Field(
            description=(
                "equal_instalment (an annuity), equal_principal, interest_only (the principal with "
                "the last instalment), flat_fee (a fee on the original principal)."
            ),
            examples=["equal_instalment"],
        ),
    ]
    principal: Annotated[Amount, Field(description="What was borrowed.", examples=["12000.00"])]
    rate: Annotated[
        Percent,
        Field(
            description="Percent of a year; for flat_fee percent of the principal each period.",
            examples=["4.2"],
        ),
    ]
    instalments: Annotated[int, Field(ge=1, le=1200, description="How many.", examples=[12]), WHOLE]
    rate_changes: Annotated[
        list[RateChangeTerms],
        Field(
            max_length=MAX_RATE_CHANGES,
            description=(
                "Rates that came later, as of a floating rate. The instalments are computed anew "
                "from what is left then, and stay as many."
            ),
            examples=[[{"after": 3, "rate": "4.5"}]],
        ),
    ] = Field(default_factory=list)
    stated_instalment: Annotated[
        Amount | None,
        Field(
            description=(
                "Each instalment but the last, where the lender states it, as rounding may leave "
                "it a cent beside the formula's; null to have it computed. Of equal_instalment and "
                "flat_fee alone. It holds until the rate changes or a prepayment lowers the "
                "instalments."
            ),
            examples=["1032.79"],
        ),
    ] = None
    first_period_days: Annotated[
        Annotated[int, Field(ge=1, le=MAX_FIRST_PERIOD, examples=[46]), WHOLE] | None,
        Field(
            description=(
                "From the payout to the first due date, where that is no regular period: the first "
                "instalment pays interest for so many days, a month counted as 30 and a year as "
                "360. Not of a flat_fee."
            )
        ),
    ] = None


EXAMPLE: Any = {
    "biller": "Lantern Bank",
    "name": "Credit card",
    "kind": "card",
    "amount": "120.50",
    "currency": "USD",
    "first_due": "2027-03-05",
    "repeats": {"every": 1, "unit": "month"},
}


class BillFields(Body):
    """A bill as it is entered."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    biller: Annotated[Words, Field(description="Who is to be paid.", examples=["Lantern Bank"])]
    name: Annotated[Words, Field(description="What for.", examples=["Credit card"])]
    kind: Annotated[
        KindName,
        Field(description="What it is for; a plan may differ by it.", examples=["card"]),
    ] = "other"
    label: Annotated[
        LabelName, Field(description="Whose money pays it.", examples=["personal"])
    ] = "personal"
    amount: Annotated[
        Amount | None,
        Field(
            description=(
                "What each occurrence costs, with no more decimals than the currency has; null "
                "while it is unknown or differs each time."
            ),
            examples=["120.50"],
        ),
    ] = None
    currency: Annotated[
        Currency | None,
        Field(description="The currency of all of the bill's amounts.", examples=["USD"]),
    ] = None
    first_due: Annotated[
        LocalDate, Field(description="The first date on which it is due.", examples=["2027-03-05"])
    ]
    repeats: Annotated[Repeats | None, Field(description="How often; null for once.")] = None
    count: Annotated[
        Annotated[int, Field(ge=1, le=1200), WHOLE] | None,
        Field(
            description="How many due dates in all; null for no such end.",
            examples=[None],
        ),
    ] = None
    until: Annotated[
        LocalDate | None, Field(description="The last date on which it may be due; null for none.")
    ] = None
    owed_from: Annotated[
        LocalDate | None,
        Field(
            description=(
                "What was due before is not owed. Null means today; or for a bill whose dates are "
                "all over the last of them, if that is not more than 60 days ago."
            )
        ),
    ] = None
    statement_day: Annotated[
        Annotated[int, Field(ge=1, le=31), WHOLE] | None,
        Field(
            description="A card's statement day, 31 for the last one; null for none.",
            examples=[15],
        ),
    ] = None
    due_after_statement: Annotated[
        Annotated[int, Field(ge=1, le=60), WHOLE] | None,
        Field(
            description="Days from a card's statement to the due date, in place of statement_day.",
            examples=[None],
        ),
    ] = None
    autopay: Annotated[
        bool,
        Field(
            description=(
                "Whether the biller takes the money by itself: one reminder a day before, to keep "
                "it in the account, stands for the plan."
            )
        ),
    ] = False
    late_fee: Annotated[
        Amount | None,
        Field(
            description=(
                "What the biller charges once for a due date that is missed, in `currency`; 0 for "
                "nothing, null while it is unknown."
            ),
            examples=["35.00"],
        ),
    ] = None
    late_apr: Annotated[
        YearlyPercent | None,
        Field(
            description=(
                "The biller's interest on what is overdue, in percent a year from 0 to 1000; 0 for "
                "none, null while it is unknown."
            ),
            examples=["18.25"],
        ),
    ] = None
    loan: Annotated[LoanTerms | None, Field(description="The terms, if it is a loan.")] = None
    plan: Annotated[
        PlanFields | None, Field(description="What differs from the user's plan; null for nothing.")
    ] = None
    country: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Z]{2}$",
            description="The biller's country (ISO 3166-1), whose holidays count.",
            examples=["US"],
        ),
    ] = None
    subdivision: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Z0-9]{1,3}$",
            description="The part of it whose holidays differ (the end of ISO 3166-2).",
            examples=[None],
        ),
    ] = None
    if_not_working_day: Annotated[
        ShiftName,
        Field(
            description=(
                "What becomes of a due date that is no working day there: it stays, or moves to "
                "the working day before or after."
            )
        ),
    ] = "none"
    pay_link: Annotated[
        Annotated[str, Field(min_length=1, max_length=LONGEST)] | None,
        Field(
            description=(
                "Where it can be paid: an https link to a page that everybody can open. It stands "
                "in e-mails, on the bill's page and in SMS where links may, and a touch on a push "
                "opens it."
            ),
            examples=["https://pay.example.com/bill/7"],
        ),
    ] = None
    reference: Annotated[
        Reference | None,
        Field(
            description=(
                "What the user writes with the payment. E-mails and the bill's page show it, the "
                "last four digits of a long number."
            ),
            examples=["INV-2027-03"],
        ),
    ] = None
    note: Annotated[
        Note | None,
        Field(
            description=(
                "The user's own words about it. No message says them; the bill's page shows them, "
                "the last four digits of a long number."
            ),
            examples=["From the joint account"],
        ),
    ] = None


def _patch_of(model: type[BillFields]) -> type[Body]:
    """The same fields, each of which may be left out; none may be null that was not before."""
    fields: dict[str, Any] = {
        name: (Annotated[info.annotation, *info.metadata, described(info)], absent())
        for name, info in model.model_fields.items()
    }
    return create_model(
        "BillChange",
        __base__=Body,
        __doc__="What shall change of a bill. What is left out stays; null takes a value away.",
        **fields,
    )


def described(info: Any) -> Any:
    return Field(
        description=info.description,
        examples=info.examples,
        json_schema_extra=info.json_schema_extra,
    )


BillChange = _patch_of(BillFields)


StandingName = Literal["open", "partly_paid", "minimum_met", "paid", "overpaid"]
CardStandingName = Literal[StandingName, "carried"]


class Occurrence(Answer):
    """One due date of a bill, with what is known of its amount."""

    number: Annotated[int, Field(description="Which, counted from 0.", examples=[0])]
    due_on: Annotated[
        Day, Field(description="By when it is to be paid, weekends and holidays minded.")
    ]
    nominal_due_on: Annotated[Day, Field(description="The date before that shift.")]
    standing: Annotated[
        CardStandingName,
        Field(
            description="What was paid of it; carried: a card's newer statement has taken it in.",
            examples=["open"],
        ),
    ]
    overdue: Annotated[
        bool,
        Field(
            description=(
                "Whether it is unpaid and its date has passed. What is paid automatically is not, "
                "unless a debit failed; nor is what its minimum was paid of."
            )
        ),
    ]
    amount: Annotated[Sum | None, Field(description="What it costs; null while nobody knows.")]
    left: Annotated[
        str | None,
        Field(
            description=(
                "What is left to pay; of a minimum that was missed, once a newer statement has "
                "taken in the rest, that minimum."
            ),
            examples=["120.50"],
        ),
    ]
    minimum: Annotated[str | None, Field(description="A card's minimum payment.", examples=[None])]
    currency: Annotated[Currency | None, Field(description="The currency of these amounts.")]
    expected: Annotated[
        str | None,
        Field(
            description="What it will probably come to, from earlier statements, while unknown.",
            examples=[None],
        ),
    ]
    statement_on: Annotated[
        Day | None, Field(description="When a card's statement will say the amount.")
    ]
    snoozed_until: Annotated[
        Day | None,
        Field(description="Nothing is said of it before this date; null when not snoozed."),
    ]
    paid_by: Annotated[
        list[str],
        Field(
            description=(
                "The ids of the payments that went to it, the latest last; not of those that were "
                "put away."
            ),
            examples=[["p3f2b9c0d"]],
        ),
    ]


class PaymentView(Answer):
    """A payment, or what of one went to one due date: then others have the same id."""

    payment_id: Annotated[
        str, Field(description="Its id, to undo it with.", examples=["p3f2b9c0d"])
    ]
    occurrence: Annotated[int, Field(description="Which due date it went to.", examples=[0])]
    paid_at: Annotated[Instant, Field(description="When it was noted.")]
    amount: Annotated[
        Sum | None, Field(description="What went to that due date; null: all that was owed.")
    ]
    currency: Annotated[Currency | None, Field(description="Its currency.")]
    paid_on: Annotated[
        Day | None,
        Field(description="When it was made, as its user said; null: when it was noted."),
    ]
    reference: Annotated[
        str | None, Field(description="What stood with it; null for nothing.", examples=["INV 7"])
    ]
    note: Annotated[
        str | None,
        Field(
            description="The user's own words about it; null for none.",
            examples=["From the joint account"],
        ),
    ]


class FailedDebitView(Answer):
    """An automatic payment that did not go through."""

    failed_debit_id: Annotated[
        str, Field(description="Its id, to undo it with.", examples=["d3f2b9c0d5a1e8f70"])
    ]
    occurrence: Annotated[int, Field(description="Of which due date.", examples=[0])]
    noted_at: Annotated[Instant, Field(description="When it was noted.")]


class PrepaymentView(Answer):
    """Principal of a loan that was paid back early."""

    prepayment_id: Annotated[
        str, Field(description="Its id, to undo it with.", examples=["r3f2b9c0d5a1e8f70"])
    ]
    after: Annotated[int, Field(description="How many instalments came before it.", examples=[3])]
    amount: Annotated[Sum, Field(description="What was paid back, in the bill's currency.")]
    effect: Annotated[EffectName, Field(description="What it changed.", examples=["shorter_term"])]


SilenceName = Literal["stopped", "not_mine"]
BillStatus = Literal["overdue", "due_today", "upcoming", "paid", "not_owed", "closed"]


class LoanView(LoanTerms, Answer):
    """The terms of a loan."""

    principal: Annotated[Sum, described(LoanTerms.model_fields["principal"])]
    rate: Annotated[str, described(LoanTerms.model_fields["rate"])]


def as_entered(name: str) -> Any:
    return described(BillFields.model_fields[name])


class Silenced(Answer):
    """Nothing reminds of the bill until that is taken back."""

    at: Annotated[Instant, Field(description="Since when.")]
    reason: Annotated[
        SilenceName,
        Field(
            description=(
                "stopped: the user wants no reminders of it. not_mine: they say that they owe "
                "nothing of the kind, and the biller was told."
            ),
            examples=["stopped"],
        ),
    ]


class BillSummary(BillFields, Answer):
    """A bill, and what it comes to next."""

    model_config = ConfigDict(json_schema_extra={})  # not the example of one that is entered

    # Without the bounds of what is sent: a file may name more lead days, or 7 for 7.00.
    amount: Annotated[Sum | None, as_entered("amount")] = None
    first_due: Annotated[Day, as_entered("first_due")]
    until: Annotated[Day | None, as_entered("until")] = None
    owed_from: Annotated[Day | None, as_entered("owed_from")] = None
    late_fee: Annotated[Sum | None, as_entered("late_fee")] = None
    loan: Annotated[LoanView | None, as_entered("loan")] = None
    plan: Annotated[PlanView | None, as_entered("plan")] = None
    subdivision: Annotated[str | None, as_entered("subdivision")] = None
    bill_id: Annotated[str, Field(description="Its id.", examples=["rent"])]
    status: Annotated[
        BillStatus,
        Field(
            description=(
                "By the oldest due date that is not paid: overdue, due_today or upcoming (so is a "
                "card whose minimum is paid, also past its date); paid: nothing is left and "
                "nothing will come; not_owed: all its dates are from before `owed_from`, and "
                "nobody paid any; closed: nothing is reminded of any more. A "
                "silenced bill keeps the status of its dates, which go on: look at `silenced` too."
            ),
            examples=["upcoming"],
        ),
    ]
    silenced: Annotated[
        Silenced | None,
        Field(
            description=(
                "Set while the user wants no reminders of it, whatever `status` and `next` say, or "
                "says that it is not theirs; null for a bill that is reminded of as planned."
            )
        ),
    ]
    next: Annotated[
        Occurrence | None,
        Field(description="The oldest due date that is not paid, if any; null for a closed bill."),
    ]
    closed_at: Annotated[Instant | None, Field(description="When it was closed; else null.")]


class BillPage(Answer):
    """Some bills, by the date that is due next."""

    bills: Annotated[list[BillSummary], Field(description="The bills.")]
    next_cursor: Annotated[
        str | None,
        Field(
            description="Send it as `cursor` for the next page; null on the last.", examples=[None]
        ),
    ]


def bill_etag(bill: Bill) -> str:
    return etag(bill.version)


def fields_view(bill: Bill) -> BillFields:
    """The bill as it could be entered."""
    said = bill_fields.viewed(bill)
    for name, model in _OBJECTS.items():
        said[name] = None if said[name] is None else model(**said[name])
    return BillFields.model_construct(**said)


_OBJECTS: Mapping[str, type[BaseModel]] = {"repeats": Repeats, "loan": LoanView, "plan": PlanView}
"""The models of the fields that are objects, in answers."""


def plain_or_none(money: Money | None) -> str | None:
    return None if money is None else plain(money)


def summary(bill: Bill, *, today: date) -> BillSummary:
    """`today` is the user's local date."""
    following = None if bill.closed_at is not None else next_occurrence(bill, today=today)
    return BillSummary.model_construct(
        **dict(fields_view(bill)),
        bill_id=bill.bill_id,
        status=status_of(bill, following, today),
        silenced=silenced_view(bill),
        next=following,
        closed_at=instant_or_none(bill.closed_at),
    )


def silenced_view(bill: Bill) -> Silenced | None:
    if bill.mute is None:
        return None
    return Silenced(at=instant_text(bill.mute.at), reason=bill.mute.reason.value)


def status_of(bill: Bill, following: Occurrence | None, today: date) -> BillStatus:
    if bill.closed_at is not None:
        return "closed"
    if following is None:
        return "paid" if _was_paid(bill) else "not_owed"
    if following.overdue:
        return "overdue"
    return "due_today" if following.due_on == today.isoformat() else "upcoming"


def _was_paid(bill: Bill) -> bool:
    """Whether that nothing is left of a bill is since it was paid, or presumed to be: not since all
    its dates came before it was owed."""
    return bool(bill.payments or bill.settled) or any(True for _ in bill.owed_occurrences())


def next_occurrence(bill: Bill, *, today: date) -> Occurrence | None:
    number = bill.first_open(today)
    if number is None:
        return None
    due_on = bill.due_on(number)
    assert due_on is not None, "it is owed"
    return occurrence_view(bill, number, due_on, today=today)


def occurrence_view(bill: Bill, number: int, due_on: date, *, today: date) -> Occurrence:
    owed = bill.owed(number)
    payable_on = bill.payable_on(due_on)
    known = owed.amount or (None if owed.expected is None else owed.expected.usual)
    is_carried = cards.is_carried(bill, number, today)
    return Occurrence(
        number=number,
        due_on=payable_on.isoformat(),
        nominal_due_on=due_on.isoformat(),
        standing="carried" if is_carried else owed.standing.value,
        overdue=bill.is_overdue(number, payable_on, today),
        amount=plain_or_none(owed.amount),
        left=plain_or_none(cards.left_on(bill, number, today)),
        minimum=_minimum(owed),
        currency=None if known is None else known.currency,
        expected=None if owed.expected is None else plain(owed.expected.usual),
        statement_on=None if owed.statement_on is None else owed.statement_on.isoformat(),
        snoozed_until=None if owed.is_closed or is_carried else _snoozed_until(bill, number, today),
        paid_by=[each.payment_id for each in bill.payments if each.occurrence == number],
    )


def _snoozed_until(bill: Bill, number: int, today: date) -> str | None:
    until = bill.snoozed_until(number)
    return None if until is None or until < today else until.isoformat()


def _minimum(owed: Owed) -> str | None:
    if owed.minimum is None or owed.amount is None:
        return None
    return plain(Money(owed.minimum, owed.amount.currency))


def occurrences_view(bill: Bill, *, today: date) -> list[Occurrence]:
    """The latest of those past, all that are unpaid among them, and the next ones."""
    past: list[Occurrence] = []
    coming: list[Occurrence] = []
    for number, due_on in bill.owed_occurrences():
        view = occurrence_view(bill, number, due_on, today=today)
        if bill.payable_on(due_on) < today:
            past.append(view)
        else:
            coming.append(view)
        if len(coming) == COMING_OCCURRENCES:
            break
    latest = past[-PAST_OCCURRENCES:]
    unpaid = [each for each in past[:-PAST_OCCURRENCES] if each.overdue]
    return [*unpaid[-PAST_OCCURRENCES:], *latest, *coming]


def payment_view(payment: Payment) -> PaymentView:
    return PaymentView(
        payment_id=payment.payment_id,
        occurrence=payment.occurrence,
        paid_at=instant_text(payment.paid_at),
        amount=plain_or_none(payment.amount),
        currency=None if payment.amount is None else payment.amount.currency,
        paid_on=None if payment.paid_on is None else payment.paid_on.isoformat(),
        reference=payment.reference,
        note=payment.note,
    )


def failed_debit_view(failed: FailedDebit) -> FailedDebitView:
    return FailedDebitView(
        failed_debit_id=failed.event,
        occurrence=failed.occurrence,
        noted_at=instant_text(failed.at),
    )


def prepayments_view(bill: Bill) -> list[PrepaymentView]:
    if bill.loan is None:
        return []
    return [
        PrepaymentView(
            prepayment_id=prepayment_id(bill, each),
            after=each.after,
            amount=plain(Money(each.amount, bill.loan.principal.currency)),
            effect=each.effect.value,
        )
        for each in bill.loan.prepayments
    ]


def prepayment_id(bill: Bill, prepayment: Prepayment) -> str:
    """By what it is, for a loan has no two that are alike; a hash, for it stands in a URL."""
    named = (bill.user_id, bill.bill_id, prepayment.after, prepayment.amount.normalize())
    return f"r{sha256(f'{named} {prepayment.effect}'.encode()).hexdigest()[:16]}"


def read_fields(fields: BillFields, *, user_id: str, bill_id: str) -> BillRow:
    """The bill, by the rules that hold for files. Raises an invalid-value problem that lists every
    fault."""
    return _read(fields, user_id, bill_id, kept={})


def read_change(known: Bill, change: Body) -> BillRow:
    """The bill with what `change` names in place of what was, as `read_fields` reads it. A plan or
    a name that it does not name need not be one that may be entered today."""
    kept = bill_fields.staying(known, change.model_fields_set)
    return _read(merged(known, change), known.user_id, known.bill_id, kept=kept)


def _read(fields: BillFields, user_id: str, bill_id: str, *, kept: Mapping[str, Any]) -> BillRow:
    said = {name: _plain(value) for name, value in fields}
    row = Row(0, {"user_id": user_id, "bill_id": bill_id} | dict(bill_fields.cells_of(said)))
    bill = read_bill(row, kept=kept)
    if row.errors or bill is None:
        raise invalid(_fault(error.column, error.problem) for error in row.errors)
    return bill


def _plain(value: Any) -> Any:
    return value.model_dump() if isinstance(value, BaseModel) else value


def _fault(column: str, problem: str) -> Fault:
    said = problem.replace("leave it empty", "leave it null")
    return fault(bill_fields.IN_JSON.get(column, column), said)


def merged(bill: Bill, change: Body) -> BillFields:
    """The bill as it shall be: what `change` names in place of what was."""
    named = {name: getattr(change, name) for name in change.model_fields_set}
    return BillFields.model_construct(**(dict(fields_view(bill)) | named))
