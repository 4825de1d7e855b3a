"""The world that the handlers live in: AWS in memory, a provider that keeps the truth, and faults.

All calls of the product to AWS come through one seam, botocore's own `_make_api_call`. Nothing of
the product is replaced.
"""

import copy
import gc
import json
import logging
import os
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from itertools import product
from types import ModuleType
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from bill_reminders import clock
from bill_reminders.channels.sms.budget import SmsBudget
from bill_reminders.delivery.circuit import Circuit
from bill_reminders.storage import tables
from bill_reminders.storage.attributes import InstantAttribute
from bill_reminders.storage.binding import bind_all
from tests.chaos.expressions import Item
from tests.chaos.oracle import Fact, Script
from tests.chaos.quicker import quicker
from tests.chaos.store import MotoStore, Store, cancelled, error
from tests.chaos.witness import NO_WORD, Witness, Work, facts_of, stopped_channels
from tests.support.functions import Context, load, sqs_event
from tests.support.moto_stack import CREDENTIALS, moto_stack
from tests.support.template import function_environment, rendered, template

CHANNELS = ("sms", "push", "email")
SHARDS = 2
"""A fault at one shard is like one at another: fewer of them leave time for other faults."""
MOST_AT_ONCE = 2
"""So many processes of one function are at work at once, at most: one in the middle of the other's
work."""
START = datetime(2027, 3, 1, 0, 0, tzinfo=UTC)
OFFSET = "/chaos/clock-offset"
LATE = timedelta(seconds=1)
"""A handler is at work in its minute, not a hair before: it asks how far to move its clock after it
has read it."""
TWO_WAY = json.dumps({"US": {"number": "+12025550100", "two_way": True}})
SENDS = ("Publish", "SendEmail")
WITH_MEMORY = ("SendSms", "SendPush", "SendEmail", "ReadReceipts", "Settle")
"""Functions whose processes learn something that they keep."""
MOST_A_DAY = 3
"""Messages to one address on one local day, in this world."""
OPEN = json.dumps(dict.fromkeys(CHANNELS, "open"))
CONNECTION_LASTS = timedelta(minutes=1)
"""How long a connection of a function that is frozen meanwhile can still be used."""


class Died(BaseException):
    """The process is gone: nothing of the product may catch it."""


@dataclass(frozen=True)
class Accepted:
    """A message that the provider took, and the ledger keys that it was claimed for."""

    channel: str
    address: str
    keys: tuple[str, ...]
    user_id: str
    owner: str
    provider_id: str
    tag: str
    at: datetime
    token: str
    """Of the page behind its link; "" where none may stand."""


PAGES = "https://pay.example.com"
TOKEN = re.compile(f"{re.escape(PAGES)}/r/([A-Za-z0-9]{{17}})\\b")


@dataclass
class Line:
    """A line of the script that is written when the handler commits what it says."""

    say: Callable[[Script], object]
    is_said: bool = False


@dataclass
class Process:
    """A handler at work: what it claimed last, and what it is to commit."""

    name: str
    work: Work
    line: Line | None = None
    claim: tuple[str, tuple[str, ...], str] | None = None


@dataclass
class Letter:
    """A message in a queue. A receipt's is written when it is taken, for it says when something
    was, on a clock that stands still while the world's goes on."""

    written: str | Callable[[], str]
    receives: int = 0
    not_before: datetime | None = None
    is_poison: bool = False

    @property
    def body(self) -> str:
        return self.written if isinstance(self.written, str) else self.written()


Fault = Callable[[str], None]
"""Happens at a call, is told which operation it is, and may raise what AWS would."""
Outage = Callable[[str, str], None]
"""Happens at every call while it lasts, is told of service and operation, and may raise."""


@dataclass(frozen=True)
class Asked:
    """A call as a function makes it."""

    service: str
    operation: str
    request: dict[str, Any]


Mishap = Callable[[Asked, Callable[[], Any]], Any]
"""Happens at every call while it lasts: may let AWS act, which gives its answer, and answers or
raises itself."""


@dataclass
class World:
    """AWS, the providers and the time. `faults` maps the number of a call to what happens there."""

    now: datetime = START
    store: Store | MotoStore = field(default_factory=Store)
    queues: dict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    dead: dict[str, list[Letter]] = field(default_factory=lambda: defaultdict(list))
    accepted: list[Accepted] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    trouble: dict[str, str] = field(default_factory=dict)
    """How every send on a channel ends for now."""
    switches: str = OPEN
    outage: Outage | None = None
    """What every call of a function meets for now; the clock of the world goes on."""
    mishap: Mishap | None = None
    """The same, for what is more than an error in place of an answer."""
    hidden: timedelta = timedelta()
    """After how long what failed comes back to its queue."""
    connections: dict[int, tuple[Process, datetime]] = field(default_factory=dict)
    """Which provider's clients have a connection, by whom and when it was used last."""
    in_hand: list[Letter] = field(default_factory=list)
    """The messages that a function is at work on."""
    before: dict[int, Fault] = field(default_factory=dict)
    after: dict[int, Fault] = field(default_factory=dict)
    injected: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    numbered: bool = False
    processes: list[Process] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    skew: timedelta = timedelta()
    said: dict[str, str] = field(default_factory=dict)
    """The worst that a receipt said of a message, by the provider's id."""
    jobs: list[str] = field(default_factory=list)
    """The messages of all jobs that were promised, by which they can come again."""
    replies: int = 0
    """How many SMS people have written."""
    pressed: Counter[str] = field(default_factory=Counter)
    """How often each button of a page did what it says."""
    billers_heard: list[tuple[str, str, str]] = field(default_factory=list)
    """What of which bill of whom."""
    told: list[str] = field(default_factory=list)
    """The addresses to which went that another one is dead."""
    witness: Witness = field(default_factory=Witness)
    notes: Callable[[str, bool], object] = lambda function, failed: None
    """Is told of every run of a function, and whether it failed."""
    journal: list[tuple[str, dict[str, Any], Any]] | None = None
    """Every call to the tables with its answer, when it is kept."""

    # AWS ---------------------------------------------------------------------------------------

    def call(self, client: Any, operation: str, request: dict[str, Any]) -> Any:
        service = client.meta.service_model.service_name
        if self.processes and self.outage is not None and request.get("Name") != OFFSET:
            self.outage(service, operation)
        if not self.processes or not self.numbered or service == "ssm":
            return self._answer(client, service, operation, request)
        number, self.calls = self.calls, self.calls + 1
        self.operations.append(f"{self.processes[-1].name}: {operation}")
        if number in self.before:
            self._inject(self.before[number], operation)
        answer = self._answer(client, service, operation, request)
        self.processes[-1].work.sent |= operation in SENDS
        if number in self.after:
            self._inject(self.after[number], operation)
        return answer

    def _answer(self, client: Any, service: str, operation: str, request: dict[str, Any]) -> Any:
        if service in ("sns", "sesv2") and self.processes:
            self._connect(client)
        act = partial(self._known_act, service, operation, request)
        if self.mishap is None or not self.processes or request.get("Name") == OFFSET:
            return act()
        return self.mishap(Asked(service, operation, request), act)

    def _connect(self, client: Any) -> None:
        """A connection that an earlier invocation left open dies while the function is frozen:
        what is sent on it gets no answer."""
        process, used_at = self.connections.get(id(client), (self.processes[-1], self.now))
        self.connections[id(client)] = self.processes[-1], self.now
        if process is not self.processes[-1] and self.now - used_at > CONNECTION_LASTS:
            self.injected["connection died"] += 1
            del self.connections[id(client)]  # the next call opens another
            raise ConnectionClosedError(endpoint_url="https://provider.example.com")

    def _inject(self, fault: Fault, operation: str) -> None:
        try:
            fault(operation)
        except BaseException as error:
            what = f"{type(error).__name__} at {operation}"
            work = self.processes[-1].work
            self.witness.sees_fault(work, what, death=isinstance(error, Died))
            raise

    def _known_act(self, service: str, operation: str, request: dict[str, Any]) -> Any:
        """Nothing of the product's, which lives through much, hides what this world cannot do."""
        try:
            return self._act(service, operation, request)
        except (LookupError, NotImplementedError, TypeError, ValueError) as unknown:
            self.wrong.append(f"the world cannot do {service} {operation}: {unknown!r}")
            raise

    def _act(self, service: str, operation: str, request: dict[str, Any]) -> Any:  # noqa: PLR0911, PLR0912
        match service, operation:
            case "dynamodb", _:
                return self._write(operation, request)
            case "ssm", _:
                name = request["Name"]
                offset = self.now + LATE + self.skew - datetime.now(UTC)
                value = str(offset.total_seconds()) if name == OFFSET else self.switches
                if "Origins" in name:
                    value = TWO_WAY if self.processes[-1].name == "ReadReplies" else "{}"
                return {"Parameter": {"Value": value}}
            case "secretsmanager", _:
                return {"SecretString": "of this world"}
            case "sqs", "SendMessageBatch":
                queue = self.queues[request["QueueUrl"]]
                queue += [Letter(entry["MessageBody"]) for entry in request["Entries"]]
                return {"Successful": [{} for _ in request["Entries"]]}
            case "sqs", "SendMessage":
                self.queues[request["QueueUrl"]].append(self._put_back(request))
                if request["QueueUrl"] == "JobsQueue":
                    self.jobs.append(request["MessageBody"])
                return {"MessageId": "put-back"}
            case "sqs", "GetQueueAttributes":
                held = len(self._held(request["QueueUrl"]))
                names = request["AttributeNames"]
                return {
                    "Attributes": {n: str(0 if place else held) for place, n in enumerate(names)}
                }
            case "sns", "DeleteEndpoint":
                return {}
            case "sns", "Publish":
                if self.processes[-1].name == "ReadReplies":  # an answer to who has just written
                    return {"MessageId": "answer"}
                push = "TargetArn" in request
                address = request["TargetArn"] if push else request["PhoneNumber"]
                return self._take("push" if push else "sms", address, "", request)
            case "sesv2", "SendEmail":
                (address,) = request["Destination"]["ToAddresses"]
                return self._take("email", address, request["EmailTags"][0]["Value"], request)
            case "events", "PutEvents":
                (entry,) = request["Entries"]
                told = json.loads(entry["Detail"])
                self.billers_heard.append((told["user_id"], told["bill_id"], entry["DetailType"]))
                return {"FailedEntryCount": 0}
        raise NotImplementedError(f"teach the world {service} {operation}")

    def _held(self, queue: str) -> list[Letter]:
        """What lies in a queue, or in its dead letters by their own name."""
        if not queue.endswith("DeadLetters"):
            return self.queues[queue]
        of = queue.removesuffix("DeadLetters")
        others = {"Jobs": "JobsQueue", "Receipts": "Receipts", "Replies": "Replies"}
        return self.dead[others.get(of, f"{of}Nudges")]

    def _write(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """A call to the tables, and what is to be seen of it in the ledger."""
        put, updated = _put(operation, request), _marked(operation, request)
        if not put and not updated:
            return self._committed(operation, request)
        claimed = _claimed(put)
        known = [self.store.item("Ledger", *_key(item)) for item in claimed]
        marked = [self.store.item("Ledger", *key) for key in updated]
        users = {item["user_id"]["S"] for item in put}
        facts = {each: self.facts(each) for each in users}
        answer = self._committed(operation, request)
        self._check_owner(marked)
        self._note_claim(claimed, known)
        process = self.processes[-1] if self.processes else None
        work = Work(self.now) if process is None else process.work
        clock = self.now + LATE + self.skew
        for user_id in users:
            of_user = [item for item in put if item["user_id"]["S"] == user_id]
            self.witness.sees_rows(of_user, facts[user_id], self.stopped(user_id), work, clock)
        for key in updated:
            row = self.store.item("Ledger", *key)
            if row is not None and "state" in row and "bill_id" in row:
                self.witness.sees_state(row, None if process is None else work)
        return answer

    def _committed(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        """A handler's line stands in the script from the commit on, unless that is refused."""
        line = self.processes[-1].line if self.processes else None
        if line is None or line.is_said or operation != "TransactWriteItems":
            return self._store(operation, request)
        before = self.witness.script
        self.witness.script = before.copy()
        line.say(self.witness.script)
        try:
            answer = self._store(operation, request)
        except ClientError:
            self.witness.script = before
            raise
        line.is_said = True
        return answer

    def facts(self, user_id: str) -> dict[str, Fact]:
        """What the ledger has of a user's reminders."""
        return facts_of(self.store.of("Ledger", user_id))

    def stopped(self, user_id: str) -> frozenset[str]:
        """The channels on which a user's address is not to be used."""
        return stopped_channels(self.store.item("Users", user_id))

    def _put_back(self, request: dict[str, Any]) -> Letter:
        """The message that a function hands back for later, as it was written."""
        wait = timedelta(seconds=request.get("DelaySeconds", 0))
        body = request["MessageBody"]
        known = next((each for each in self.in_hand if each.body == body), None)
        return Letter(body if known is None else known.written, not_before=self.now + wait)

    def _store(self, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        if self.journal is None:
            return self.store.call(operation, request)
        kept = copy.deepcopy(request)
        try:
            answer = self.store.call(operation, request)
        except ClientError as refusal:
            self.journal.append((operation, kept, refusal))
            raise
        self.journal.append((operation, kept, copy.deepcopy(answer)))
        return answer

    def _check_owner(self, marked: list[Item | None]) -> None:
        """While a lease runs, by the clock of who writes, nobody but its owner and receipts says
        what became of a claim."""
        process = self.processes[-1] if self.processes else None
        if process is None or process.name == "ReadReceipts":
            return
        ours = "" if process.claim is None else process.claim[2]
        clock = InstantAttribute().serialize(self.now + max(self.skew, timedelta()))
        for row in marked:
            if row is None or "bill_id" not in row:  # what is known of a channel, an answer
                continue
            if row["state"]["S"] not in ("claimed", "in_digest"):
                continue
            lease = row.get("settle_at", {"S": ""})["S"]
            if lease > clock and row["owner"]["S"] != ours:
                self.wrong.append(f"a stranger wrote to a claim: {row['key']['S']}")

    def _note_claim(self, claimed: list[Item], known: list[Item | None]) -> None:
        for item in known:
            if item is not None and item["state"]["S"] != "waiting":
                self.wrong.append(f"claimed though {item['state']['S']}: {item['key']['S']}")
        if claimed and self.processes:
            user_id, owner = claimed[0]["user_id"]["S"], claimed[0]["owner"]["S"]
            keys = tuple(item["key"]["S"] for item in claimed)
            self.processes[-1].claim = user_id, keys, owner

    # Providers ---------------------------------------------------------------------------------

    def _take(self, channel: str, address: str, tag: str, request: Any) -> dict[str, Any]:
        """`answers` says how the next sends end; without any, and without `trouble` on their
        channel, the provider takes all."""
        if self.processes[-1].name == "RunJobs":
            self.told.append(address)
            return {"MessageId": f"told-{len(self.told)}"}
        answer = self.answers.pop(0) if self.answers else self.trouble.get(channel, "taken")
        self.injected[answer] += answer != "taken"
        if answer in NO_WORD:
            work = self.processes[-1].work
            work.sent = True
            self.witness.sees_fault(work, answer, death=False)
        if answer in ("taken", "lost", "failed_after", "died_after"):
            user_id, keys, owner = self._claims()
            if not owner:
                self.wrong.append(f"sent without a claim: {channel}")
            provider_id = f"{channel}-{len(self.accepted)}"
            found = TOKEN.search(json.dumps(request))
            token = "" if found is None else found.group(1)
            self.accepted.append(
                Accepted(channel, address, keys, user_id, owner, provider_id, tag, self.now, token)
            )
        match answer:
            case "taken":
                return {"MessageId": provider_id}
            case "died" | "died_after":
                raise Died
            case "throttled":
                raise error("Throttling", "Publish", 400)
            case "lost" | "silent":
                raise ReadTimeoutError(endpoint_url="https://provider.example.com")
            case "failed_after" | "failed":
                raise error("InternalFailure", "Publish", 500)
            case "refused":
                raise error("InvalidParameterValue", "Publish", 400)
            case "opted_out":
                self.witness.bad_words.add((self._claims()[0], channel))
                code = "OptedOut" if channel == "sms" else "EndpointDisabled"
                raise error(code if channel != "email" else "MessageRejected", "Publish", 400)
        raise NotImplementedError(answer)

    def _claims(self) -> tuple[str, tuple[str, ...], str]:
        """User, keys and owner of what the handler at work claimed last."""
        return self.processes[-1].claim or ("", (), "")

    # What AWS does by itself -------------------------------------------------------------------

    def run(self, function: str, event: Any, line: Line | None = None) -> Any:
        """Invoke a handler, that is to commit what the `line` says; None when its process died. The
        clock stands still meanwhile."""
        # who acts in the middle of a handler's work is another process of its function
        others = sum(each.name == function for each in self.processes)
        self.processes.append(Process(function, Work(self.now + LATE + self.skew), line))
        failed = True
        try:
            answer = _process(function, others).handler(event, Context())
            failed = False
            return answer
        except Died:
            _forget(function, others)
            return None
        except Exception:  # the runtime notes it; the next event brings another process
            return None
        finally:
            self.processes.pop()
            self.notes(function, failed)

    def tick(self) -> None:
        # a second into its minute: the offset is read a moment later than this
        at = datetime.now(UTC) + timedelta(seconds=1)
        self.run("FindDue", {"time": at.isoformat()})

    def sweep(self) -> None:
        self.run("Settle", {})

    def deliver(self, queue: str, *, twice: bool = False) -> int:
        """Hand up to ten messages to a queue's function; what failed comes back, three times."""
        waiting = self.queues[queue]
        letters = [each for each in waiting if (each.not_before or self.now) <= self.now][:10]
        if not letters:
            return 0
        self.queues[queue] = [each for each in waiting if each not in letters]
        self.in_hand = letters
        for letter in letters:
            letter.receives += 1
        answer = None
        for _ in range(2 if twice else 1):
            event = sqs_event(*(letter.body for letter in letters))
            for record, letter in zip(event["Records"], letters, strict=True):
                record["attributes"]["ApproximateReceiveCount"] = str(letter.receives)
            answer = self.run(_reader(queue), event)
        failed = {f"message-{n}" for n in range(len(letters))}
        if answer is not None:
            failed = {each["itemIdentifier"] for each in answer["batchItemFailures"]}
        for number, letter in enumerate(letters):
            if f"message-{number}" not in failed:
                continue
            letter.not_before = self.now + self.hidden
            is_dead = letter.receives >= receives_at_most(queue)
            (self.dead if is_dead else self.queues)[queue].append(letter)
        return len(letters)

    def redrive(self) -> None:
        """What an administrator does with dead letters."""
        for queue, letters in self.dead.items():
            self.queues[queue] += [
                Letter(letter.written, is_poison=letter.is_poison) for letter in letters
            ]
            letters.clear()

    def throw_poison_away(self) -> None:
        """What an administrator does with dead letters that nobody can read."""
        for letters in self.dead.values():
            letters[:] = [each for each in letters if not each.is_poison]

    def restart(self, function: str) -> None:
        """AWS takes another process for it."""
        _forget(function)

    # Faults ------------------------------------------------------------------------------------

    def dies(self, _: str) -> None:
        self.injected["died"] += 1
        raise Died

    def loses(self, _: str) -> None:
        """What AWS answered never arrived."""
        self.injected["answer lost"] += 1
        raise ReadTimeoutError(endpoint_url="https://aws.example.com")

    def throttles(self, operation: str) -> None:
        self.injected["throttled"] += 1
        raise error("ProvisionedThroughputExceededException", operation, 400)

    def cancels(self, operation: str) -> None:
        if operation == "TransactWriteItems":
            self.injected["transaction conflict"] += 1
            raise cancelled(["TransactionConflict"])

    def meanwhile(self, act: Callable[[], object]) -> Fault:
        """Somebody else acts in the middle of a handler's work."""

        def happens(_: str) -> None:
            self.injected["meanwhile"] += 1
            self.undisturbed(act)

        return happens

    def freeze(self) -> None:
        """Who is at work stands still from now on, for longer than a lease."""
        for process in self.processes:
            self.witness.sees_standstill(process.work)

    def undisturbed(self, act: Callable[[], object]) -> None:
        """What others do is neither numbered nor hit by faults, nor is it what a handler that is
        at work says."""
        numbered, self.numbered = self.numbered, False
        at_work, lines = list(self.processes), [each.line for each in self.processes]
        for process in at_work:
            process.line = None
        try:
            act()
        finally:
            self.numbered = numbered
            for process, line in zip(at_work, lines, strict=True):
                process.line = line


def _marked(operation: str, request: dict[str, Any]) -> list[tuple[str, str]]:
    """The keys of the ledger's rows that a call updates."""
    updates = [request] if operation == "UpdateItem" else []
    updates += [each["Update"] for each in request.get("TransactItems", []) if "Update" in each]
    return [_key(update["Key"]) for update in updates if update["TableName"] == "Ledger"]


def _put(operation: str, request: dict[str, Any]) -> list[Item]:
    """The reminders' rows of the ledger that a call puts."""
    puts = [request] if operation == "PutItem" else []
    puts += [each["Put"] for each in request.get("TransactItems", []) if "Put" in each]
    items = [put["Item"] for put in puts if put["TableName"] == "Ledger"]
    return [item for item in items if "bill_id" in item and "state" in item]


def _claimed(items: list[Item]) -> list[Item]:
    """Those that are claimed."""
    return [item for item in items if item["state"]["S"] in ("claimed", "in_digest")]


def _key(item: Item) -> tuple[str, str]:
    return item["user_id"]["S"], item["key"]["S"]


@cache
def _queue(name: str) -> dict[str, Any]:
    """A queue as AWS gets it."""
    properties: dict[str, Any] = rendered("prod")["Resources"][name]["Properties"]
    return properties


def receives_at_most(queue: str) -> int:
    """How often a message is handed over before it is a dead letter."""
    return int(_queue(queue)["RedrivePolicy"]["maxReceiveCount"])


def hidden_for(queue: str) -> timedelta:
    """For how long a message that was handed over is not handed over again."""
    return timedelta(seconds=int(_queue(queue)["VisibilityTimeout"]))


def _reader(queue: str) -> str:
    return {
        "SmsNudges": "SendSms",
        "PushNudges": "SendPush",
        "EmailNudges": "SendEmail",
        "Receipts": "ReadReceipts",
        "JobsQueue": "RunJobs",
        "Replies": "ReadReplies",
    }[queue]


@cache
def _process(logical_id: str, number: int) -> ModuleType:
    """A process of a function: what it knows, no other does."""
    ids = {name: name for name in template()["Resources"]}
    environment = function_environment(logical_id, ids)
    if "LATER_SECONDS" in environment:  # a local stack does not wait as long as AWS
        function = rendered("prod")["Resources"][logical_id]["Properties"]
        known = function["Environment"]["Variables"]
        environment["LATER_SECONDS"] = str(known["LATER_SECONDS"])
    if "LINK_ORIGIN" in environment:  # of a stack with a domain, short enough for an SMS
        environment["LINK_ORIGIN"] = PAGES
    return load(logical_id, environment | {"SHARDS_READ": str(SHARDS)})


def _forget(logical_id: str, number: int = 0) -> None:
    """What a process has learnt dies with it."""
    process = _process(logical_id, number)
    if worker := getattr(process, "worker", None):
        worker._circuit = Circuit()
        worker._good_news_at = None
    if logical_id == "ReadReceipts":
        process.heard.clear()
    if logical_id == "Settle":
        process.lookout._held.clear()
    if logical_id == "SendSms":
        sms = process.reminders
        vars(sms.budget).update(vars(SmsBudget(sms.bounds)))


class OneAfterTheOther(Executor):
    """In place of threads, whose order no seed repeats and whose start takes longer than what they
    do here."""

    def __init__(self, max_workers: int) -> None:
        """As many as there are, they do it here and now."""

    def submit[T](self, what: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        future: Future[T] = Future()
        try:
            future.set_result(what(*args, **kwargs))
        except Exception as error:  # a death is that of the whole process
            future.set_exception(error)
        return future


@contextmanager
def _unlogged() -> Iterator[None]:
    """Lines that nobody reads take a good part of the time."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@contextmanager
def inhabited(*, on_moto: bool = False) -> Iterator[Callable[[], World]]:
    """Make worlds; the one made last is the one that AWS clients talk to. Its tables are the
    double, or moto's, and empty."""
    present: list[World] = []
    send = BaseClient._make_api_call  # type: ignore[attr-defined]

    def call(client: Any, operation: str, request: dict[str, Any]) -> Any:
        return present[-1].call(client, operation, request)

    def close(client: Any) -> None:
        present[-1].connections.pop(id(client), None)

    def made() -> World:
        world = World()
        if ids:
            world.store = MotoStore(tables.connection.client, send, ids)
            world.store.empty()
        present[:] = [world]
        for function, number in product(WITH_MEMORY, range(MOST_AT_ONCE)):
            _forget(function, number)
        return world

    outputs = {f"{name}Table": name for name in Store().tables}
    with (
        moto_stack() if on_moto else nullcontext() as stack,
        nullcontext() if on_moto else quicker(),
        _unlogged(),
        patch.dict(os.environ, CREDENTIALS | {clock.OFFSET_VARIABLE: OFFSET}),
        patch.object(BaseClient, "_make_api_call", call),
        patch.object(BaseClient, "close", close),
        patch("tenacity.nap.time.sleep"),
        patch("bill_reminders.delivery.finder.ThreadPoolExecutor", OneAfterTheOther),
        patch("bill_reminders.delivery.worker.ThreadPoolExecutor", OneAfterTheOther),
        patch("bill_reminders.delivery.claims.MESSAGES_A_DAY", MOST_A_DAY),
        patch("bill_reminders.delivery.finder.MOST_SHARDS", SHARDS),
        patch("bill_reminders.delivery.claims.SETTLE_SHARDS", SHARDS),
        patch("bill_reminders.delivery.reconciling.SHARDS", range(SHARDS)),
    ):
        ids = {} if stack is None else stack.ids
        present.append(World())
        bind_all(outputs | {"AddressKeyArn": "AddressKey"})
        assert tables.connection.client is not None
        gc.collect()
        gc.freeze()  # what is loaded stays: to look at it again and again takes a tenth of the time
        yield made
    gc.unfreeze()
