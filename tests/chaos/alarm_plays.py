"""Troubles that ring an alarm, each lived through by the real handlers until it is over."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import product
from typing import Any
from unittest.mock import patch

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan, PlanChange
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage import rows
from bill_reminders.storage.access_tables import LimitItem
from bill_reminders.storage.saving import save_bills, save_user
from tests.chaos import story
from tests.chaos.store import error
from tests.chaos.story import MINUTE, NINE
from tests.chaos.world import MOST_A_DAY, SHARDS, Asked, Letter, World
from tests.support import receipts as forms
from tests.support.people import a_bill, a_user
from tests.support.watch import Watch

TODAY = NINE.date()
ENTERED = NINE - timedelta(days=20)
QUEUE_OF = {channel: f"{channel.value.capitalize()}Nudges" for channel in Channel}
DEAD = {
    "TicksDeadLetters": "TicksNudges",
    "SmsDeadLetters": "SmsNudges",
    "PushDeadLetters": "PushNudges",
    "EmailDeadLetters": "EmailNudges",
    "ReceiptsDeadLetters": "Receipts",
    "RepliesDeadLetters": "Replies",
    "JobsDeadLetters": "JobsQueue",
}
"""Whose letters they are, in this world."""


@dataclass
class Stage:
    """A world with CloudWatch in it: what AWS writes by itself of functions and queues as well."""

    world: World
    watch: Watch
    stopped: set[str] = field(default_factory=set)
    """Functions and queues that do nothing for now."""
    since: dict[int, datetime] = field(default_factory=dict)
    """When each message was seen first in its queue."""
    begins: datetime = NINE - 10 * MINUTE

    def __post_init__(self) -> None:
        self.world.now = self.begins
        self.world.notes = self._note_run

    def _note_run(self, function: str, failed: bool) -> None:
        of = frozenset({("FunctionName", function)})
        self.watch.note("AWS/Lambda", "Invocations", 1, of)
        self.watch.note("AWS/Lambda", "Errors", float(failed), of)

    def minutes(self, count: int) -> None:
        for _ in range(count):
            self.world.now += MINUTE
            if "FindDue" not in self.stopped:
                self.world.tick()
            for queue in story.QUEUES:
                self._note_age(queue)
                while queue not in self.stopped and self.world.deliver(queue):
                    pass
            if "Settle" not in self.stopped:
                self.world.sweep()

    def _note_age(self, queue: str) -> None:
        waiting = self.world.queues[queue]
        ages = [
            self.world.now - self.since.setdefault(id(each), self.world.now) for each in waiting
        ]
        if ages:
            oldest = max(ages).total_seconds()
            of = frozenset({("QueueName", queue)})
            self.watch.note("AWS/SQS", "ApproximateAgeOfOldestMessage", oldest, of)

    def people(self, channel: Channel, *minutes: int, several: int = 1) -> None:
        """Each with a bill of today that they hear of so many minutes after nine."""
        for number, one in product(minutes, range(several)):
            user_id = f"{channel}-{one}-{number}"
            plan = Plan(lead_days=(0,), overdue_days=(), channels=(channel,))
            user = a_user(user_id, channels=(channel,), plan=plan)
            save_user(user, shards=SHARDS, now=ENTERED)
            at = (NINE + number * MINUTE).time()
            change = PlanChange(lead_days=(0,), remind_at=at)
            bill = a_bill(user_id, "rent", due_on=TODAY, plan_change=change)
            save_bills(user_id, [lambda _, bill=bill: bill], now=ENTERED)

    @contextmanager
    def without(self, *names: str) -> Iterator[None]:
        self.stopped |= {*names}
        yield
        self.stopped -= {*names}

    @contextmanager
    def outage(
        self, *services: str, of: str = "", code: str = "ThrottlingException"
    ) -> Iterator[None]:
        """All calls to the services are refused, of one function or of all."""

        def happens(service: str, operation: str) -> None:
            if service in services and of in ("", self.world.processes[-1].name):
                raise error(code, operation, 400)

        self.world.outage = happens
        yield
        self.world.outage = None

    @contextmanager
    def mishap(self, happens: Callable[[Asked, Callable[[], Any]], Any]) -> Iterator[None]:
        self.world.mishap = happens
        yield
        self.world.mishap = None


Play = Callable[[Stage], object]
PLAYS: dict[str, Play] = {}
"""By the alarm that each rings, and that is quiet again at its end."""


def rings(*names: str) -> Callable[[Play], Play]:
    def known(play: Play) -> Play:
        PLAYS.update(dict.fromkeys(names, play))
        return play

    return known


# The schedule ------------------------------------------------------------------------------------


@rings("FindDueAlarm")
def find_due_is_refused_its_parameter(stage: Stage) -> None:
    with stage.outage("ssm", of="FindDue", code="AccessDeniedException"):
        stage.minutes(8)
    stage.minutes(10)


@rings("NoTickAlarm")
def no_tick_comes(stage: Stage) -> None:
    stage.minutes(10)
    with stage.without("FindDue"):
        stage.minutes(12)
    stage.minutes(10)


@rings("PausedAlarm")
def a_pause_is_forgotten(stage: Stage) -> None:
    stage.world.switches = '{"sms": "open", "push": "paused", "email": "open"}'
    stage.minutes(6 * 60)
    stage.world.switches = '{"sms": "open", "push": "off", "email": "open"}'
    stage.minutes(2 * 60)


# Settling ----------------------------------------------------------------------------------------


@rings("SettleAlarm")
def settle_cannot_read(stage: Stage) -> None:
    with stage.outage("dynamodb", of="Settle"):
        stage.minutes(8)
    stage.minutes(10)


@rings("NoSweepAlarm")
def no_sweep_comes(stage: Stage) -> None:
    stage.minutes(10)
    with stage.without("Settle"):
        stage.minutes(12)
    stage.minutes(10)


@rings("UnsettledAlarm")
def somebody_spoils_a_row(stage: Stage) -> None:
    stage.people(Channel.SMS, 0)
    stage.world.now = NINE
    claims.claim_next("sms-0-0", Channel.SMS, now=NINE)
    (row,) = [row for row in stage.world.store.all_items("Ledger") if "settle_at" in row]
    item = stage.world.store.tables["Ledger"].items[row["user_id"]["S"], row["key"]["S"]]
    item["attempt"] = {"S": "no number"}
    stage.minutes(15)


@rings("UnknownAlarm")
def a_provider_gives_no_answers(stage: Stage) -> None:
    stage.people(Channel.SMS, 0, several=4)
    stage.world.answers += ["lost"] * 3
    stage.minutes(60)


@rings("NoReceiptsAlarm")
def receipts_stop_and_come_again(stage: Stage) -> None:
    stage.people(Channel.EMAIL, *range(0, 360, 10))
    stage.minutes(25)
    story.send_receipts(stage.world)
    stage.minutes(200)
    story.send_receipts(stage.world)
    for _ in range(8):
        stage.minutes(5)
        story.send_receipts(stage.world)
        stage.minutes(1)


# Queues ------------------------------------------------------------------------------------------


def letters_arrive(stage: Stage, name: str) -> None:
    stage.minutes(7)
    stage.world.dead[DEAD[name]].append(Letter("cannot be worked"))
    stage.minutes(20)


for _name in DEAD:
    PLAYS[f"{_name}Alarm"] = partial(letters_arrive, name=_name)


def a_queue_is_not_worked(stage: Stage, queue: str, minutes: int) -> None:
    with stage.without(queue):
        stage.world.queues[queue].append(Letter("{}", is_poison=True))
        stage.minutes(minutes)
    stage.minutes(15)


for _name, _queue, _minutes in (
    ("SmsWaitAlarm", "SmsNudges", 20),
    ("PushWaitAlarm", "PushNudges", 20),
    ("EmailWaitAlarm", "EmailNudges", 20),
    ("ReceiptsWaitAlarm", "Receipts", 36),
    ("RepliesWaitAlarm", "Replies", 10),
    ("JobsWaitAlarm", "JobsQueue", 125),
):
    PLAYS[_name] = partial(a_queue_is_not_worked, queue=_queue, minutes=_minutes)


# Senders -----------------------------------------------------------------------------------------


def messages_leave_late(stage: Stage, channel: Channel) -> None:
    """A queue stands still for a while, and is then worked bit by bit."""
    queue = QUEUE_OF[channel]
    stage.people(channel, 0, several=4)
    with stage.without(queue):
        stage.minutes(10)
        with stage.without("FindDue"):  # which would wake them once more
            stage.minutes(12)
    for number, letter in enumerate(stage.world.queues[queue]):
        letter.not_before = stage.world.now + 5 * number * MINUTE
    with stage.without("FindDue"):
        stage.minutes(20)
    stage.minutes(30)


def the_provider_refuses_all(stage: Stage, channel: Channel) -> None:
    stage.people(channel, *range(5))
    stage.world.trouble[channel.value] = "throttled"
    stage.minutes(40)
    stage.world.trouble.clear()
    stage.minutes(90)


for _channel in Channel:
    _of = _channel.value.capitalize()
    PLAYS[f"{_of}RefusedAlarm"] = partial(the_provider_refuses_all, channel=_channel)
    PLAYS[f"{_of}LagAlarm"] = partial(messages_leave_late, channel=_channel)


@rings("TroubleAlarm")
def tables_throttle(stage: Stage) -> None:
    stage.people(Channel.SMS, *range(20))
    stage.minutes(9)
    with stage.outage("dynamodb", of="SendSms"):
        stage.minutes(20)
    stage.minutes(20)


@rings("AccountFaultAlarm")
def the_money_for_sms_is_spent(stage: Stage) -> None:
    stage.people(Channel.SMS, 0)
    stage.minutes(12)
    (sms,) = stage.world.accepted
    stage.world.queues["Receipts"].append(
        Letter(
            forms.of_sms(
                number=sms.address,
                provider_id=sms.provider_id,
                status="FAILURE",
                said="No quota left for account",
                at=datetime.now(UTC) - (stage.world.now - sms.at),
            )
        )
    )
    stage.minutes(15)


EVERY_DAY = Plan(lead_days=tuple(range(366)), overdue_days=(), channels=(Channel.SMS,))


@rings("PutAsideAlarm")
def an_account_has_too_much(stage: Stage) -> None:
    save_user(a_user("heavy", channels=(Channel.SMS,), plan=EVERY_DAY), shards=SHARDS, now=ENTERED)
    daily = Recurrence(TODAY, 1, Unit.DAY)
    rows.bill_item(a_bill("heavy", "daily", due_on=TODAY, recurrence=daily)).save()
    schedule = stage.world.store.tables["Schedules"].items[("heavy",)]
    schedule["sms_next_at"] = {"S": "2027-03-01T09:00Z"}
    stage.minutes(30)


@rings("QuarantineAlarm")
def an_account_cannot_be_read(stage: Stage) -> None:
    stage.people(Channel.SMS, 0)
    schedule = stage.world.store.tables["Schedules"].items[("sms-0-0",)]
    schedule["version"] = {"S": "no number"}
    stage.minutes(30)


@rings("DailyCapAlarm")
def somebody_has_more_than_a_day_takes(stage: Stage) -> None:
    story.people(stage.world)
    stage.world.now = stage.begins
    with patch.object(claims, "MESSAGES_A_DAY", MOST_A_DAY):
        stage.minutes(45)


@rings("OriginsAlarm")
def somebody_mistypes_the_sender_ids(stage: Stage) -> None:
    def mistyped(asked: Asked, act: Callable[[], Any]) -> Any:
        if "Origins" in asked.request.get("Name", ""):
            return {"Parameter": {"Value": '{"GB": "Lantern"'}}
        return act()

    stage.people(Channel.SMS, 0, 20)
    with stage.mishap(mistyped):
        stage.minutes(15)
    stage.minutes(30)


@contextmanager
def origins_without_answers(stage: Stage) -> Iterator[None]:
    def throttled(asked: Asked, act: Callable[[], Any]) -> Any:
        if "Origins" in asked.request.get("Name", ""):
            raise error("ThrottlingException", asked.operation, 400)
        return act()

    with stage.mishap(throttled):
        yield


@rings("SmsTotalAlarm")
def most_of_the_days_sms_are_used(stage: Stage) -> None:
    LimitItem(f"sms parts#{TODAY}", asked=16_000, expires_at=4_000_000_000).save()
    stage.people(Channel.SMS, 0)
    stage.minutes(30)


# What AWS alone writes ---------------------------------------------------------------------------


def aws_writes(
    stage: Stage,
    namespace: str,
    name: str,
    *values: float,
    every: int = 60,
    of: tuple[tuple[str, str], ...] = (),
) -> None:
    """Numbers of AWS's, so many minutes apart, which nothing here brings about."""
    for value in values:
        stage.world.now += every * MINUTE
        stage.watch.note(namespace, name, value, frozenset(of))
    stage.world.now += every * MINUTE


SPENT = ("AWS/SNS", "SMSMonthToDateSpentUSD")
A_DAY = 24 * 60


@rings("SmsSpend80Alarm")
def four_fifths_of_the_money_are_spent_until_the_month_ends(stage: Stage) -> None:
    aws_writes(stage, *SPENT, 0.5, 0.79, 0.8, 0.85)
    stage.world.now += 7 * A_DAY * MINUTE  # no SMS, no number: it stays red
    aws_writes(stage, *SPENT, 0.02)


@rings("SmsSpend90Alarm")
def nine_tenths_of_the_money_are_spent_until_the_month_ends(stage: Stage) -> None:
    aws_writes(stage, *SPENT, 0.8, 0.89, 0.9, 1.0, 0.02)


@rings("BouncesAlarm")
def mails_come_back(stage: Stage) -> None:
    aws_writes(stage, "AWS/SES", "Reputation.BounceRate", 0.01, 0.049, 0.05, 0.06, 0.04)


@rings("ComplaintsAlarm")
def mails_are_unwanted(stage: Stage) -> None:
    aws_writes(stage, "AWS/SES", "Reputation.ComplaintRate", 0.0, 0.0009, 0.001, 0.0005)


@rings("CertificateAlarm")
def a_certificate_is_renewed_late(stage: Stage) -> None:
    days = (60.0, 45.0, 31.0, 30.0, 29.0, 395.0)
    of = (("CertificateArn", "LinkCertificate"),)
    aws_writes(stage, "AWS/CertificateManager", "DaysToExpiry", *days, every=A_DAY, of=of)


@rings("ApiErrorsAlarm")
def the_api_fails(stage: Stage) -> None:
    errors = (0.0, 4.0, 5.0, 12.0, 0.0)
    aws_writes(stage, "AWS/ApiGateway", "5xx", *errors, every=5, of=(("ApiId", "Api"),))
