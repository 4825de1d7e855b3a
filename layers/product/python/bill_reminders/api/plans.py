"""Plans in JSON: a whole one, or what a bill or a kind of bill changes in it."""

from typing import Annotated

from pydantic import Field

from bill_reminders.api.fields import Answer, Body, ChannelName, LeadDay, OverdueDay, WallTime
from bill_reminders.domain.bounds import LIVE_OF_BILL, LIVE_OF_USER
from bill_reminders.domain.local_time import wall_text
from bill_reminders.domain.people import MOST_LEAD_DAYS, MOST_OVERDUE_DAYS, Plan, PlanChange
from bill_reminders.files import plans
from bill_reminders.files.plans import cells_said

_LEADS = "Days before the due date to remind on; 0 is the due day. Each once."
_OVERDUES = "Days after the due date to remind on while it is unpaid. Each once."
_BOUNDED = (
    f" At most {LIVE_OF_BILL} reminders of one bill may be live at once, and {LIVE_OF_USER:,} of "
    "all open bills of a user: the due dates from the last overdue day and 9 days ago up to the "
    "farthest lead day ahead, times the days of the plan. Who has more already may have fewer."
)
_AT = "The time of day of reminders, in the user's zone."
_CHANNELS = "The channels, the most wanted first, in which order they stand in. Each once."


class PlanChannel(Body):
    """A channel of a plan."""

    channel: Annotated[ChannelName, Field(description="The channel.", examples=["sms"])]
    from_lead_days: Annotated[
        LeadDay | None,
        Field(
            description=(
                "Escalation: it takes part from so many days before the due date on; earlier "
                "ones it gets only as a fallback. Null for all."
            ),
            examples=[0],
        ),
    ] = None
    fallback: Annotated[
        bool,
        Field(
            description=(
                "It is used only for what failed on the channels that take part: the provider "
                "refused it for good, it came back, or there is no usable address. If all channels "
                "join later or are fallbacks, the one that joins first takes part in everything."
            )
        ),
    ] = False


class PlanFields(Body):
    """When and where to remind; what is null or left out stays as it is in the plan above."""

    lead_days: Annotated[
        list[LeadDay] | None,
        Field(max_length=MOST_LEAD_DAYS, description=_LEADS + _BOUNDED, examples=[[3, 1, 0]]),
    ] = None
    overdue_days: Annotated[
        list[OverdueDay] | None,
        Field(max_length=MOST_OVERDUE_DAYS, description=_OVERDUES + _BOUNDED, examples=[[1]]),
    ] = None
    remind_at: Annotated[WallTime | None, Field(description=_AT, examples=["09:00"])] = None
    channels: Annotated[
        list[PlanChannel] | None,
        Field(
            min_length=1,
            max_length=3,
            description=_CHANNELS,
            examples=[[{"channel": "push"}, {"channel": "sms", "fallback": True}]],
        ),
    ] = None


class PlanView(PlanFields, Answer):
    """What differs from the plan above; null where nothing does."""

    lead_days: Annotated[list[LeadDay] | None, Field(description=_LEADS, examples=[[3, 1, 0]])] = (
        None
    )
    overdue_days: Annotated[
        list[OverdueDay] | None, Field(description=_OVERDUES, examples=[[1]])
    ] = None


class WholePlan(Answer):
    """When and where to remind, with nothing left open."""

    lead_days: Annotated[list[LeadDay], Field(description=_LEADS, examples=[[3, 1, 0]])]
    overdue_days: Annotated[list[OverdueDay], Field(description=_OVERDUES, examples=[[1]])]
    remind_at: Annotated[WallTime, Field(description=_AT, examples=["09:00"])]
    channels: Annotated[list[PlanChannel], Field(description=_CHANNELS + " Empty: none yet.")]


def cells_of(plan: PlanFields | None) -> dict[str, str]:
    """The plan as the cells of a file, whose rules hold here too."""
    return cells_said(None if plan is None else plan.model_dump())


def change_view(change: PlanChange) -> PlanView | None:
    """What is changed; None when nothing is."""
    said = plans.change_view(change)
    return None if said is None else PlanView(**said)


def plan_view(plan: Plan) -> WholePlan:
    return WholePlan(
        lead_days=list(plan.lead_days),
        overdue_days=list(plan.overdue_days),
        remind_at=wall_text(plan.remind_at),
        channels=[PlanChannel(**each) for each in plans.channels_view(plan.channels, plan.joins)],
    )
