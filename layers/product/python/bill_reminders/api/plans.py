"""Plans in JSON: a whole one, or what a bill or a kind of bill changes in it."""

from typing import Annotated

from pydantic import Field

from bill_reminders.api.fields import Answer, Body, ChannelName, LeadDay, OverdueDay, WallTime
from bill_reminders.domain.clock import wall_text
from bill_reminders.domain.people import Plan, PlanChange
from bill_reminders.files.plans import FALLBACK, days_text

_LEADS = "Days before the due date to remind on; 0 is the due day. Each once."
_OVERDUES = "Days after the due date to remind on while it is unpaid. Each once."
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

    @property
    def cell(self) -> str:
        """Its part of a file's cell."""
        days = "" if self.from_lead_days is None else f"@{self.from_lead_days}"
        return self.channel + days + (f"@{FALLBACK}" if self.fallback else "")


class PlanFields(Body):
    """When and where to remind; what is null or left out stays as it is in the plan above."""

    lead_days: Annotated[
        list[LeadDay] | None, Field(max_length=20, description=_LEADS, examples=[[3, 1, 0]])
    ] = None
    overdue_days: Annotated[
        list[OverdueDay] | None, Field(max_length=20, description=_OVERDUES, examples=[[1]])
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
    if plan is None:
        return {}
    cells: dict[str, str] = {}
    for name, days in (("lead_days", plan.lead_days), ("overdue_days", plan.overdue_days)):
        if days is not None:
            cells[name] = days_text(days)
    if plan.remind_at is not None:
        cells["remind_at"] = plan.remind_at
    if plan.channels is not None:
        cells["channels"] = "+".join(each.cell for each in plan.channels)
    return cells


def change_view(change: PlanChange) -> PlanView | None:
    """What is changed; None when nothing is."""
    if change == PlanChange():
        return None
    plan = Plan().with_change(change)
    return PlanView(
        lead_days=None if change.lead_days is None else list(change.lead_days),
        overdue_days=None if change.overdue_days is None else list(change.overdue_days),
        remind_at=None if change.remind_at is None else wall_text(change.remind_at),
        channels=None if change.channels is None else _channels(plan),
    )


def plan_view(plan: Plan) -> WholePlan:
    return WholePlan(
        lead_days=list(plan.lead_days),
        overdue_days=list(plan.overdue_days),
        remind_at=wall_text(plan.remind_at),
        channels=_channels(plan),
    )


def _channels(plan: Plan) -> list[PlanChannel]:
    joins = {join.channel: join.lead_days for join in plan.joins}
    return [
        PlanChannel(
            channel=channel.value,
            from_lead_days=joins.get(channel),
            fallback=channel in joins and joins[channel] is None,
        )
        for channel in plan.channels
    ]
