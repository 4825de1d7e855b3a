"""Faults on the wire, between the deployed functions and the engine.

Every function's AWS calls go through microburst, which speaks AWS's own error formats, and through
a tap behind it, which counts what gets to the provider. In each schedule one operation misbehaves
in one way, for all calls or for every other; then the fault ends, everything runs on, and ledger
and outbox are compared.
"""

import json
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import boto3

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Join, Plan, PlanChange
from bill_reminders.storage import accounts
from bill_reminders.storage.saving import save_bills
from bill_reminders.storage.tables import LedgerItem
from local.engine import free_port
from local.stack import Stack, wait_until
from tests.stack.people import NOW, register_user
from tests.support import receipts as forms
from tests.support.people import a_bill, address_of
from tests.support.tap import Tap, tapped

MINUTE = timedelta(minutes=1)
FUNCTIONS = ("FindDue", "SendSms", "SendPush", "SendEmail", "ReadReceipts", "Settle")
RUN_ON = (3, 5, 8, 10, 13, 15, 16, 20, 25, 30, 35, 40, 45, 50, 60, 75, 90, 105, 120, 150)
"""Minutes after the trouble in which everything runs, until all is at rest: leases end, receipts
are waited for, what is older is looked for; what waits for its provider may do so for two hours."""
BEGINS_WITHIN_SECONDS = 60.0
"""Each function starts cold after its calls were led through here, which a busy machine delays."""
TROUBLE_SECONDS = 8.0
RUNS_AT_MOST = 3
"""Of a schedule whose fault never happens: a machine may be too busy to make the call in time."""
SLOW_SECONDS = 20
"""Longer than a local function may run. What is slow gets to the provider all the same."""


@dataclass(frozen=True, slots=True)
class Call:
    """An operation, and what AWS says when it throttles it."""

    service: str
    operation: str
    throttled: str


DYNAMODB = "ProvisionedThroughputExceededException"
QUERY, GET, BATCH_GET, TRANSACT, UPDATE = (
    Call("dynamodb", operation, DYNAMODB)
    for operation in ("Query", "GetItem", "BatchGetItem", "TransactWriteItems", "UpdateItem")
)
PARAMETER = Call("ssm", "GetParameter", "ThrottlingException")
DEPTH = Call("sqs", "GetQueueAttributes", "RequestThrottled")
WAKE_UPS = Call("sqs", "SendMessageBatch", "RequestThrottled")
PUBLISH = Call("sns", "Publish", "Throttled")
EMAIL = Call("ses", "SendEmail", "TooManyRequestsException")
"""Signed as the first version of SES, whose operations microburst would look for: there its rules
name the service alone, and it is the tap that throttles."""

FAULTS: dict[str, dict[str, Any] | None] = {
    "throttled": {},
    "reset before": {"reset": True},
    "answer cut off": {"response": {"abort_frac": 0}},
    "silent after": {"response": {"bandwidth_kbps": 0.001}},
    "500 after": None,
    "slow": {"latency": 1000 * SLOW_SECONDS},
}
"""What misbehaves, as microburst's rules. Neither is an accepted call that says 500, which the tap
makes."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """One operation that misbehaves; `half` means every other call, `only` names those that `body`,
    a JMESPath expression, finds in their request."""

    stage: str
    call: Call
    fault: str
    half: bool = False
    only: str = ""
    body: str = ""

    @property
    def name(self) -> str:
        extent = self.only or ("every other" if self.half else "every")
        return f"{self.stage}: {extent} {self.call.operation} {self.fault}"


def schedules() -> Iterator[Schedule]:
    """All of them, in a fixed order."""
    delivering = (PARAMETER, QUERY, BATCH_GET, TRANSACT, UPDATE, DEPTH, WAKE_UPS, PUBLISH, EMAIL)
    for stage, calls in (("deliver", delivering), ("settle", (QUERY, GET, TRANSACT, UPDATE))):
        for call in calls:
            for fault in FAULTS:
                yield Schedule(stage, call, fault)
                if fault != "slow":
                    yield Schedule(stage, call, fault, half=True)
        yield Schedule(stage, TRANSACT, "conflict", half=True)
    for shard in range(4):
        body = f"ExpressionAttributeValues.*.N | contains(@, '{shard}')"
        yield Schedule("deliver", QUERY, "throttled", only=f"shard {shard}'s", body=body)


@dataclass(slots=True)
class Outcome:
    """What a schedule came to."""

    name: str
    stage: str = ""
    operation: str = ""
    wrong: list[str] = field(default_factory=list)
    lost: int = 0
    duplicated: int = 0
    unknown: int = 0
    resent: int = 0
    accepted: int = 0
    fired: int = 0
    minutes: int = 0
    at_provider: int = 0
    reruns: int = 0
    """How often its fault had not happened, so that it was run again."""


class Wire:
    """The fault proxy, and the tap behind it."""

    def __init__(self, endpoint: str, tap: Tap) -> None:
        self.endpoint, self.tap = endpoint, tap
        self._variables: dict[str, dict[str, str]] = {}

    def lead_through(self, stack: Stack) -> None:
        """Let the functions' calls come here."""
        client = boto3.client("lambda")
        for function in FUNCTIONS:
            name = stack.outputs[f"{function}Function"]
            known = client.get_function_configuration(FunctionName=name)
            self._variables[name] = known["Environment"]["Variables"]
        self._configure({"AWS_ENDPOINT_URL": self.endpoint})

    def let_go(self) -> None:
        self._configure({})

    def _configure(self, more: dict[str, str]) -> None:
        client = boto3.client("lambda")
        for name, known in self._variables.items():
            variables = {**known, **more}
            client.update_function_configuration(
                FunctionName=name, Environment={"Variables": variables}
            )

    def misbehave(self, schedule: Schedule) -> None:
        call, fault = schedule.call, FAULTS.get(schedule.fault, {})
        self.tap.met = self.tap.failed = 0
        if call is EMAIL and schedule.fault == "throttled":
            self.tap.refusing = {call.operation: call.throttled}
            self.tap.every_other = schedule.half
            return
        if fault is None:
            self.tap.failing = {call.operation}
            self.tap.every_other = schedule.half
            return
        rule: dict[str, Any] = {"service": call.service, **fault}
        if call is not EMAIL:
            rule["operation"] = call.operation
        if schedule.fault == "throttled":
            rule["error"] = {"code": call.throttled}
        elif schedule.fault == "conflict":
            rule["error"] = {
                "code": "TransactionCanceledException",
                "fields": {"CancellationReasons": [{"Code": "TransactionConflict"}]},
            }
        if schedule.half:
            rule["sequence"] = {"fail": 1, "pass": 1}
        if schedule.body:
            rule["body"] = schedule.body
        self._ask("POST", "rules", [rule])

    def behave(self) -> int:
        """End all faults; how many there were."""
        fired = self.fired
        self._ask("POST", "rules", [])
        self._ask("DELETE", "fired")
        self.tap.failing, self.tap.refusing = set(), {}
        return fired

    @property
    def fired(self) -> int:
        return len(self._ask("GET", "fired?limit=10000")) + self.tap.failed

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        request = urllib.request.Request(
            f"{self.endpoint}/_microburst/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@contextmanager
def between(stack: Stack) -> Iterator[Wire]:
    """Lead the functions' calls through the proxy."""
    with tapped(stack.endpoint) as tap, _proxy(tap.endpoint) as endpoint:
        wire = Wire(endpoint, tap)
        wire.lead_through(stack)
        try:
            yield wire
        finally:
            wire.let_go()


@contextmanager
def _proxy(upstream: str) -> Iterator[str]:
    port = free_port()
    command = [sys.executable, "-m", "microburst", "-u", upstream, "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    endpoint = f"http://127.0.0.1:{port}"
    try:
        wait_until(lambda: _answers(endpoint), 30, "the fault proxy did not start")
        yield endpoint
    finally:
        process.kill()
        process.wait()


def _answers(endpoint: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"{endpoint}/_microburst/health", timeout=2):
        return True
    return False


NEVER_HAPPENED = "the fault never happened"


def until_it_happens(live: Callable[[int], Outcome]) -> Outcome:
    """The outcome of a schedule, which `live` runs for the time that it is told, from 0 on: the
    first in which its fault happened, or in which something else was wrong. One that never happens
    is reported after `RUNS_AT_MOST`."""
    for number in range(RUNS_AT_MOST):
        outcome = live(number)
        outcome.reruns = number
        if outcome.wrong != [NEVER_HAPPENED]:
            break
    return outcome


def run(stack: Stack, wire: Wire, schedule: Schedule, *, day: int) -> Outcome:
    """Live through one schedule, again where its fault did not happen, each time with people of
    their own on a day of its own, later than that of a smaller `day`: what a process learnt of the
    trouble before is a day old."""

    def live(number: int) -> Outcome:
        if number:
            print(f"on the wire: {schedule.name}: {NEVER_HAPPENED}, run again", flush=True)
        return _run_once(stack, wire, schedule, NOW + timedelta(days=RUNS_AT_MOST * day + number))

    return until_it_happens(live)


def _run_once(stack: Stack, wire: Wire, schedule: Schedule, start: datetime) -> Outcome:
    wire.tap.sends.clear()
    act = {"deliver": _deliver, "settle": _settle}[schedule.stage]
    stack.set_clock(start)
    people = act(stack, wire, schedule, start)
    outcome = Outcome(schedule.name, schedule.stage, schedule.call.operation)
    with _until_quiet(wire, outcome):
        _suffer(stack, lambda: wire.fired > 0)
    all_arrived = time.monotonic() + (SLOW_SECONDS if schedule.fault == "slow" else 0)
    _run_on(stack, people, start, outcome)
    wait_until(lambda: time.monotonic() >= all_arrived, SLOW_SECONDS + 1, "it was not over")
    _compare(stack, people, start, outcome)
    names = [user_id.encode() for user_id in people]
    sends = sum(any(name in body for name in names) for body in wire.tap.sends)
    outcome.at_provider = sends
    claims = sum(row.attempt for user_id in people for row in _messages(user_id))
    if sends > claims:
        outcome.wrong.append(f"{sends} sends at the wire for {claims} claims")
    if not outcome.fired:
        outcome.wrong.append(NEVER_HAPPENED)
    return outcome


@contextmanager
def _until_quiet(wire: Wire, outcome: Outcome) -> Iterator[None]:
    try:
        yield
    finally:
        outcome.fired = wire.behave()


def _suffer(stack: Stack, has_begun: Callable[[], bool]) -> None:
    """Let the fault act: until the queues are empty, or for a while."""
    with suppress(TimeoutError):
        wait_until(has_begun, BEGINS_WITHIN_SECONDS, "")
    with suppress(TimeoutError):
        wait_until(lambda: stack.held() == 0, TROUBLE_SECONDS, "")


def _deliver(stack: Stack, wire: Wire, schedule: Schedule, start: datetime) -> list[str]:
    """Two users with a bill on three channels: for one it is due, for the other in three days."""
    people = [_somebody() for _ in range(2)]
    for user_id, days in zip(people, (0, 3), strict=True):
        register_user(stack, user_id, channels=tuple(Channel))
        _owes(user_id, start, days=days)
    wire.misbehave(schedule)
    with suppress(RuntimeError):  # a tick that fails is what some of the faults are for
        stack.tick()
    return people


_LETTERS = str.maketrans("0123456789", "ghijklmnop")


def _somebody() -> str:
    """Their bill bears their id as its name: seven digits in it would be masked as a number."""
    return f"user-x{uuid4().hex[:12].translate(_LETTERS)}"


def _owes(user_id: str, start: datetime, *, days: int = 0) -> None:
    """A bill with one reminder in all, at nine."""
    plan = PlanChange(lead_days=(days,), overdue_days=())
    due_on = start.date() + timedelta(days=days)
    bill = a_bill(user_id, due_on=due_on, name=user_id, plan_change=plan)
    save_bills(user_id, [lambda _: bill], now=start - MINUTE)


def _settle(stack: Stack, wire: Wire, schedule: Schedule, start: datetime) -> list[str]:
    """A claim that was never marked, a mail that arrived, and one that came back where SMS stands
    in: a sweep and receipts have to tell."""
    stuck, good, bad = people = [_somebody() for _ in range(3)]
    plan = Plan(channels=(Channel.EMAIL, Channel.SMS), joins=(Join(Channel.SMS, None),))
    for user_id in people:
        register_user(stack, user_id, channels=plan.channels, plan=plan)
        _owes(user_id, start)
    claims.claim_next(stuck, Channel.EMAIL, now=start)
    stack.tick()
    stack.settle()
    stack.set_clock(start + 3 * MINUTE)
    wire.misbehave(schedule)
    topic = boto3.client("sns")
    for user_id, kind in ((good, "Delivery"), (bad, "Bounce")):
        (row,) = _messages(user_id)
        details = {"bounceType": "Permanent"} if kind == "Bounce" else {}
        event = forms.of_email(
            kind,
            tag=row.owner or "",
            address=address_of(user_id, Channel.EMAIL),
            at=datetime.now(UTC),
            **details,
        )
        topic.publish(TopicArn=stack.outputs["EmailEventsTopic"], Message=forms.event_in(event))
    with suppress(RuntimeError):
        stack.sweep()
    return people


def _run_on(stack: Stack, people: list[str], start: datetime, outcome: Outcome) -> None:
    for minutes in RUN_ON:
        outcome.minutes = minutes
        stack.set_clock(start + minutes * MINUTE)
        try:
            stack.sweep()
            stack.tick()
            stack.settle(90)
            wait_until(lambda: stack.receipts_held() == 0, 90, "receipts were not read")
        except (RuntimeError, TimeoutError) as error:
            outcome.wrong.append(f"after {minutes} minutes: {error}")
            return
        _redrive(stack)
        if _is_at_rest(people, start + minutes * MINUTE):
            return
    outcome.wrong.append("never at rest")


def _redrive(stack: Stack) -> None:
    queues = boto3.client("sqs")
    for name in (*(channel.value.capitalize() for channel in Channel), "Receipts"):
        letters, queue = stack.outputs[f"{name}DeadLettersUrl"], stack.outputs[f"{name}QueueUrl"]
        found = queues.receive_message(QueueUrl=letters, MaxNumberOfMessages=10)
        for letter in found.get("Messages", ()):
            queues.send_message(QueueUrl=queue, MessageBody=letter["Body"])
            queues.delete_message(QueueUrl=letters, ReceiptHandle=letter["ReceiptHandle"])


def _messages(user_id: str) -> list[LedgerItem]:
    """Rows about which something went out, or may have."""
    rows = LedgerItem.query(user_id, consistent_read=True)
    return [row for row in rows if row.state != "skipped"]


def _is_at_rest(people: list[str], now: datetime) -> bool:
    for user_id in people:
        account = accounts.read(user_id, now=now)
        if account.quarantined or any(wake <= now for wake in account.wakes.values()):
            return False
        rows = _messages(user_id)
        if not rows or any(row.state in ("claimed", "waiting") or row.settle_at for row in rows):
            return False
        if any(account.decide(channel, now).due for channel in Channel):
            return False
    return True


def _compare(stack: Stack, people: list[str], start: datetime, outcome: Outcome) -> None:
    outbox = Counter(
        (user_id, sent.channel.value)
        for sent in stack.outbox()
        for user_id in people
        if user_id in sent.text
    )
    rows = {(user_id, row.channel): row for user_id in people for row in _messages(user_id)}
    for key in outbox.keys() - rows.keys():
        outcome.wrong.append(f"sent and not in the ledger: {key}")
    for key, row in rows.items():
        taken, resends = outbox[key], row.resends or 0
        outcome.accepted += taken
        outcome.unknown += row.state == "unknown"
        outcome.resent += resends
        if taken > 1 + resends:
            outcome.duplicated += 1
            outcome.wrong.append(f"{taken} times: {key}")
        if not taken and row.state != "unknown":
            outcome.lost += 1
            outcome.wrong.append(f"{row.state}, and not sent: {key}")
    for user_id in people:
        account = accounts.read(user_id, now=start)
        states = {row.channel: row.state for row in _messages(user_id)}
        if Channel.SMS in (join.channel for join in account.user.plan.joins):
            came_back = states["email"] == "bounced"
            if came_back != ("sms" in states):
                outcome.wrong.append(f"{states}: {user_id}")
            continue
        missing = {*Channel} - {*states}
        outcome.lost += len(missing)
        outcome.wrong += [f"nothing on {channel}: {user_id}" for channel in missing]


def sms_throttled(stack: Stack, wire: Wire, *, day: int, users: int = 20) -> dict[str, float]:
    """How long e-mail and push of one tick take with SMS throttled to nothing, by how long they
    take otherwise; and how many SMS were refused meanwhile."""
    took, refused = [], 0
    for is_throttled in (False, False, True):  # the first warms the functions up
        people = [_somebody() for _ in range(users)]
        start = NOW + timedelta(days=day + len(took))
        stack.set_clock(start)
        for user_id in people:
            register_user(stack, user_id, channels=tuple(Channel))
            _owes(user_id, start)
        if is_throttled:
            # SMS and push are both SNS: only what goes to a number is refused
            rule = Schedule("deliver", PUBLISH, "throttled", only="SMS'", body="PhoneNumber")
            wire.misbehave(rule)
        begun = time.monotonic()
        stack.tick()
        all_others = partial(_all_others_sent, stack, people)
        wait_until(all_others, 120, "the others were delayed")
        took.append(time.monotonic() - begun)
        stack.settle(90)
        refused = wire.behave()
        outcome = Outcome("")
        _run_on(stack, people, start, outcome)
        if outcome.wrong:
            raise AssertionError(outcome.wrong)
    return {"users": users, "refused": refused, "ratio": round(took[2] / took[1], 2)}


def _all_others_sent(stack: Stack, people: list[str]) -> bool:
    others = [sent.text for sent in stack.outbox() if sent.channel is not Channel.SMS]
    return all(sum(user_id in text for text in others) == 2 for user_id in people)
