"""The address of the calendar feed: read whether there is one, make it, take it back."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api.answering import ALWAYS, answers, nothing, ok
from bill_reminders.api.callers import me
from bill_reminders.api.config import config
from bill_reminders.api.fields import Answer, Instant, instant_text
from bill_reminders.storage import calendars

router = Router()

PATH = "/c/"
"""Where a token stands in the address of a feed."""


class CalendarState(Answer):
    """Whether a calendar is published."""

    since: Annotated[
        Instant | None,
        Field(description="When its present address was made; null when there is none."),
    ]


class CalendarAddress(Answer):
    """The address of a user's calendar."""

    url: Annotated[
        str,
        Field(
            description=(
                "Subscribe to it. Whoever has it reads the bills, so it is shown this once: only "
                "its hash is kept."
            ),
            examples=["https://pay.example.com/c/aZ09aZ09aZ09aZ09a.ics"],
        ),
    ]
    since: Annotated[Instant, Field(description="When it was made.")]


@router.get(
    "/v1/calendar",
    tags=["Calendar"],
    operation_id="getCalendar",
    summary="Whether a calendar is published",
    description="The address itself is not kept: to have it again, make a new one.",
    responses=answers(200, CalendarState, "Since when, if at all.", *ALWAYS),
)
def get_calendar() -> Response[CalendarState]:
    since = calendars.since(me(router))
    return ok(CalendarState(since=None if since is None else instant_text(since)))


@router.put(
    "/v1/calendar",
    tags=["Calendar"],
    operation_id="publishCalendar",
    summary="Publish a calendar at a new address",
    description=(
        "Due dates from 100 days back to 400 days ahead as all-day events of an iCalendar (RFC "
        "5545), with the reminders of the plan as alarms, for a calendar program to subscribe to. "
        "An earlier address opens nothing any more, also when this is repeated."
    ),
    responses=answers(200, CalendarAddress, "The new address.", *ALWAYS),
)
def publish_calendar() -> Response[CalendarAddress]:
    now = clock.now()
    token = calendars.renew(me(router), now=now)
    url = f"{config(router).link_origin}{PATH}{token}.ics"
    return ok(CalendarAddress(url=url, since=instant_text(now)))


@router.delete(
    "/v1/calendar",
    status_code=204,
    tags=["Calendar"],
    operation_id="withdrawCalendar",
    summary="Publish no calendar any more",
    description="Its address opens nothing from now on. Does nothing when there is none.",
    responses=answers(204, None, "No calendar is published.", *ALWAYS),
)
def withdraw_calendar() -> Response[None]:
    calendars.withdraw(me(router))
    return nothing()
