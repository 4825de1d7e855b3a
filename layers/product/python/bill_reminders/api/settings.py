"""Settings in JSON, and what a change of them makes of a user."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import ConfigDict, Field, create_model

from bill_reminders.api.coming import ComingReminder, coming_view
from bill_reminders.api.etags import etag
from bill_reminders.api.fields import (
    Answer,
    Body,
    Day,
    KindName,
    LanguageName,
    LocalDate,
    WallTime,
    absent,
)
from bill_reminders.api.plans import (
    PlanFields,
    PlanView,
    WholePlan,
    cells_of,
    change_view,
    plan_view,
)
from bill_reminders.api.problems import Fault, fault, invalid
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.forecast import next_on_each_channel
from bill_reminders.domain.local_time import QuietHours, wall_text
from bill_reminders.domain.people import NO_CHANGE, Language, PlanChange, User
from bill_reminders.files import plans, users
from bill_reminders.files.cells import CellError, words
from bill_reminders.files.rows import Row

_ZONE = "The IANA time zone of the user's place. A fixed offset is refused."
_QUIET = "A part of each day, at most 20 hours, in which nothing goes out; null for none."
_PAUSED = "Nothing goes out up to and including this date (holiday mode); null for no pause."
_CODE_WORD = (
    "A word that the user chose, shown in messages so that an imitation is recognised; null for "
    "none."
)
_KIND_PLANS = "What differs from the plan for bills of one kind. Null takes a kind's plan away."
_TIPS = "Whether short tips about money may be sent. None are sent yet; the choice is kept."
_LANGUAGE = "The language of messages, by its BCP 47 tag."

ZoneName = Annotated[str, Field(min_length=1, max_length=64, examples=["Asia/Shanghai"])]
CodeWord = Annotated[str, Field(min_length=1, max_length=20, examples=["Harbour"])]


class Quiet(Body):
    """A span of wall time; it may run over midnight."""

    start: Annotated[WallTime, Field(description="From then on.", examples=["22:00"])]
    end: Annotated[
        WallTime, Field(description="Until then, which is not quiet.", examples=["08:00"])
    ]


EXAMPLE: Any = {
    "plan": {"lead_days": [5, 1, 0], "remind_at": "18:30"},
    "quiet_hours": {"start": "22:00", "end": "08:00"},
    "kind_plans": {"card": {"lead_days": [7, 1]}},
}


class SettingsChange(Body):
    """What shall change. What is left out stays as it is; `plan` changes the fields it names."""

    model_config = ConfigDict(json_schema_extra={"examples": [EXAMPLE]})

    language: Annotated[LanguageName, Field(description=_LANGUAGE)] = absent()
    time_zone: Annotated[ZoneName, Field(description=_ZONE)] = absent()
    plan: Annotated[PlanFields, Field(description="The plan for all bills.")] = absent()
    kind_plans: Annotated[dict[KindName, PlanFields | None], Field(description=_KIND_PLANS)] = (
        absent()
    )
    quiet_hours: Annotated[Quiet | None, Field(description=_QUIET)] = None
    paused_until: Annotated[LocalDate | None, Field(description=_PAUSED)] = None
    code_word: Annotated[CodeWord | None, Field(description=_CODE_WORD)] = None
    tips: Annotated[bool, Field(description=_TIPS, examples=[True])] = absent()


_NEXT: dict[str, Any] = {
    channel.value: (
        Annotated[ComingReminder | None, Field(description=f"The next {channel.message}.")],
        None,
    )
    for channel in Channel
}


class NextReminders(create_model("OnEachChannel", __base__=Answer, **_NEXT)):  # type: ignore[misc]
    """The next reminder on each channel that goes out if nothing else happens; null for none."""


class Settings(Answer):
    """All settings, and what results from them."""

    language: Annotated[LanguageName, Field(description=_LANGUAGE, examples=["en"])]
    time_zone: Annotated[ZoneName, Field(description=_ZONE)]
    plan: Annotated[WholePlan, Field(description="The plan for all bills.")]
    kind_plans: Annotated[dict[KindName, PlanView], Field(description=_KIND_PLANS)]
    quiet_hours: Annotated[Quiet | None, Field(description=_QUIET)]
    paused_until: Annotated[Day | None, Field(description=_PAUSED)]
    code_word: Annotated[CodeWord | None, Field(description=_CODE_WORD)]
    tips: Annotated[bool, Field(description=_TIPS, examples=[True])]
    effective_plans: Annotated[
        dict[KindName, WholePlan],
        Field(description="The plan that results for each kind of bill, unless a bill differs."),
    ]
    next_reminders: Annotated[NextReminders, Field(description="What these settings lead to.")]


def settings_etag(user: User) -> str:
    return etag(user.version)


def settings_view(account: Account, *, now: datetime) -> Settings:
    user = account.user
    following = next_on_each_channel(user, account.bills, account.recorded, now=now)
    coming = {
        channel.value: coming_view(each, account)
        for channel, each in following.items()
        if each is not None
    }
    return Settings(
        language=user.language.value,
        time_zone=user.zone.key,
        plan=plan_view(user.plan),
        kind_plans={
            kind.value: change_view(change) or PlanView()
            for kind, change in sorted(user.kind_plans.items())
        },
        quiet_hours=_quiet_view(user.quiet_hours),
        paused_until=None if user.paused_until is None else user.paused_until.isoformat(),
        code_word=user.code_word,
        tips=user.tips,
        effective_plans={kind.value: plan_view(user.plan_for(kind, NO_CHANGE)) for kind in Kind},
        next_reminders=NextReminders(**coming),
    )


def _quiet_view(quiet: QuietHours | None) -> Quiet | None:
    return None if quiet is None else Quiet(start=wall_text(quiet.start), end=wall_text(quiet.end))


def changed(user: User, change: SettingsChange) -> User:
    """The user with the settings that `change` names. Raises an invalid-value problem that lists
    every fault."""
    faults: list[Fault] = []
    wanted = user
    named = change.model_fields_set

    def read[T](field: str, parse: Callable[[str], T], text: str) -> T | None:
        try:
            return parse(text)
        except CellError as error:
            faults.append(fault(field, str(error)))
            return None

    if "language" in named:
        wanted = replace(wanted, language=Language(change.language))
    if "time_zone" in named and (zone := read("time_zone", users.time_zone, change.time_zone)):
        wanted = replace(wanted, zone=zone)
    if "plan" in named:
        wanted = replace(
            wanted, plan=wanted.plan.with_change(plan_change(change.plan, "plan", faults))
        )
    if "kind_plans" in named:
        wanted = _with_kind_plans(wanted, change, faults)
    if "quiet_hours" in named:
        quiet = change.quiet_hours
        text = None if quiet is None else f"{quiet.start}-{quiet.end}"
        hours = None if text is None else read("quiet_hours", users.quiet_hours, text)
        wanted = replace(wanted, quiet_hours=hours)
    if "paused_until" in named:
        until = change.paused_until
        day = None if until is None else read("paused_until", local_date, until)
        wanted = replace(wanted, paused_until=day)
    if "code_word" in named:
        text = None if change.code_word is None else change.code_word.strip()
        word = None if text is None else read("code_word", words, text)
        wanted = replace(wanted, code_word=word)
    if "tips" in named:
        wanted = replace(wanted, tips=change.tips)
    if faults:
        raise invalid(faults)
    return wanted


def local_date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise CellError("no such date: write a day that exists") from None


def _with_kind_plans(user: User, change: SettingsChange, faults: list[Fault]) -> User:
    kind_plans = dict(user.kind_plans)
    for name, plan in change.kind_plans.items():
        if plan is None:
            kind_plans.pop(Kind(name), None)
            continue
        own = plan_change(plan, f"kind_plans.{name}", faults)
        if own == NO_CHANGE:
            kind_plans.pop(Kind(name), None)
        else:
            kind_plans[Kind(name)] = own
    return replace(user, kind_plans=MappingProxyType(kind_plans))


def plan_change(plan: PlanFields, prefix: str, faults: list[Fault]) -> PlanChange:
    """What a plan changes, by the rules of files; adds what is wrong to `faults`."""
    row = Row(0, cells_of(plan))
    change = plans.plan_change(row)
    faults += [fault(f"{prefix}.{error.column}", error.problem) for error in row.errors]
    return change
