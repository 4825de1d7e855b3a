"""A sender's batch: switches first, then each nudge by itself, as many at once as the pace can use.

A nudge that fails goes back to its queue alone; when it has failed as often as the queue allows,
it ends in the dead-letter queue with its user out of the channel's index.
"""

from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, batches, clock
from bill_reminders.batches import BatchAnswer
from bill_reminders.delivery import nudges, switches
from bill_reminders.delivery.circuit import Circuit
from bill_reminders.delivery.nudges import UnreadableNudge
from bill_reminders.delivery.pace import Pace
from bill_reminders.delivery.providers import CONNECT_TIMEOUT_SECONDS, READ_TIMEOUT_SECONDS
from bill_reminders.delivery.sender import Outgoing, Send, deliver, effective_now
from bill_reminders.domain.ledger import State
from bill_reminders.domain.terms import Channel
from bill_reminders.logs import where
from bill_reminders.messages.notices import Sender
from bill_reminders.storage import access_tables, accounts, ledger, tables
from bill_reminders.storage.accounts import Beginning, Contended, UnknownUser
from bill_reminders.storage.transactions import Busy

RESERVE_MILLISECONDS = 1000 * (CONNECT_TIMEOUT_SECONDS + READ_TIMEOUT_SECONDS + 3)
"""What one nudge may take with a provider that does not answer. With less left none is begun: a
function that is stopped in the middle of a send leaves nobody who knows what became of it."""


@dataclass(slots=True)
class Delivered:
    """What became of a nudge's messages, and how late they were."""

    outcomes: Counter[State] = field(default_factory=Counter)
    lags: list[timedelta] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SenderSettings:
    """The environment that every sender needs."""

    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    links_table: str
    switches_parameter: str
    max_receives: int
    sender_name: str
    unsubscribe_mailbox: str
    per_second: float
    concurrency: int
    link_origin: str = ""

    @property
    def sender(self) -> Sender:
        """Who signs the messages."""
        return Sender(self.sender_name, self.unsubscribe_mailbox)


class Worker:
    """Works one channel's queue with `send`."""

    def __init__(
        self, channel: Channel, settings: SenderSettings, send: Send, *, provider: Any
    ) -> None:
        """`provider` is the client that `send` uses."""
        self._provider = provider
        self._channel = channel
        self._settings = settings
        self._send = send
        self._ssm = aws.client("ssm")
        self._log = Logger(child=True)
        self._circuit = Circuit()
        self._pace = Pace.share(settings.per_second, settings.concurrency)
        tables.bind(
            schedules=settings.schedules_table,
            users=settings.users_table,
            bills=settings.bills_table,
            ledger=settings.ledger_table,
        )
        access_tables.bind(links=settings.links_table)
        tables.connection.client  # every message needs it: not at the first one  # noqa: B018

    def work(self, event: dict[str, Any], context: LambdaContext) -> BatchAnswer:
        """Deliver a batch of nudges; names those that shall come back."""
        channels = switches.open_channels(self._ssm, self._settings.switches_parameter)
        if self._channel not in channels:
            self._log.info("channel is closed, nudges acknowledged", channel=self._channel.value)
            return batches.failed(())
        # A connection that died while the function was frozen would cost a send its one attempt.
        self._provider.close()
        outcomes: Counter[State] = Counter()
        lags: list[timedelta] = []
        failures: list[str] = []
        begun = self._begin(event["Records"])
        with ThreadPoolExecutor(self._pace.at_once) as pool:
            records = [
                (record["messageId"], pool.submit(self._deliver, record, context, begun))
                for record in event["Records"]
            ]
        for message_id, future in records:
            try:
                delivered = future.result()
            except Exception:  # it is in the log
                failures.append(message_id)
                continue
            outcomes += delivered.outcomes
            lags += delivered.lags
        self._log.info(
            "batch delivered",
            channel=self._channel.value,
            failed_nudges=len(failures),
            messages={state.value: count for state, count in outcomes.items()},
            slowest_seconds=int(max(lags).total_seconds()) if lags else None,
        )
        return batches.failed(failures)

    def _begin(self, records: list[dict[str, Any]]) -> Mapping[str, Beginning]:
        """The users' accounts as far as they can be read for all of a batch at once. Without an
        answer each nudge reads by itself, and fails by itself."""
        if len(records) == 1:
            return {}
        user_ids: set[str] = set()
        for record in records:
            with suppress(UnreadableNudge):
                user_ids.add(nudges.parse(record["body"]).user_id)
        try:
            return accounts.begin(user_ids) if user_ids else {}
        except Exception as error:
            self._log.warning("batch not read at once", error=type(error).__name__)
            return {}

    def _deliver(
        self, record: dict[str, Any], context: LambdaContext, begun: Mapping[str, Beginning]
    ) -> Delivered:
        delivered = Delivered()
        if not self._circuit.allows(clock.now()):
            self._log.debug("provider refuses, nudge acknowledged")
            return delivered
        if context.get_remaining_time_in_millis() < RESERVE_MILLISECONDS:
            self._log.warning("no time left, the index brings the user back")
            return delivered
        user_id, started = None, monotonic()
        receives = int(record["attributes"]["ApproximateReceiveCount"])
        last_time = receives >= self._settings.max_receives
        try:
            nudge = nudges.parse(record["body"])
            user_id = nudge.user_id
            now = effective_now(clock.now(), nudge)
            if last_time:
                ledger.quarantine(user_id, self._channel)
            delivered.outcomes = deliver(
                user_id,
                self._channel,
                now=now,
                send=self._send_in_turn,
                link_origin=self._settings.link_origin,
                note_lag=lambda lag: delivered.lags.append(
                    lag + timedelta(seconds=monotonic() - started)
                ),
                # a quarantine has just changed the schedule
                begun=None if last_time else begun.get(user_id),
            )
            self._learn(delivered.outcomes, now)
        except UnknownUser:
            self._log.info("user is gone, nudge acknowledged", user_id=user_id)
        except (Busy, Contended):
            self._log.warning("account is busy", user_id=user_id)
            if last_time:
                raise  # out of the index by now, so it takes the dead letters to bring them back
        except Exception as error:
            if last_time and user_id is not None:
                with suppress(Exception):  # giving a claim back has put the user into the index
                    ledger.quarantine(user_id, self._channel)
            self._log.error(
                "nudge failed", user_id=user_id, error=type(error).__name__, where=where(error)
            )
            raise
        return delivered

    def _send_in_turn(self, outgoing: Outgoing) -> str:
        self._pace.wait()
        return self._send(outgoing)

    def _learn(self, outcomes: Counter[State], now: datetime) -> None:
        """What the provider did with the messages says whether to ask it again at once. No answer
        is no refusal: what it took it may have taken."""
        if outcomes[State.SENT] or outcomes[State.FAILED]:
            self._circuit.taken()
        elif outcomes[State.WAITING] and self._circuit.refuses(now):
            self._log.warning(
                "provider refuses, circuit open",
                channel=self._channel.value,
                until=str(self._circuit.open_until),
            )
