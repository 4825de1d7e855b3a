"""Bills that go on and are not reminded of: the user wants that, or says that one is not theirs."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body as BodyParam
from pydantic import Field

from bill_reminders import aws, clock
from bill_reminders.api.answering import WITH_BODY
from bill_reminders.api.bills import SilenceName
from bill_reminders.api.fields import Body
from bill_reminders.api.routes.bills import BillDetail, BillId, answer_to, bill_as_it_is
from bill_reminders.commands import mute
from bill_reminders.delivery.bill_events import BillEvents
from bill_reminders.domain.bills import MuteReason
from bill_reminders.domain.facts import Fact

router = Router()


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
    now, reason = clock.now(), MuteReason(body.reason)
    return answer_to(
        router,
        bill_id,
        lambda account: mute.mute(account, bill_id, reason, now=now),
        now=now,
        tell=partial(_tell, now=now),
    )


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
    responses=bill_as_it_is(200, "invalid-value"),
)
def unsilence_bill(bill_id: BillId) -> Response[BillDetail]:
    now = clock.now()
    return answer_to(
        router,
        bill_id,
        lambda account: mute.unmute(account, bill_id),
        now=now,
        tell=partial(_tell, now=now),
    )


def _tell(facts: Iterable[Fact], *, now: datetime) -> None:
    BillEvents(_client, router.context["bill_events_bus"]).tell(facts, now=now)


@cache
def _client() -> Any:
    return aws.client("events", aws.PROMPT)
