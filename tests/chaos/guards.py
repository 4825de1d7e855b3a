"""Each guard of the delivery path taken out in turn: the campaign must notice.

A guard is a piece of one function's text; what is left is compiled again in its module and put in
the place of the function wherever that is known by name, or stands in a table.
"""

import ast
import importlib
import inspect
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.chaos import crashes, scripts
from tests.chaos.story import Totals
from tests.chaos.world import World


@dataclass(frozen=True)
class Guard:
    """`text` as `ast` writes it out, and what stands there without the guard; where the campaign
    notices its absence: at a single fault in a `course`, or `noticed_in` a scene or a trouble that
    lasts, see `scripts.play`."""

    name: str
    module: str
    function: str
    text: str
    without: str
    noticed_at: str = ""
    course: str = "calm"
    noticed_in: str = ""

    @property
    def place(self) -> str:
        """Where it is noticed."""
        return self.noticed_at or self.noticed_in

    def runs(self, make: Callable[[], World]) -> Iterator[Totals]:
        """What is played to notice it, with the product as it is now."""
        if self.noticed_in:
            yield scripts.play(make, self.noticed_in)
        else:
            yield from crashes.named(make, self.noticed_at, self.course)


GUARDS = (
    Guard(
        "a ledger row is claimed once",
        "delivery.claims",
        "_save",
        "condition=may_become(State.CLAIMED)",
        "",
        "receives at SendEmail: TransactWriteItems",
        course="troubled",
    ),
    Guard(
        "a claim is of the version that was read",
        "delivery.claims",
        "_moved_instant",
        "ScheduleItem.version == account.version",
        "ScheduleItem.user_id.exists()",
        "stops at SendSms: Query",
    ),
    Guard(
        "a batch's versions are read before its users",
        "storage.accounts",
        "first_reads",
        "schedules = _batch(ScheduleItem, user_ids)",
        "early = _batch(UserItem, user_ids)\n    schedules = _batch(ScheduleItem, early)\n"
        "    return {each: FirstRead(schedules[each], early[each]) for each in schedules}",
        "stops at SendEmail: BatchGetItem",
    ),
    Guard(
        "a change is of the version that was read",
        "storage.accounts",
        "_unchanged",
        "ScheduleItem.version == before.version",
        "ScheduleItem.user_id.exists()",
        "enters at ReadReceipts: Query",
        course="troubled",
    ),
    Guard(
        "the look at what is older",
        "delivery.finder",
        "_tick_route",
        "minute.minute % OLDER_EVERY_MINUTES == 0",
        "False",
        "dies at FindDue: Query",
    ),
    Guard(
        "only the owner marks",
        "delivery.claims",
        "owned",
        "(LedgerItem.owner == claim.owner) & (LedgerItem.attempt == claim.attempt)",
        "LedgerItem.key.exists()",
        "overtakes at SendSms: Publish",
    ),
    Guard(
        "the table of transitions",
        "delivery.claims",
        "may_become",
        "return allowed | LedgerItem.key.does_not_exist() if None in sources(state) else allowed",
        "return LedgerItem.key.exists() | LedgerItem.key.does_not_exist()",
        "receives at SendEmail: TransactWriteItems",
        course="troubled",
    ),
    Guard(
        "a stopped address is not used",
        "domain.people",
        "Address.usable",
        "self.attestation is not None and self.stopped_at is None",
        "True",
        "stops at SendSms: Query",
    ),
    Guard(
        "a failed message wakes who stands in",
        "domain.ledger",
        "Recorded.failed",
        "return (self.message_state or self.state) in NOT_ARRIVED",
        "return False",
        "receives at SendEmail: TransactWriteItems",
        course="troubled",
    ),
    Guard(
        "one resend at most",
        "domain.planning",
        "deserves_resend",
        "row.resends >= RESENDS_AT_MOST",
        "False",
        "overtakes at SendSms: Publish",
    ),
    Guard(
        "so many messages a day",
        "delivery.claims",
        "_within_cap",
        "account.messages_on(channel, today) < most",
        "True",
        "dies at FindDue: GetQueueAttributes",
    ),
    Guard(
        "quiet hours",
        "domain.planning",
        "_silent_until",
        "quiet.cover(now, user.zone)",
        "False",
        "dies at FindDue: GetQueueAttributes",
    ),
    Guard(
        "a pause",
        "domain.planning",
        "_silent_until",
        "resumes_at is not None and now < resumes_at",
        "False",
        "pauses at SendSms: Query",
    ),
    Guard(
        "a claim that a table calls failed is read back",
        "storage.transactions",
        "_explain",
        "or trouble.is_failure_of_aws(error)",
        "",
        noticed_in="every TransactWriteItems: 500 after it, 25 minutes",
    ),
    Guard(
        "an own claim is recognised",
        "delivery.claims",
        "_is_ours",
        "row is not None and row.owner == claim.owner",
        "False",
        noticed_in="every TransactWriteItems: no answer after it, 25 minutes",
    ),
    Guard(
        "a connection is not used after a freeze",
        "delivery.worker",
        "Worker.work",
        "self._sender.provider.close()",
        "pass",
        noticed_in="no trouble",
    ),
    Guard(
        "a one-off message's connection is not used after a freeze",
        "channels.providers",
        "send_one_off",
        "known.close()",
        "pass",
        noticed_in="every Publish: access denied, 25 minutes",
    ),
    Guard(
        "what was sent is marked",
        "delivery.sender",
        "_send_claim",
        "claims.mark(claim, State.SENT, now=now, provider_id=provider_id)",
        "pass",
        noticed_in="no trouble",
    ),
    Guard(
        "what may pass at a last receive brings the user back",
        "delivery.worker",
        "Worker._aside",
        "instant is not None and may_pass(error)",
        "False",
        noticed_in="a last receive in trouble",
    ),
    Guard(
        "an old wake-up that is busy goes back to its queue",
        "delivery.worker",
        "Worker._may_go",
        "self._is_young(record) or self._later.put(record['body'])",
        "True",
        noticed_in="a redrive in trouble",
    ),
    Guard(
        "who waits longest is looked at first",
        "delivery.finder",
        "_older",
        "limit=most",
        "limit=most, scan_index_forward=False",
        noticed_in="one behind those who cannot go",
    ),
    Guard(
        "a refused reminder is claimed again",
        "domain.ledger",
        "Recorded.is_open",
        "return self.state is State.WAITING",
        "return False",
        noticed_in="every Publish: throttled, 25 minutes",
    ),
    Guard(
        "an instant of long ago stays",
        "storage.accounts",
        "_planned_again",
        "wake = overdue_since",
        "pass",
        noticed_in="a change after a long outage",
    ),
    Guard(
        "a receipt is waited for after no answer",
        "delivery.claims",
        "mark_unknown",
        "now + RECEIPT_WAIT",
        "now",
        noticed_in="a receipt in time, no answer before",
    ),
    Guard(
        "a receipt is waited for after a death",
        "delivery.reconciling",
        "_lapse",
        "row.settle_at + RECEIPT_WAIT",
        "now",
        noticed_in="a receipt in time, a death before",
    ),
    Guard(
        "a circuit lets one find out",
        "delivery.circuit",
        "Circuit.allows",
        "now >= self.open_until",
        "False",
        noticed_in="every Publish: throttled, 25 minutes",
    ),
    Guard(
        "a circuit closes",
        "delivery.circuit",
        "Circuit.taken",
        "self.troubles, self.open_until, self.pause = (0, None, SHORTEST)",
        "pass",
        noticed_in="one refusal after a trouble",
    ),
    Guard(
        "a row about a date long past is kept",
        "storage.rows",
        "ledger_expiry",
        "max(due_on, at.date())",
        "due_on",
        noticed_in="rows that expire at once",
    ),
    Guard(
        "the page's stop silences the bill",
        "pages.actions",
        "_stop_bill",
        "return _mute(opened, reminder, MuteReason.STOPPED)",
        "return lambda account: account",
        noticed_in="a page's buttons",
    ),
    Guard(
        "the page's stop is of the channel",
        "pages.actions",
        "_stop_channel",
        "return partial(stops.stop, channel=channel, by=StoppedBy.PAGE, now=opened.now)",
        "return lambda account: account",
        noticed_in="a page's buttons",
    ),
    Guard(
        "a change raises the version",
        "storage.accounts",
        "_moved_schedule",
        "ScheduleItem.version.set(after.version)",
        "ScheduleItem.version.set(before.version)",
        "presses at SendEmail: Query",
    ),
    Guard(
        "a biller hears of what is not its customer's",
        "pages.actions",
        "act",
        "tell=partial(events.tell, now=opened.now)",
        "tell=lambda facts: None",
        noticed_in="a page's buttons",
    ),
    Guard(
        "a link of an address that was given up opens nothing",
        "storage.links",
        "Link.reaches",
        "known is not None and self.sent_to == _sent_to(token, self.channel, known.value)",
        "known is not None",
        noticed_in="a page's buttons",
    ),
)


@contextmanager
def without(guard: Guard) -> Iterator[None]:
    """The product without one guard."""
    module = importlib.import_module(f"bill_reminders.{guard.module}")
    owner, _, name = guard.function.rpartition(".")
    holder: Any = getattr(module, owner) if owner else module
    known = inspect.getattr_static(holder, name)
    function = known.fget if isinstance(known, property) else known
    source = textwrap.dedent(inspect.getsource(function))
    flat = ast.unparse(ast.parse(source))
    assert guard.text in flat, f"{guard.name}: {guard.text!r} is not in {guard.function}"
    scope: dict[str, Any] = {}
    exec(
        compile(flat.replace(guard.text, guard.without), guard.module, "exec"), vars(module), scope
    )
    (changed,) = scope.values()
    put = [partial(setattr, holder, name)] if owner else list(_known_as(function, name))
    for place in put:
        place(changed)
    try:
        yield
    finally:
        for place in put:
            place(known)


def _known_as(function: Any, name: str) -> Iterator[Callable[[Any], None]]:
    """What puts another in its place, wherever it is known by its name or stands in a table."""
    for path, module in list(sys.modules.items()):
        if not path.startswith("bill_reminders"):
            continue
        if getattr(module, name, None) is function:
            yield partial(setattr, module, name)
        tables = [each for each in vars(module).values() if isinstance(each, dict)]
        for table in tables:
            yield from (
                partial(table.__setitem__, key)
                for key, each in list(table.items())
                if each is function
            )
