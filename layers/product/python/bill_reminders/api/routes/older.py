"""Payments of dates that are long over, which a bill no longer carries."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api import cursors
from bill_reminders.api.answering import ALWAYS, answers, ok
from bill_reminders.api.bills import PaymentView, payment_view
from bill_reminders.api.callers import me, my_account
from bill_reminders.api.cursors import Cursor
from bill_reminders.api.fields import Answer
from bill_reminders.api.routes.bills import BillId
from bill_reminders.storage import put_away

router = Router()


class OlderPayments(Answer):
    """A page of payments that were put away."""

    payments: Annotated[
        list[PaymentView], Field(description="As they were noted; those of the latest dates first.")
    ]
    next_cursor: Annotated[
        str | None,
        Field(
            description="Send it as `cursor` for the next page; null on the last.", examples=[None]
        ),
    ]


@router.get(
    "/v1/bills/<bill_id>/older-payments",
    tags=["Payments"],
    operation_id="listOlderPayments",
    summary="List the payments that were put away",
    description=(
        "A bill shows its latest payments, hundreds of them. When there are more, those of due "
        "dates that are closed and more than a year past are put away: they are listed here, "
        "and can no longer be undone. Pages differ in length, and have up to 400."
    ),
    responses=answers(200, OlderPayments, "A page of them.", *ALWAYS, "not-found", "invalid-value"),
)
def list_older_payments(bill_id: BillId, cursor: Cursor = None) -> Response[OlderPayments]:
    user_id = me(router)
    filters = {"list": "older-payments", "bill_id": bill_id}
    after = None if cursor is None else cursors.read(user_id, filters, cursor)
    my_account(router, now=clock.now()).need_bill(bill_id)
    older, more = put_away.page(user_id, bill_id, after=after)
    if older is None:
        return ok(OlderPayments(payments=[], next_cursor=None))
    return ok(
        OlderPayments(
            payments=[payment_view(each) for each in reversed(older.payments)],
            next_cursor=cursors.make(user_id, filters, older.key) if more else None,
        )
    )
