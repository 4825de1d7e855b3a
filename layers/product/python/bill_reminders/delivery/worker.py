"""A sender's batch: switches first, then each wake-up alone, as many at once as the pace can use.

A wake-up that fails goes back to its queue alone; when it has failed as often as the queue allows,
it ends in the dead-letter queue with its user out of the channel's index. What may pass is no such
failure: the wake-up is acknowledged, for the index still holds its user and brings them back.
"""

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, batches, clock, metrics
from bill_reminders.batches import BatchAnswer, Later
from bill_reminders.channels.given import Outgoing
from bill_reminders.channels.providers import (
    CONNECT_TIMEOUT_SECONDS,
    READ_TIMEOUT_SECONDS,
    Refused,
)
from bill_reminders.delivery import claims, switches, wake_ups
from bill_reminders.delivery.circuit import Circuit
from bill_reminders.delivery.pace import Pace
from bill_reminders.delivery.sender import deliver, effective_now
from bill_reminders.delivery.wake_ups import UnreadableWakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import MayPass
from bill_reminders.domain.ledger import State
from bill_reminders.logs import where
from bill_reminders.messages.notices import Sender
from bill_reminders.storage import accounts, channels, tables
from bill_reminders.storage.accounts import FirstRead, UnknownUser
from bill_reminders.trouble import may_pass, name_of

if TYPE_CHECKING:
    from bill_reminders.channels.contract import ReminderSender

RESERVE_MILLISECONDS = 1000 * (CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS + 3)
"""What one wake-up may take with a provider that does not answer. With less left none is begun: a
function that is stopped in the middle of a send leaves nobody who knows what became of it."""


GOOD_NEWS_EVERY = timedelta(minutes=1)
"""How often a worker says that its provider takes messages, while it knows nothing else."""

LEFT_ALONE = "left alone"
"""Wake-ups of a batch that the open circuit kept from being begun: counted beside its metrics."""

OLD = timedelta(minutes=5)
"""From this age on a wake-up may come from the dead letters. The index has brought its user again
by then, if they are in it."""


@dataclass(slots=True)
class Delivered:
    """What became of a wake-up's messages, which were begun at `at`, and how late they were.
    `refusals` are those that say something of the provider, and not of one country alone."""

    at: datetime | None = None
    refusals: int = 0
    outcomes: Counter[State] = field(default_factory=Counter)
    lags: list[timedelta] = field(default_factory=list)


class SenderSettings(NamedTuple):
    """The environment that every sender needs."""

    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    journal_table: str
    links_table: str
    switches_parameter: str
    max_receives: int
    queue_url: str
    later_seconds: int
    sender_name: str
    unsubscribe_mailbox: str
    per_second: float
    concurrency: int
    link_origin: str = ""

    @property
    def sender(self) -> Sender:
        """Who signs the messages."""
        return Sender(self.sender_name, self.unsubscribe_mailbox)


def _in_words(error: Exception) -> dict[str, Any]:
    """What is wrong with an item, for a log line: nothing else is sure to repeat no address."""
    return {"reason": str(error)} if isinstance(error, tables.UnreadableItem) else {}


class NotTaken(MayPass):
    """A wake-up that is needed later could not be put back into its queue: it has to come back."""


class Worker:
    """Works one channel's queue with its sender."""

    def __init__(
        self,
        channel: Channel,
        settings: SenderSettings,
        sender: "ReminderSender",
    ) -> None:
        self._later = Later(settings.queue_url, settings.later_seconds)
        self._channel = channel
        self._settings = settings
        self._sender = sender
        self._ssm = aws.client("ssm")
        self._log = Logger(child=True)
        self._circuit = Circuit()
        self._good_news_at: datetime | None = None
        self._unknown_before: datetime | None = None
        self._counted: list[Counter[str]] = []
        self._pace = Pace.share(settings.per_second, settings.concurrency)
        tables.bind(
            schedules=settings.schedules_table,
            users=settings.users_table,
            bills=settings.bills_table,
            ledger=settings.ledger_table,
            journal=settings.journal_table,
            links=settings.links_table,
        )
        tables.connection.client  # every message needs it: not at the first one  # noqa: B018

    def work(self, event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
        """Deliver a batch of wake-ups; names those that shall come back."""
        try:
            switched = switches.read(self._ssm, self._settings.switches_parameter)
            is_open = self._channel in switched.open and self._sender.prepare(len(event["Records"]))
        except Exception as error:
            if not may_pass(error):
                raise
            self._note_trouble(error)
            return batches.failed(
                record["messageId"] for record in event["Records"] if not self._may_go(record)
            )
        if not is_open:
            self._log.info("channel is closed, wake-ups acknowledged", channel=self._channel.value)
            return self._leave_all(event["Records"])
        self._unknown_before = switched.unknown_before
        self._counted = []
        # A connection that died while the function was frozen would cost a send its one attempt.
        self._sender.provider.close()
        outcomes: Counter[State] = Counter()
        lags: list[timedelta] = []
        failures: list[str] = []
        all_delivered: list[Delivered] = []
        for message_id, future in self._deliver_all(event["Records"], context):
            try:
                delivered = future.result()
            except Exception:  # it is in the log
                failures.append(message_id)
                continue
            all_delivered.append(delivered)
            outcomes += delivered.outcomes
            lags += delivered.lags
        self._tell(all_delivered)
        self._log.info(
            "batch delivered",
            failed_nudges=len(failures),
            messages={state.value: count for state, count in outcomes.items()},
            slowest_seconds=int(max(lags).total_seconds()) if lags else None,
            **metrics.of(self._channel, self._numbers(), **self._of_the_stack(lags)),
        )
        return batches.failed(failures)

    def _numbers(self) -> dict[str, int]:
        """What the batch came to, by metrics' names."""
        total: Counter[str] = Counter()
        for each in self._counted:
            total.update(each)
        wanted = total["Claimed"] + total.pop(LEFT_ALONE, 0)
        numbers = {**+total, "Circuit": int(not self._circuit.is_closed)}
        return numbers | ({"NothingAccepted": int(not total["Sent"])} if wanted else {})

    def _of_the_stack(self, lags: list[timedelta]) -> dict[str, float]:
        numbers = dict(self._sender.used())
        if lags:
            numbers[metrics.lag_of(self._channel)] = int(max(lags).total_seconds())
        return numbers

    def _deliver_all(
        self, records: list[dict[str, Any]], context: LambdaContext
    ) -> list[tuple[str, Future[Delivered]]]:
        """As many at once as the pace can use. While the provider is not known to be well one after
        the other, the oldest first: then one message finds out, and no more are risked."""
        first_read = self._begin(records)
        left = deque(records)
        done: list[tuple[str, Future[Delivered]]] = []
        if not self._circuit.is_closed:
            left = deque(sorted(records, key=lambda record: self._waits_since(record, first_read)))
        with ThreadPoolExecutor(1) as alone:
            while left and not self._circuit.is_closed:
                record = left.popleft()
                trial = alone.submit(self._deliver, record, context, first_read, is_trial=True)
                wait([trial])
                done.append((record["messageId"], trial))
        with ThreadPoolExecutor(self._pace.at_once) as pool:
            done += [
                (record["messageId"], pool.submit(self._deliver, record, context, first_read))
                for record in left
            ]
        return done

    def _waits_since(self, record: dict[str, Any], first_read: Mapping[str, FirstRead]) -> datetime:
        """The minute at which the user of a wake-up was to be woken, as far as that is known."""
        try:
            wake_up = wake_ups.parse(record["body"])
        except UnreadableWakeUp:
            return datetime.max.replace(tzinfo=UTC)
        if wake_up.user_id not in first_read:
            return wake_up.minute
        schedule = first_read[wake_up.user_id].schedule
        return getattr(schedule, tables.next_at(self._channel).attr_name) or wake_up.minute

    def _begin(self, records: list[dict[str, Any]]) -> Mapping[str, FirstRead]:
        """The users' accounts as far as they can be read for all of a batch at once. Without an
        answer each wake-up reads by itself, and fails by itself."""
        if len(records) == 1:
            return {}
        user_ids: set[str] = set()
        for record in records:
            with suppress(UnreadableWakeUp):
                user_ids.add(wake_ups.parse(record["body"]).user_id)
        try:
            return accounts.first_reads(user_ids) if user_ids else {}
        except Exception as error:
            self._log.warning("batch not read at once", error=type(error).__name__)
            return {}

    def _deliver(
        self,
        record: dict[str, Any],
        context: LambdaContext,
        first_read: Mapping[str, FirstRead],
        *,
        is_trial: bool = False,
    ) -> Delivered:
        delivered = Delivered()
        counted: Counter[str] = Counter()
        self._counted.append(counted)  # this thread's alone, and kept when it fails
        is_allowed = self._circuit.allows(clock.now()) if is_trial else self._circuit.is_closed
        if not is_allowed:
            self._log.debug("provider in trouble, wake-up acknowledged")
            counted[LEFT_ALONE] += 1
            return self._leave(record, first_read)
        if context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS:
            self._log.warning("no time left, the index brings the user back")
            return self._leave(record, first_read)
        user_id, started = None, monotonic()
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        last_time = receives >= self._settings.max_receives
        try:
            wake_up = wake_ups.parse(record["body"])
            user_id = wake_up.user_id
            now = delivered.at = effective_now(clock.now(), wake_up)
            with self._aside(user_id, delivered, now) if last_time else nullcontext():
                delivered.outcomes = deliver(
                    user_id,
                    self._channel,
                    now=now,
                    send=partial(self._send_in_turn, delivered),
                    link_origin=self._settings.link_origin,
                    note_lag=lambda lag: delivered.lags.append(
                        lag + timedelta(seconds=monotonic() - started)
                    ),
                    # a quarantine has just changed the schedule
                    first_read=None if last_time else first_read.get(user_id),
                    held_until=lambda user: self._sender.held_until(user, now),
                    unknown_before=self._unknown_before,
                    counted=counted,
                )
            self._learn(delivered, now)
        except UnknownUser:
            self._log.info("user is gone, wake-up acknowledged", user_id=user_id)
        except Exception as error:
            if may_pass(error):
                self._note_trouble(error, user_id)
                if self._may_go(record):
                    return delivered
                raise
            if last_time and user_id is not None:
                counted["Quarantined"] += 1
                with suppress(Exception):  # giving a claim back has put the user into the index
                    claims.quarantine(user_id, self._channel)
            self._log.error(
                "wake-up failed",
                user_id=user_id,
                error=type(error).__name__,
                where=where(error),
                **_in_words(error),
                **metrics.signal("UsersQuarantined", when=counted["Quarantined"] > 0),
            )
            raise
        return delivered

    def _leave(self, record: dict[str, Any], first_read: Mapping[str, FirstRead]) -> Delivered:
        """Begin nothing of a wake-up: the index brings its user back. Raises NotTaken when the
        queue has to, and does not take it."""
        if not (self._is_in_index(record, first_read) or self._may_go(record)):
            raise NotTaken("the wake-up could not be put back")
        return Delivered()

    def _leave_all(self, records: list[dict[str, Any]]) -> BatchAnswer:
        """Begin nothing of a batch, and read nothing for what is young; names the wake-ups that
        have to come back."""
        old = [record for record in records if not self._is_young(record)]
        first_read = self._begin(old) if old else {}
        return batches.failed(
            record["messageId"]
            for record in old
            if not (self._is_in_index(record, first_read) or self._may_go(record))
        )

    def _is_in_index(self, record: dict[str, Any], first_read: Mapping[str, FirstRead]) -> bool:
        """As far as the batch has read that."""
        try:
            known = first_read.get(wake_ups.parse(record["body"]).user_id)
        except UnreadableWakeUp:
            return False
        attribute = tables.next_at(self._channel).attr_name
        return known is not None and getattr(known.schedule, attribute) is not None

    def _may_go(self, record: dict[str, Any]) -> bool:
        """Whether a wake-up is not needed any more: the index still holds its user. That of one who
        was put aside does not, and their wake-up is old, for it comes from the dead letters: any
        that is goes back to its queue for later."""
        try:
            wake_ups.parse(record["body"])
        except UnreadableWakeUp:
            return False
        return self._is_young(record) or self._later.put(record["body"])

    def _is_young(self, record: dict[str, Any]) -> bool:
        """Whether it cannot come from the dead letters. What is not to be read is not."""
        try:
            return clock.now() - wake_ups.parse(record["body"]).minute < OLD
        except UnreadableWakeUp:
            return False

    def _note_trouble(self, error: Exception, user_id: str | None = None) -> None:
        """What came up says nothing of the wake-up."""
        self._log.warning(
            "trouble, wake-up left to the index",
            may_pass=True,
            error=name_of(error),
            where=where(error),
            user_id=user_id,
            **metrics.signal("Trouble"),
        )

    @contextmanager
    def _aside(self, user_id: str, delivered: Delivered, now: datetime) -> Iterator[None]:
        """At a last receive, which may be the end of the process, the user rests out of the index
        until something succeeds; but never before their account could be read, and not for what
        may pass."""
        try:
            accounts.read(user_id, now=now)
        except Exception as error:
            if may_pass(error):
                raise
        instant = claims.quarantine(user_id, self._channel)
        try:
            yield
        except Exception as error:
            if instant is not None and may_pass(error):
                claims.bring_back(user_id, self._channel, instant)
            raise
        if instant is not None and delivered.outcomes[State.UNKNOWN]:
            # what did not fit into a message without an answer was not tried: it must come back
            claims.bring_back(user_id, self._channel, instant)

    def _send_in_turn(self, delivered: Delivered, outgoing: Outgoing) -> str:
        self._pace.wait()
        try:
            return self._sender.send(outgoing)
        except Refused as refusal:
            delivered.refusals += refusal.of_all
            raise

    def _learn(self, delivered: Delivered, now: datetime) -> None:
        """What the provider did with the last message says whether to ask it again at once. No
        answer says as much as a refusal; what one country lacks says nothing."""
        outcomes = delivered.outcomes
        if delivered.refusals or outcomes[State.UNKNOWN]:
            if self._circuit.refuses(now):
                self._log.warning(
                    "provider in trouble, circuit open",
                    channel=self._channel.value,
                    until=str(self._circuit.open_until),
                )
        elif outcomes[State.SENT] or outcomes[State.FAILED]:
            self._circuit.taken()

    def _tell(self, batch: Iterable[Delivered]) -> None:
        """Let the sweep know how the provider answers: no answer at once, good news now and then.
        What cannot be told is not missed for long: the sweep then risks a message to find out."""
        sent = [each.at for each in batch if each.at and each.outcomes[State.SENT]]
        unanswered = [each.at for each in batch if each.at and each.outcomes[State.UNKNOWN]]
        try:
            if unanswered and max(unanswered) >= max(sent, default=max(unanswered)):
                self._good_news_at = None
                channels.unanswered(self._channel, len(unanswered), max(unanswered))
            elif sent and self._is_news(max(sent)):
                channels.succeeded(self._channel, max(sent))
                self._good_news_at = max(sent)
        except Exception as error:
            self._log.warning("provider's state not noted", error=type(error).__name__)

    def _is_news(self, sent_at: datetime) -> bool:
        return self._good_news_at is None or sent_at >= self._good_news_at + GOOD_NEWS_EVERY
