"""Loans: how one is paid back, instalment by instalment."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api import cursors
from bill_reminders.api.answering import ALWAYS, answers, ok
from bill_reminders.api.bills import StandingName, plain
from bill_reminders.api.callers import me
from bill_reminders.api.cursors import Cursor, Limit
from bill_reminders.api.fields import Answer, Currency, Day, Sum
from bill_reminders.api.problems import Problem
from bill_reminders.api.routes.bills import BillId, need_bill
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.loans import Instalment, schedule, total_interest
from bill_reminders.domain.money import Money

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
    bill = need_bill(user_id, bill_id, now=clock.now())
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
    number = bill.recurrence.first_number + instalment.number - 1
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
