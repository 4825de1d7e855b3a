"""Principal of a loan that is paid back early, and the way back."""

from datetime import date
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body as BodyParam
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api.answering import POSTED, WITH_BODY
from bill_reminders.api.bills import prepayment_id as id_of
from bill_reminders.api.fields import WHOLE, Amount, Body, EffectName
from bill_reminders.api.idempotency import IdempotencyKey, done_once
from bill_reminders.api.problems import fault, invalid, not_found
from bill_reminders.api.routes.bills import BillDetail, BillId, answer_to, bill_as_it_is
from bill_reminders.api.routes.payments import money_of
from bill_reminders.commands import payments
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.loans import Effect, Method, Prepayment

router = Router()

PrepaymentId = Annotated[
    str, Path(pattern=r"^r[0-9a-f]{16}$", description="The prepayment's id, from the bill.")
]


class NewPrepayment(Body):
    """Principal that was paid back early."""

    amount: Annotated[
        Amount, Field(description="What was paid back, in the bill's currency.", examples=["1000"])
    ]
    effect: Annotated[
        EffectName,
        Field(
            description=(
                "shorter_term: the instalments stay and become fewer. lower_instalment: they stay "
                "as many and become lower; an interest-only loan knows this alone."
            ),
            examples=["shorter_term"],
        ),
    ]
    after: Annotated[
        Annotated[int, Field(ge=0, le=1200, examples=[3]), WHOLE] | None,
        Field(
            description=(
                "How many instalments came before it; null for those before the oldest that is "
                "unpaid. It counts as paid on the day of the last of them."
            )
        ),
    ] = None


@router.post(
    "/v1/bills/<bill_id>/prepayments",
    status_code=201,
    middlewares=[done_once],
    tags=["Payments"],
    operation_id="addPrepayment",
    summary="Note a prepayment of a loan",
    description=(
        "The instalments after it are computed anew, and reminders say the new amounts from now "
        "on. The loan never becomes longer. Of two that are alike, one counts."
    ),
    responses=bill_as_it_is(201, *WITH_BODY, *POSTED),
)
def add_prepayment(
    bill_id: BillId,
    body: Annotated[NewPrepayment, BodyParam(description="The prepayment.")],
    key: IdempotencyKey,
) -> Response[BillDetail]:
    now, effect = clock.now(), Effect(body.effect)

    def prepay(account: Account) -> Account:
        bill = account.need_bill(bill_id)
        if bill.loan is None:
            raise invalid([fault("bill_id", "no loan: note a payment instead", "path")])
        paid = money_of(bill, body.amount, None, "amount")
        prepayment = Prepayment(_after(bill, body.after, account.today(now)), paid.amount, effect)
        try:
            return payments.prepay(account, bill_id, prepayment)
        except InvalidValue as error:
            if error.field != "prepayments":
                raise
            is_effect = bill.loan.method is Method.INTEREST_ONLY and effect is Effect.SHORTER_TERM
            said = fault("effect" if is_effect else "amount", error.problem)
            raise invalid([said]) from None

    return answer_to(router, bill_id, prepay, now=now, status=201)


def _after(bill: Bill, after: int | None, today: date) -> int:
    if after is not None:
        return after
    unpaid = bill.first_unpaid(today)
    if unpaid is None:
        raise invalid([fault("after", "nothing of this loan is left to pay")])
    return unpaid


@router.delete(
    "/v1/bills/<bill_id>/prepayments/<prepayment_id>",
    tags=["Payments"],
    operation_id="undoPrepayment",
    summary="Undo a prepayment",
    description="As if it had not been made: the instalments are computed without it.",
    responses=bill_as_it_is(200),
)
def undo_prepayment(bill_id: BillId, prepayment_id: PrepaymentId) -> Response[BillDetail]:
    def undo(account: Account) -> Account:
        bill = account.need_bill(bill_id)
        known = () if bill.loan is None else bill.loan.prepayments
        for each in known:
            if id_of(bill, each) == prepayment_id:
                return payments.undo_prepayment(account, bill_id, each)
        if not account.uncertain:
            raise not_found("prepayment")
        return account

    return answer_to(router, bill_id, undo, now=clock.now())
