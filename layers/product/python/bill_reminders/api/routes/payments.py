"""What happens to a bill: payments and their undoing, failed debits, statements, snoozes."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body as BodyParam
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api.answering import ALWAYS, ETAG, POSTED, WITH_BODY, answers, ok
from bill_reminders.api.bills import Note, Reference, StandingName, bill_etag, plain_or_none
from bill_reminders.api.callers import me
from bill_reminders.api.fields import (
    WHOLE,
    Amount,
    Answer,
    Balance,
    Body,
    Currency,
    Day,
    LocalDate,
    Sum,
    ValueOf,
)
from bill_reminders.api.idempotency import IdempotencyKey, derived_id, done_once
from bill_reminders.api.problems import Problem, fault, invalid, not_found, read
from bill_reminders.api.routes.bills import (
    BillDetail,
    BillId,
    answer_to,
    bill_as_it_is,
    detail,
)
from bill_reminders.api.settings import local_date
from bill_reminders.commands import payments, snoozes
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.money import Money
from bill_reminders.domain.paying_ahead import MOST_DATES, Rest
from bill_reminders.domain.payments import Payment, Statement
from bill_reminders.files import bill_fields, money
from bill_reminders.files.cells import line_of
from bill_reminders.storage import accounts

router = Router()

RestName = ValueOf[Rest]

Number = Annotated[
    int, Path(ge=0, le=100_000, description="Which due date, from the bill's occurrences.")
]
PaymentId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="The payment's id, from the bill.")
]
FailedDebitId = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="The failed debit's id, from the bill."),
]
OccurrenceNumber = Annotated[int, Field(ge=0, le=100_000, examples=[0]), WHOLE]


class NewPayment(Body):
    """A payment."""

    occurrence: Annotated[
        OccurrenceNumber | None,
        Field(description="Which due date it is for; null for the oldest that is unpaid."),
    ] = None
    amount: Annotated[
        Amount | None, Field(description="What was paid; null for all that is owed.")
    ] = None
    currency: Annotated[
        Currency | None, Field(description="Its currency; null for that of what it pays.")
    ] = None
    rest: Annotated[
        RestName,
        Field(
            description=(
                "What becomes of what is over. stays: its due date is overpaid. next_dates: it "
                f"goes to the next open ones in order, up to {MOST_DATES} in all, but not past one "
                "whose amount is not known or in another currency; what none takes stays with the "
                "last. The answer says where it went."
            ),
            examples=["next_dates"],
        ),
    ] = "stays"
    paid_on: Annotated[
        LocalDate | None,
        Field(description="When it was made, today or before; null for today."),
    ] = None
    reference: Annotated[
        Reference | None,
        Field(
            description=(
                "What stood with it. The bill's page shows it, the last four digits of a long "
                "number; no message does."
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


class NotedPart(Answer):
    """What of a payment went to one due date, and how that stands now."""

    occurrence: Annotated[int, Field(description="Which due date.", examples=[0])]
    due_on: Annotated[
        Day | None,
        Field(
            description=(
                "By when it is to be paid, weekends and holidays minded; null if the bill was "
                "changed meanwhile and has it no more."
            )
        ),
    ]
    amount: Annotated[Sum | None, Field(description="What went to it; null: all that was owed.")]
    currency: Annotated[Currency | None, Field(description="The currency.")]
    left: Annotated[
        Sum | None, Field(description="What is left to pay of it; null while nobody knows.")
    ]
    standing: Annotated[StandingName, Field(description="What was paid of it.", examples=["paid"])]


class NotedPayment(Answer):
    """A payment as it was noted."""

    payment_id: Annotated[
        str, Field(description="Its id: undo all of it with that.", examples=["p3f2b9c0d"])
    ]
    parts: Annotated[list[NotedPart], Field(description="The due dates that it went to, in order.")]


class PaidBill(BillDetail):
    """A bill, and the payment of it that was noted."""

    noted: Annotated[
        NotedPayment | None,
        Field(
            description=(
                "The payment; null where nothing was noted, since nothing was left to pay of that "
                "due date."
            )
        ),
    ]


class NewFailedDebit(Body):
    """An automatic payment that did not go through."""

    occurrence: Annotated[
        OccurrenceNumber | None,
        Field(description="Of which due date; null for the latest one that has come."),
    ] = None


class NewStatement(Body):
    """What the biller states for one due date."""

    amount: Annotated[
        Balance,
        Field(
            description="What is to be paid; 0 for nothing, below zero for a credit, which is paid."
        ),
    ]
    currency: Annotated[
        Currency | None, Field(description="Its currency; null for the bill's.")
    ] = None
    minimum: Annotated[
        Amount | None,
        Field(
            description=(
                "A card's minimum payment; null for none. Once it is paid the due date is not "
                "overdue."
            ),
            examples=["25"],
        ),
    ] = None
    due_on: Annotated[
        LocalDate | None,
        Field(
            description=(
                "When this one is due, where that is not the usual date: between the due dates "
                "before and after it. The others stay. Null for the usual date."
            ),
            examples=[None],
        ),
    ] = None


class NewSnooze(Body):
    """A wish to be left alone for a while."""

    occurrence: Annotated[
        OccurrenceNumber | None,
        Field(description="Which due date; null for the oldest that is unpaid."),
    ] = None
    until: Annotated[
        LocalDate, Field(description="The date to be reminded on; nothing goes out before.")
    ]
    confirmed: Annotated[
        bool, Field(description="True to snooze past the due date, which else is asked back.")
    ] = False


@router.post(
    "/v1/bills/<bill_id>/payments",
    status_code=201,
    middlewares=[done_once],
    tags=["Payments"],
    operation_id="addPayment",
    summary="Note a payment",
    description=(
        "All of what is owed, or part of it. What is paid in full is not reminded of any more, "
        "from now on. More than what is left may go on to the next due dates: three months' rent "
        "at once."
    ),
    responses=answers(
        201,
        PaidBill,
        "The bill as it is now, and the payment.",
        *ALWAYS,
        "not-found",
        *WITH_BODY,
        *POSTED,
        headers=ETAG,
    ),
)
def add_payment(
    bill_id: BillId,
    body: Annotated[NewPayment, BodyParam(description="The payment.")],
    key: IdempotencyKey,
) -> Response[PaidBill]:
    now, payment_id = clock.now(), f"p{derived_id(router)}"
    paid_on = None if body.paid_on is None else read(local_date, body.paid_on, "paid_on")
    reference = _line(body.reference, bill_fields.LONGEST_REFERENCE, "reference")
    note = _line(body.note, bill_fields.LONGEST_NOTE, "note")

    def pay(account: Account) -> Account:
        return payments.pay(
            account,
            bill_id,
            body.occurrence,
            payment_id=payment_id,
            amount=_paid(account, account.need_bill(bill_id), body, now),
            rest=Rest(body.rest),
            paid_on=paid_on,
            reference=reference,
            note=note,
            now=now,
        )

    after = accounts.change(me(router), pay, now=now)
    bill = after.bill(bill_id)
    if bill is None:
        raise not_found("bill")
    paid = PaidBill.model_construct(
        **dict(detail(after, bill, now=now)), noted=_noted(bill, payment_id)
    )
    return ok(paid, 201, etag=bill_etag(bill), location=f"/v1/bills/{bill_id}")


def _line(text: str | None, most: int, field: str) -> str | None:
    """As a bill's own: what is blank is not there. Raises an invalid-value problem."""
    if text is None or not text.strip():
        return None
    return read(line_of(most), text.strip(), field)


def _noted(bill: Bill, payment_id: str) -> NotedPayment | None:
    parts = [_part(bill, each) for each in bill.payments if each.payment_id == payment_id]
    return NotedPayment(payment_id=payment_id, parts=parts) if parts else None


def _part(bill: Bill, payment: Payment) -> NotedPart:
    owed, due_on = bill.owed(payment.occurrence), bill.due_on(payment.occurrence)
    money = payment.amount or owed.left
    return NotedPart(
        occurrence=payment.occurrence,
        due_on=None if due_on is None else bill.payable_on(due_on).isoformat(),
        amount=plain_or_none(payment.amount),
        currency=None if money is None else money.currency,
        left=plain_or_none(owed.left),
        standing=owed.standing.value,
    )


def _paid(account: Account, bill: Bill, body: NewPayment, now: datetime) -> Money | None:
    """None for all that is owed."""
    if body.amount is None:
        return None
    number = body.occurrence
    if number is None:
        number = bill.first_unpaid(account.today(now))
    code = bill.currency if number is None else bill.currency_of(number)
    return money_of(bill, body.amount, body.currency or code, "amount")


def money_of(
    bill: Bill,
    amount: str,
    currency: str | None,
    field: str,
    parse: Callable[..., Decimal] = money.amount,
) -> Money:
    """An amount of the bill's, in its own currency when none is named. Raises an invalid-value
    problem."""
    code = currency or bill.currency or _stated_last(bill)
    if code is None:
        raise invalid([fault("currency", "not known from the bill: write its ISO 4217 code")])
    in_use = read(money.currency, code, "currency")
    return Money(read(partial(parse, currency=in_use), amount, field), code)


def _stated_last(bill: Bill) -> str | None:
    return bill.statements[-1].amount.currency if bill.statements else None


@router.delete(
    "/v1/bills/<bill_id>/payments/<payment_id>",
    tags=["Payments"],
    operation_id="undoPayment",
    summary="Undo a payment",
    description=(
        "As if it had not been made. What fell due to be reminded of meanwhile is not made up for; "
        "the days that are still to come are planned again."
    ),
    responses=bill_as_it_is(200),
)
def undo_payment(bill_id: BillId, payment_id: PaymentId) -> Response[BillDetail]:
    now = clock.now()

    def undo(account: Account) -> Account:
        bill = account.need_bill(bill_id)
        is_known = any(payment.payment_id == payment_id for payment in bill.payments)
        if not (is_known or account.uncertain):
            raise not_found("payment")
        return payments.undo(account, bill_id, payment_id, now=now)

    return answer_to(router, bill_id, undo, now=now)


@router.post(
    "/v1/bills/<bill_id>/failed-debits",
    status_code=201,
    middlewares=[done_once],
    tags=["Payments"],
    operation_id="addFailedDebit",
    summary="Note a failed debit",
    description=(
        "An automatic payment did not go through: the user hears of it at once, after quiet hours, "
        "and their plan holds again for that due date."
    ),
    responses=bill_as_it_is(201, *WITH_BODY, *POSTED),
)
def add_failed_debit(
    bill_id: BillId,
    body: Annotated[NewFailedDebit, BodyParam(description="Of which due date.")],
    key: IdempotencyKey,
) -> Response[BillDetail]:
    now, event = clock.now(), f"d{derived_id(router)}"

    def fail(account: Account) -> Account:
        if not account.need_bill(bill_id).autopay:
            said = "not paid automatically: set its autopay first"
            raise invalid([fault("bill_id", said, "path")])
        return payments.fail_debit(account, bill_id, body.occurrence, event, now=now)

    return answer_to(router, bill_id, fail, now=now, status=201)


@router.delete(
    "/v1/bills/<bill_id>/failed-debits/<failed_debit_id>",
    tags=["Payments"],
    operation_id="undoFailedDebit",
    summary="Undo a failed debit",
    description=(
        "As if it had not been noted: that due date is paid automatically again. What went out "
        "about it has gone out."
    ),
    responses=bill_as_it_is(200),
)
def undo_failed_debit(bill_id: BillId, failed_debit_id: FailedDebitId) -> Response[BillDetail]:
    def undo(account: Account) -> Account:
        bill = account.need_bill(bill_id)
        is_known = any(failed.event == failed_debit_id for failed in bill.failed_debits)
        if not (is_known or account.uncertain):
            raise not_found("failed debit")
        return payments.undo_failed_debit(account, bill_id, failed_debit_id)

    return answer_to(router, bill_id, undo, now=clock.now())


@router.put(
    "/v1/bills/<bill_id>/occurrences/<number>/statement",
    tags=["Payments"],
    operation_id="putStatement",
    summary="State the amount of one due date",
    description=(
        "For bills that differ each time: what the biller states for this one. A card's statement "
        "takes in what is left of older ones, which are `carried` from then on: of a bill with a "
        "statement_day or due_after_statement."
    ),
    responses=bill_as_it_is(200, *WITH_BODY),
)
def put_statement(
    bill_id: BillId,
    number: Number,
    body: Annotated[NewStatement, BodyParam(description="The statement.")],
) -> Response[BillDetail]:
    def state(account: Account) -> Account:
        bill = account.need_bill(bill_id)
        if bill.due_on(number) is None:
            raise not_found("occurrence")
        stated = money_of(bill, body.amount, body.currency, "amount", money.balance)
        minimum: Decimal | None = None
        if body.minimum is not None:
            minimum = money_of(bill, body.minimum, stated.currency, "minimum").amount
        due_on = None if body.due_on is None else read(local_date, body.due_on, "due_on")
        return payments.state(account, bill_id, Statement(number, stated, minimum, due_on))

    return answer_to(router, bill_id, state, now=clock.now())


@router.delete(
    "/v1/bills/<bill_id>/occurrences/<number>/statement",
    tags=["Payments"],
    operation_id="undoStatement",
    summary="Undo a statement",
    description=(
        "As if nothing had been stated for this due date. What it took in of a card's older ones "
        "is open again; reminders missed in the meantime are not sent late. Without a statement "
        "nothing changes."
    ),
    responses=bill_as_it_is(200),
)
def undo_statement(bill_id: BillId, number: Number) -> Response[BillDetail]:
    def undo(account: Account) -> Account:
        bill = account.need_bill(bill_id)
        if bill.due_on(number) is None and not account.uncertain:
            raise not_found("occurrence")
        return payments.unstate(account, bill_id, number)

    return answer_to(router, bill_id, undo, now=clock.now())


@router.post(
    "/v1/bills/<bill_id>/snoozes",
    status_code=201,
    middlewares=[done_once],
    tags=["Payments"],
    operation_id="snoozeBill",
    summary="Snooze one due date",
    description=(
        "Nothing is said of it before the date, then once. Past the due date it is asked back. "
        "409 where nothing is said anyway: the bill is closed or silenced, or the due date paid."
    ),
    responses=bill_as_it_is(201, *WITH_BODY, *POSTED, "conflict", "needs-confirmation"),
)
def snooze_bill(
    bill_id: BillId,
    body: Annotated[NewSnooze, BodyParam(description="Until when.")],
    key: IdempotencyKey,
) -> Response[BillDetail]:
    now, until = clock.now(), read(local_date, body.until, "until")

    def snooze(account: Account) -> Account:
        bill = account.need_bill(bill_id)
        _need_reminders(bill)
        if body.occurrence is not None and bill.is_closed(body.occurrence):
            raise Problem("conflict", "that due date is paid: undo its payment first")
        return snoozes.snooze(
            account, bill_id, body.occurrence, until, confirmed=body.confirmed, now=now
        )

    return answer_to(router, bill_id, snooze, now=now, status=201)


def _need_reminders(bill: Bill) -> None:
    """Raises a conflict problem for a bill that nothing reminds of, so that a snooze, which ends
    with a reminder, would promise one that never comes."""
    if bill.closed_at is not None:
        raise Problem("conflict", "the bill is closed and reminds of nothing: reopen it first")
    if bill.mute is not None:
        raise Problem(
            "conflict", "the bill is silenced and reminds of nothing: DELETE its silence first"
        )


@router.delete(
    "/v1/bills/<bill_id>/snoozes/<number>",
    tags=["Payments"],
    operation_id="undoSnooze",
    summary="Undo a snooze",
    description=(
        "The days of the plan that are still to come hold again. Without a snooze nothing changes."
    ),
    responses=bill_as_it_is(200),
)
def undo_snooze(bill_id: BillId, number: Number) -> Response[BillDetail]:
    def undo(account: Account) -> Account:
        bill = account.need_bill(bill_id)
        is_snoozed = any(each.occurrence == number for each in bill.snoozes)
        if bill.due_on(number) is None and not (is_snoozed or account.uncertain):
            raise not_found("occurrence")
        return snoozes.undo(account, bill_id, number)

    return answer_to(router, bill_id, undo, now=clock.now())
