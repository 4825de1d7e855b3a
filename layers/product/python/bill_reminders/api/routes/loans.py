"""Loans: how one is paid back, instalment by instalment, and what one would cost."""

from datetime import date
from decimal import Decimal
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api import cursors
from bill_reminders.api.answering import ALWAYS, answers, ok
from bill_reminders.api.bills import StandingName
from bill_reminders.api.callers import me, my_account
from bill_reminders.api.cursors import Cursor, Limit
from bill_reminders.api.fields import (
    Amount,
    Answer,
    Currency,
    Day,
    LocalDate,
    MethodName,
    Percent,
    Sum,
    UnitName,
)
from bill_reminders.api.problems import Problem, fault, invalid, read
from bill_reminders.api.routes.bills import BillId
from bill_reminders.api.settings import local_date as day_of
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.loans import (
    Instalment,
    Loan,
    effective_annual_rate,
    schedule,
    total_interest,
)
from bill_reminders.domain.money import Money
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.domain.terms import first_instalment
from bill_reminders.files import loans, money
from bill_reminders.files.money import percent_text, plain
from bill_reminders.files.rows import Row

router = Router()


class LoanInstalment(Answer):
    """What falls due in one period of a loan, in the loan's currency."""

    instalment: Annotated[int, Field(description="Which, counted from 1.", examples=[1])]
    principal: Annotated[Sum, Field(description="The part that pays the loan back.")]
    interest: Annotated[Sum, Field(description="The part that is interest, or a fee.")]
    total: Annotated[Sum, Field(description="What is to be paid: the two together.")]
    balance: Annotated[
        Sum,
        Field(
            description=(
                "The principal that is still owed then: after this instalment and the prepayments "
                "that follow it."
            )
        ),
    ]


class DueInstalment(LoanInstalment):
    """An instalment of a bill, with its due date."""

    number: Annotated[
        int, Field(description="Which due date of the bill, as in its occurrences.", examples=[0])
    ]
    due_on: Annotated[
        Day | None,
        Field(
            description=(
                "By when it is to be paid, weekends and holidays minded; null when the bill ends "
                "before."
            )
        ),
    ]
    nominal_due_on: Annotated[
        Day | None, Field(description="The date before that shift; null when the bill ends before.")
    ]
    standing: Annotated[StandingName, Field(description="What was paid of it.", examples=["open"])]


class LoanSchedule(Answer):
    """How a loan is paid back, prepayments minded."""

    currency: Annotated[Currency, Field(description="The currency of all amounts.")]
    total_interest: Annotated[
        Sum, Field(description="All interest and fees, of the whole loan and not of this page.")
    ]
    count: Annotated[int, Field(description="How many instalments there are.", examples=[12])]
    instalments: Annotated[list[DueInstalment], Field(description="The first due first.")]
    next_cursor: Annotated[
        str | None,
        Field(
            description="Send it as `cursor` for the next page; null on the last.", examples=[None]
        ),
    ]


@router.get(
    "/v1/bills/<bill_id>/schedule",
    tags=["Bills"],
    operation_id="getSchedule",
    summary="Read the schedule of a loan",
    description=(
        "Each instalment with its principal, its interest and what is left after it, from the "
        "loan's terms and its prepayments. One of nothing, as before the end of a loan without "
        "interest, is left out and its number not used. 404 for a bill that is no loan."
    ),
    responses=answers(
        200, LoanSchedule, "A page of instalments.", *ALWAYS, "not-found", "invalid-value"
    ),
)
def get_schedule(
    bill_id: BillId, limit: Limit = 50, cursor: Cursor = None
) -> Response[LoanSchedule]:
    user_id = me(router)
    filters = {"list": "schedule", "bill_id": bill_id}
    after = 0 if cursor is None else int(cursors.read(user_id, filters, cursor))
    bill = my_account(router, now=clock.now()).need_bill(bill_id)
    if bill.loan is None:
        raise Problem("not-found", "the bill is no loan and has no schedule: read its occurrences")
    currency = bill.loan.principal.currency
    instalments = schedule(bill.loan)
    rest = [each for each in instalments if each.number > after]
    page = rest[:limit]
    more = len(rest) > limit
    return ok(
        LoanSchedule(
            currency=currency,
            total_interest=plain(Money(total_interest(instalments), currency)),
            count=len(instalments),
            instalments=[_due_view(bill, each, currency) for each in page],
            next_cursor=cursors.make(user_id, filters, str(page[-1].number)) if more else None,
        )
    )


def _due_view(bill: Bill, instalment: Instalment, currency: str) -> DueInstalment:
    number = first_instalment(bill) + instalment.number - 1
    due_on = bill.due_on(number)
    return DueInstalment(
        **dict(_view(instalment, currency)),
        number=number,
        due_on=None if due_on is None else bill.payable_on(due_on).isoformat(),
        nominal_due_on=None if due_on is None else due_on.isoformat(),
        standing=bill.owed(number).standing.value,
    )


def _view(instalment: Instalment, currency: str) -> LoanInstalment:
    return LoanInstalment(
        instalment=instalment.number,
        principal=plain(Money(instalment.principal, currency)),
        interest=plain(Money(instalment.interest, currency)),
        total=plain(Money(instalment.total, currency)),
        balance=plain(Money(instalment.balance, currency)),
    )


# What a loan would cost ---------------------------------------------------------------------------


class QuotedInstalment(LoanInstalment):
    """An instalment of a loan that may be taken."""

    due_on: Annotated[
        Day | None, Field(description="When it would fall due; null beyond the year 9999.")
    ]


class LoanQuote(Answer):
    """What a loan would cost, and how it would be paid back."""

    currency: Annotated[Currency, Field(description="The currency of all amounts.")]
    principal: Annotated[Sum, Field(description="What would be borrowed.")]
    total_interest: Annotated[Sum, Field(description="All interest and fees together.")]
    total: Annotated[Sum, Field(description="All that would be paid back.")]
    effective_annual_rate: Annotated[
        str | None,
        Field(
            description=(
                "The true rate in percent a year, compounded, of what is really paid and when: a "
                "flat fee counts on what is still owed. Null when no whole number of periods is a "
                "year."
            ),
            examples=["13.5743"],
        ),
    ]
    instalments: Annotated[list[QuotedInstalment], Field(description="The first due first.")]


@router.get(
    "/v1/loan-quotes",
    tags=["Bills"],
    operation_id="quoteLoan",
    summary="Quote a loan",
    description=(
        "What a loan would cost before it is taken: its schedule, all interest, and the true "
        "yearly rate. Nothing is stored, and no account is needed. To take it, create a bill with "
        "the same terms."
    ),
    responses=answers(
        200, LoanQuote, "The quote.", "invalid-request", "invalid-value", "internal", "try-again"
    ),
)
def quote_loan(
    method: Annotated[MethodName, Query(description="How it is paid back, as of a bill's loan.")],
    principal: Annotated[Amount, Query(description="What is borrowed.")],
    currency: Annotated[Currency, Query(description="The currency of all amounts.")],
    rate: Annotated[
        Percent,
        Query(description="Percent of a year; for flat_fee percent of the principal each period."),
    ],
    instalments: Annotated[int, Query(ge=1, le=1200, description="How many.")],
    first_due: Annotated[LocalDate, Query(description="When the first of them falls due.")],
    every: Annotated[int, Query(ge=1, le=1000, description="Every so many units.")] = 1,
    unit: Annotated[UnitName, Query(description="Of what.")] = "month",
) -> Response[LoanQuote]:
    in_use = read(money.currency, currency, "currency", "query")
    first: date = read(day_of, first_due, "first_due", "query")
    recurrence = Recurrence(first, every=every, unit=Unit(unit))
    cells = {
        "loan_method": method,
        "principal": principal,
        "currency": in_use,
        "rate": rate,
        "instalments": str(instalments),
    }
    loan = _loan(Row(0, cells), in_use, recurrence)
    paid = schedule(loan)
    interest = total_interest(paid)
    return ok(
        LoanQuote(
            currency=in_use,
            principal=plain(loan.principal),
            total_interest=plain(Money(interest, in_use)),
            total=plain(Money(loan.principal.amount + interest, in_use)),
            effective_annual_rate=_true_rate(loan, recurrence),
            instalments=[
                QuotedInstalment(
                    **dict(_view(each, in_use)), due_on=_day(recurrence.due_on(each.number - 1))
                )
                for each in paid
            ],
        )
    )


_PARAMETERS = {"loan_method": "method", "repeats": "every"}
"""What the columns of a file are called here, where it differs."""


def _loan(row: Row, currency: str, recurrence: Recurrence) -> Loan:
    """By the rules that hold for files. Raises an invalid-value problem that lists every fault."""
    loan = loans.loan(row, currency, recurrence)
    if loan is None or row.errors:
        raise invalid(
            fault(_PARAMETERS.get(error.column, error.column), error.problem, "query")
            for error in row.errors
        )
    return loan


def _true_rate(loan: Loan, recurrence: Recurrence) -> str | None:
    year = loans.PERIODS_A_YEAR.get(recurrence.unit) if recurrence.unit is not None else None
    if year is None or year % recurrence.every:
        return None
    rate = effective_annual_rate(loan, year // recurrence.every)
    return percent_text((rate * 100).quantize(_SHOWN))


_SHOWN = Decimal("0.0001")


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
