"""Bills that go on and are not reminded of: the user wants that, or says that one is not theirs."""

from functools import cache
from typing import Annotated, Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body as BodyParam
from pydantic import Field

from bill_reminders import aws, clock
from bill_reminders.api.answering import WITH_BODY
from bill_reminders.api.bills import SilenceName
from bill_reminders.api.callers import me
from bill_reminders.api.fields import Body
from bill_reminders.api.routes.bills import BillDetail, BillId, answer, bill_as_it_is, need_bill
from bill_reminders.delivery.bill_events import BillEvents
from bill_reminders.domain.bills import SilenceReason
from bill_reminders.storage import accounts, happenings

router = Router()
logger = Logger(child=True)


class NewSilence(Body):
    """Why nothing shall remind of a bill."""

    reason: Annotated[
        SilenceName,
        Field(
            description=(
                "stopped: no reminders of it, please. not_mine: the user owes nothing of the kind; "
                "its biller is told."
            ),
            examples=["stopped"],
        ),
    ] = "stopped"


@router.put(
    "/v1/bills/<bill_id>/silence",
    tags=["Bills"],
    operation_id="silenceBill",
    summary="Silence a bill",
    description=(
        "Nothing of it is reminded of until that is taken back; its due dates go on. What the "
        "buttons of a message's page do. Another reason takes the place of the one before."
    ),
    responses=bill_as_it_is(200, *WITH_BODY),
)
def silence_bill(
    bill_id: BillId,
    body: Annotated[NewSilence, BodyParam(description="Why.")],
) -> Response[BillDetail]:
    user_id, now = me(router), clock.now()
    is_foreign = need_bill(user_id, bill_id, now=now).is_not_mine
    reason = SilenceReason(body.reason)
    # told first: if what follows fails, the user asks again, and it is told of again
    if reason is SilenceReason.NOT_MINE and not is_foreign:
        _events().not_mine(user_id, bill_id, now=now)
        # an alarm looks for these words
        logger.warning("bill is not its user's", user_id=user_id, bill_id=bill_id)
    if reason is SilenceReason.STOPPED and is_foreign:
        _events().mine_after_all(user_id, bill_id, now=now)
    happenings.silence(user_id, bill_id, reason, now=now)
    return answer(accounts.read(user_id, now=now), bill_id, now=now)


@router.delete(
    "/v1/bills/<bill_id>/silence",
    tags=["Bills"],
    operation_id="unsilenceBill",
    summary="Remind of a bill again",
    description=(
        "Takes the silence back, whichever way it came: the days of the plan that are still to "
        "come hold again. The biller of one that was not_mine is told. Without a silence nothing "
        "changes."
    ),
    responses=bill_as_it_is(200),
)
def unsilence_bill(bill_id: BillId) -> Response[BillDetail]:
    user_id, now = me(router), clock.now()
    if need_bill(user_id, bill_id, now=now).is_not_mine:
        _events().mine_after_all(user_id, bill_id, now=now)
    happenings.unsilence(user_id, bill_id, now=now)
    return answer(accounts.read(user_id, now=now), bill_id, now=now)


def _events() -> BillEvents:
    return BillEvents(_client(), router.context["bill_events_bus"])


@cache
def _client() -> Any:
    """Made when it is first needed: few requests need it, and every cold start would pay for it."""
    return aws.client("events")
