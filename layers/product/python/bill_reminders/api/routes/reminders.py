"""Reminders: what went out and why, what did not and why not, what is coming, and feedback."""

from datetime import timedelta
from typing import Annotated, Literal, cast

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body as BodyParam
from aws_lambda_powertools.event_handler.openapi.params import Path, Query
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api import cursors
from bill_reminders.api.answering import ALWAYS, WITH_BODY, answers, ok
from bill_reminders.api.callers import me, my_account
from bill_reminders.api.coming import ComingReminder, coming_view, key_of, reminder_id
from bill_reminders.api.cursors import Cursor, Limit
from bill_reminders.api.fields import (
    Answer,
    Body,
    ChannelName,
    Day,
    Identifier,
    Instant,
    StateName,
    instant_or_none,
    instant_text,
)
from bill_reminders.api.problems import fault, invalid, not_found, read
from bill_reminders.domain.account import Account
from bill_reminders.domain.forecast import forecast
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Language
from bill_reminders.files.cells import prose
from bill_reminders.messages.explanations import because, outcome
from bill_reminders.messages.names import clean
from bill_reminders.storage import accounts, history
from bill_reminders.storage.history import DeliveredReminder, Feedback

router = Router()

LONGEST_SUGGESTION = 500
UPCOMING_AT_MOST = 200

ReminderId = Annotated[
    str,
    Path(pattern=r"^[A-Za-z0-9_-]{20,400}$", description="The reminder's id, from the history."),
]
Timing = Literal["too_early", "right", "too_late"]


class FeedbackGiven(Answer):
    """What the user said about a reminder."""

    timing: Annotated[Timing | None, Field(description="Whether it came in time.")]
    useful: Annotated[bool | None, Field(description="Whether it helped.", examples=[True])]
    suggestion: Annotated[str | None, Field(description="Better words.", examples=["Shorter."])]
    given_at: Annotated[Instant, Field(description="When it was said.")]


class NewFeedback(Body):
    """What the user says; at least one of the three."""

    timing: Annotated[
        Timing | None, Field(description="Whether it came in time.", examples=["right"])
    ] = None
    useful: Annotated[bool | None, Field(description="Whether it helped.", examples=[True])] = None
    suggestion: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=LONGEST_SUGGESTION,
            description="Better words for it.",
            examples=["Say first what is due, then how much."],
        ),
    ] = None


class Reminder(Answer):
    """A reminder that was due, and what became of it."""

    reminder_id: Annotated[str, Field(description="Its id.", examples=["MjAyNy0wMy0wNSNyZW50"])]
    bill_id: Annotated[str, Field(description="The bill.", examples=["rent"])]
    biller: Annotated[
        str | None,
        Field(description="Who is to be paid; null when the bill is deleted.", examples=["Oak"]),
    ]
    name: Annotated[
        str | None,
        Field(description="What the bill is called; null when it is deleted.", examples=["Rent"]),
    ]
    occurrence: Annotated[
        int, Field(description="Which due date of it, counted from 0.", examples=[0])
    ]
    due_on: Annotated[
        Day,
        Field(
            description=(
                "By when it was to be paid, weekends and holidays minded; the nominal date when "
                "the bill is deleted."
            )
        ),
    ]
    nominal_due_on: Annotated[Day, Field(description="The date before that shift.")]
    channel: Annotated[ChannelName, Field(description="Where.", examples=["sms"])]
    trigger: Annotated[str, Field(description="What made it due.", examples=["lead:3"])]
    why: Annotated[
        str,
        Field(
            description="The same as a sentence in the user's language: why did I get this?",
            examples=["By your reminder plan: 3 days before."],
        ),
    ]
    state: Annotated[
        StateName,
        Field(
            description=(
                "claimed: about to be sent; in_digest: travels with others, see message_id; "
                "waiting: to be tried again; sent: the provider took it; delivered: it arrived; "
                "bounced: it came back; complained: reported as unwanted; failed: refused for "
                "good; expired: could not be delivered in time; unknown: nobody can tell; "
                "skipped: it did not go out, see outcome."
            ),
            examples=["sent"],
        ),
    ]
    outcome: Annotated[
        str,
        Field(
            description="The same as a sentence in the user's language: why did I not get it?",
            examples=["Sent: the provider accepted it."],
        ),
    ]
    reason: Annotated[
        str | None,
        Field(
            description=(
                "For a skipped one: no_address, merged, superseded, expired, snoozed, while_paid, "
                "carried, withdrawn."
            ),
            examples=[None],
        ),
    ]
    message_id: Annotated[
        str | None,
        Field(
            description="The reminder whose message it travelled in, its own or a digest's.",
            examples=["MjAyNy0wMy0wNSNyZW50"],
        ),
    ]
    planned_at: Annotated[Instant, Field(description="When it was to go out.")]
    recorded_at: Annotated[Instant, Field(description="When it was claimed or skipped.")]
    settled_at: Annotated[Instant | None, Field(description="When it was known what became of it.")]
    feedback: Annotated[FeedbackGiven | None, Field(description="What the user said about it.")]


class ReminderPage(Answer):
    """Some reminders of the history, the latest due dates first."""

    reminders: Annotated[list[Reminder], Field(description="The reminders.")]
    next_cursor: Annotated[
        str | None,
        Field(
            description="Send it as `cursor` for the next page; null on the last.", examples=[None]
        ),
    ]


class Upcoming(Answer):
    """What is coming if nothing else happens."""

    until: Annotated[
        Instant,
        Field(
            description=(
                "How far it was looked ahead: all that comes before is listed. When `more` is true "
                "that is the instant of the last one listed."
            )
        ),
    ]
    more: Annotated[
        bool,
        Field(description="Whether more than 200 come in these days, so that some are not listed."),
    ]
    reminders: Annotated[
        list[ComingReminder], Field(description="The earliest first; 200 at most.")
    ]


@router.get(
    "/v1/reminders",
    tags=["Reminders"],
    operation_id="listReminders",
    summary="List the history",
    description=(
        "Every reminder that was due, sent or not, with the reason. Kept for 13 months after its "
        "due date, or after it was noted where that is later."
    ),
    responses=answers(200, ReminderPage, "A page of reminders.", *ALWAYS, "invalid-value"),
)
def list_reminders(
    bill_id: Annotated[Identifier | None, Query(description="Only those of this bill.")] = None,
    channel: Annotated[ChannelName | None, Query(description="Only those on this channel.")] = None,
    state: Annotated[StateName | None, Query(description="Only those in this state.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[ReminderPage]:
    user_id = me(router)
    filters = {"bill_id": bill_id, "channel": channel, "state": state, "list": "reminders"}
    after = None if cursor is None else cursors.read(user_id, filters, cursor)

    def fits(told: DeliveredReminder) -> bool:
        reminder = told.recorded.reminder
        return (
            bill_id in (None, reminder.bill_id)
            and channel in (None, reminder.channel.value)
            and state in (None, told.recorded.state.value)
        )

    account = my_account(router, now=clock.now())
    page, more = history.page(user_id, fits=fits, limit=limit, after=after)
    feedback = history.all_feedback(user_id) if page else {}
    messages = history.messages_of(user_id, page)
    following = cursors.make(user_id, filters, page[-1].key) if more else None
    return ok(
        ReminderPage(
            reminders=[
                _view(account, told, messages.get(told.message_key or ""), feedback.get(told.key))
                for told in page
            ],
            next_cursor=following,
        )
    )


def _view(
    account: Account,
    told: DeliveredReminder,
    message: DeliveredReminder | None,
    feedback: Feedback | None,
) -> Reminder:
    reminder, language = told.recorded.reminder, account.user.language
    bill = account.bill(reminder.bill_id)
    return Reminder(
        reminder_id=reminder_id(told.key),
        bill_id=reminder.bill_id,
        biller=None if bill is None else bill.biller,
        name=None if bill is None else bill.name,
        occurrence=reminder.occurrence,
        due_on=(reminder.due_on if bill is None else bill.payable_on(reminder.due_on)).isoformat(),
        nominal_due_on=reminder.due_on.isoformat(),
        channel=reminder.channel.value,
        trigger=str(reminder.trigger),
        why=because(language, reminder.trigger),
        state=told.recorded.state.value,
        outcome=_outcome(language, told, message),
        reason=told.reason if told.recorded.state is State.SKIPPED else None,
        message_id=None if told.message_key is None else reminder_id(told.message_key),
        planned_at=instant_text(reminder.planned_at),
        recorded_at=instant_text(told.recorded_at),
        settled_at=instant_or_none((message or told).settled_at),
        feedback=None if feedback is None else _feedback_view(feedback),
    )


def _outcome(language: Language, told: DeliveredReminder, message: DeliveredReminder | None) -> str:
    """In a digest: what became of the message."""
    state = (message or told).recorded.state
    return outcome(language, state, (message or told).reason)


def _feedback_view(feedback: Feedback) -> FeedbackGiven:
    return FeedbackGiven(
        timing=cast(Timing | None, feedback.timing),
        useful=feedback.useful,
        suggestion=feedback.suggestion,
        given_at=instant_text(feedback.given_at),
    )


@router.get(
    "/v1/reminders/upcoming",
    tags=["Reminders"],
    operation_id="listUpcoming",
    summary="List what is coming",
    description=(
        "What will go out in the next days if nothing else happens, and what will not, with the "
        "reason: quiet hours, pause, snoozes and missing addresses are minded."
    ),
    responses=answers(200, Upcoming, "What is coming.", *ALWAYS),
)
def list_upcoming(
    days: Annotated[int, Query(ge=1, le=90, description="How far to look ahead.")] = 30,
) -> Response[Upcoming]:
    now = clock.now()
    account = my_account(router, now=now)
    until = now + timedelta(days=days)
    found = forecast(
        account.user,
        account.bills,
        account.recorded,
        now=now,
        until=until,
        at_most=UPCOMING_AT_MOST + 1,
    )
    coming, more = found[:UPCOMING_AT_MOST], len(found) > UPCOMING_AT_MOST
    return ok(
        Upcoming(
            until=instant_text(coming[-1].at if more else until),
            more=more,
            reminders=[coming_view(each, account) for each in coming],
        )
    )


@router.get(
    "/v1/reminders/<reminder_id>",
    tags=["Reminders"],
    operation_id="getReminder",
    summary="Read one reminder",
    description="Why it came, or why it did not.",
    responses=answers(200, Reminder, "The reminder.", *ALWAYS, "not-found"),
)
def get_reminder(reminder_id: ReminderId) -> Response[Reminder]:
    return _answer(me(router), reminder_id)


def _answer(user_id: str, ident: str) -> Response[Reminder]:
    told = _find(user_id, ident)
    message = history.messages_of(user_id, [told]).get(told.message_key or "")
    feedback = history.feedback_on(user_id, told.key)
    return ok(_view(accounts.read(user_id, now=clock.now()), told, message, feedback))


def _find(user_id: str, ident: str) -> DeliveredReminder:
    key = key_of(ident)
    told = None if not key else history.find(user_id, key)
    if told is None:
        raise not_found("reminder")
    return told


@router.put(
    "/v1/reminders/<reminder_id>/feedback",
    tags=["Reminders"],
    operation_id="giveFeedback",
    summary="Say what you think of one",
    description=(
        "Was it too early, right, too late; did it help; would you word it otherwise? It stands in "
        "place of all that was said of this reminder before: what is left out is said no more."
    ),
    responses=answers(200, Reminder, "Thank you.", *ALWAYS, *WITH_BODY, "not-found"),
)
def give_feedback(
    reminder_id: ReminderId,
    body: Annotated[NewFeedback, BodyParam(description="The feedback.")],
) -> Response[Reminder]:
    user_id = me(router)
    told = _find(user_id, reminder_id)
    suggestion = None
    if body.suggestion is not None:
        suggestion = read(prose, clean(body.suggestion), "suggestion")
    if (body.timing, body.useful, suggestion) == (None, None, None):
        raise invalid([fault("timing", "nothing is said: write timing, useful or a suggestion")])
    history.give_feedback(
        user_id,
        told.key,
        Feedback(body.timing, body.useful, suggestion, clock.now()),
    )
    return _answer(user_id, reminder_id)


@router.delete(
    "/v1/reminders/<reminder_id>/feedback",
    tags=["Reminders"],
    operation_id="takeFeedbackBack",
    summary="Take your opinion back",
    description="As if nothing had been said of it. Without feedback nothing changes.",
    responses=answers(200, Reminder, "The reminder.", *ALWAYS, "not-found"),
)
def take_feedback_back(reminder_id: ReminderId) -> Response[Reminder]:
    user_id = me(router)
    history.take_feedback_back(user_id, _find(user_id, reminder_id).key, now=clock.now())
    return _answer(user_id, reminder_id)
