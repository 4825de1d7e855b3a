"""A user's account: what planning reads, and the one transaction that changes it.

Every write that can alter what is due goes through `register` or `change`, so that it moves the
schedule's version and instants together with what it changes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import Any

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders.domain import planning
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.clock import DAY
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.people import User
from bill_reminders.domain.terms import Channel
from bill_reminders.storage import addresses, rows, tables
from bill_reminders.storage.tables import BillItem, LedgerItem, ScheduleItem, UserItem
from bill_reminders.storage.transactions import Lost, Stale, Write, commit

LAST_DUE_DATE = "9999~"
"""After every key that starts with a due date, before those of messages about no bill."""

ROUNDS = 20
"""How often to read and decide again before giving up on an account that never holds still."""


class UnknownUser(BillRemindersError):
    """There is no such user, or no longer."""


class Contended(BillRemindersError):
    """The account changed each time it was read. Try again later."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user with everything that decides what is due, as of `version`.

    `wakes` holds the instants at which channels are to be woken, `quarantined` those put aside
    because their nudge was poison. `greeted` are the channels whose present address has had its
    first message. `counted` holds how many messages were claimed for a channel on a local day.
    `uncertain` is set when an earlier try of a change may have been written.
    """

    version: int
    user: User
    bills: tuple[Bill, ...] = ()
    recorded: Mapping[str, Recorded] = field(default_factory=lambda: MappingProxyType({}))
    wakes: Mapping[Channel, datetime] = field(default_factory=lambda: MappingProxyType({}))
    quarantined: Mapping[Channel, datetime] = field(default_factory=lambda: MappingProxyType({}))
    greeted: frozenset[Channel] = frozenset()
    counted: Mapping[Channel, tuple[date, int]] = field(
        default_factory=lambda: MappingProxyType({})
    )
    uncertain: bool = False

    def decide(self, channel: Channel, now: datetime) -> planning.Decision:
        return planning.decide(
            self.user,
            self.bills,
            self.recorded,
            channel=channel,
            now=now,
            since=self.wakes.get(channel) or self.quarantined.get(channel),
        )

    def messages_on(self, channel: Channel, day: date) -> int:
        """How many messages were claimed for `channel` on the user's local `day`."""
        counted_on, count = self.counted.get(channel, (day, 0))
        return count if counted_on == day else 0

    def bill(self, bill_id: str) -> Bill | None:
        return next((bill for bill in self.bills if bill.bill_id == bill_id), None)

    def with_bill(self, bill: Bill) -> "Account":
        others = (other for other in self.bills if other.bill_id != bill.bill_id)
        return replace(self, bills=(*others, bill))


@dataclass(frozen=True, slots=True)
class Beginning:
    """What an account is read from first: the schedule, and later than that the user."""

    schedule: ScheduleItem
    user: UserItem


@dataclass(frozen=True, slots=True)
class Change:
    """An account as it shall be, and the writes besides the schedule that make it so."""

    after: Account
    writes: tuple[Write, ...]


def shard_of(user_id: str, shards: int) -> int:
    """The shard, 0 to `shards` - 1, of a new user; it is stored and never computed again."""
    return int.from_bytes(sha256(user_id.encode()).digest()[:8]) % shards


def exists(user_id: str) -> bool:
    """Whether there is such a user."""
    try:
        ScheduleItem.get(user_id, consistent_read=True)
    except DoesNotExist:
        return False
    return True


def begin(user_ids: Iterable[str]) -> dict[str, Beginning]:
    """Read the beginnings of many accounts, 100 at most, in two calls: all schedules, then all
    users. Who is not there, was not answered or cannot be read is left out: reading that account
    by itself tells which."""
    schedules = _batch(ScheduleItem, user_ids)
    users = _batch(UserItem, schedules) if schedules else {}
    return {user_id: Beginning(schedules[user_id], user) for user_id, user in users.items()}


def _batch[T: (ScheduleItem, UserItem)](model: type[T], user_ids: Iterable[str]) -> dict[str, T]:
    keys: list[Any] = [{"user_id": user_id} for user_id in dict.fromkeys(user_ids)]
    # not Model.batch_get, which asks for ever while a table leaves keys unanswered
    answer = model._get_connection().batch_get_item(keys, consistent_read=True)
    found: dict[str, T] = {}
    for raw in answer["Responses"].get(model.Meta.table_name, ()):
        with suppress(Exception):  # one item that cannot be read is no reason to read no other
            item = model.from_raw_data(raw)
            found[item.user_id] = item
    return found


def _begin(user_id: str) -> Beginning:
    try:
        schedule = ScheduleItem.get(user_id, consistent_read=True)
        return Beginning(schedule, UserItem.get(user_id, consistent_read=True))
    except DoesNotExist as error:
        raise UnknownUser("the user does not exist") from error


def read(
    user_id: str, *, now: datetime, reach: date | None = None, begun: Beginning | None = None
) -> Account:
    """Read an account, strongly consistent, its version first: whatever is committed later than
    this read makes a write on condition of that version fail. What was `begun` is gone on with.

    The ledger is read as far back as planning needs, or to the due date `reach` if that is earlier.
    Raises UnknownUser.
    """
    begun = _begin(user_id) if begun is None else begun
    schedule, user = begun.schedule, rows.user_from(begun.user)
    bills = tuple(rows.bill_from(item) for item in BillItem.query(user_id, consistent_read=True))
    wakes = _instants(schedule, tables.next_at)
    quarantined = _instants(schedule, tables.quarantined_at)
    start = min([now, *wakes.values(), *quarantined.values()])
    earliest = planning.earliest_due_date(user, bills, start)
    return Account(
        version=schedule.version,
        user=user,
        bills=bills,
        recorded=_recorded(user_id, min(earliest, reach or earliest)),
        wakes=wakes,
        quarantined=quarantined,
        greeted=frozenset(_instants(schedule, tables.greeted_at)),
        counted=_counted(schedule),
    )


def _instants(
    schedule: ScheduleItem, attribute: Callable[[Channel], tables.Instant]
) -> dict[Channel, datetime]:
    values = {channel: getattr(schedule, attribute(channel).attr_name) for channel in Channel}
    return {channel: value for channel, value in values.items() if value is not None}


def _counted(schedule: ScheduleItem) -> dict[Channel, tuple[date, int]]:
    found: dict[Channel, tuple[date, int]] = {}
    for channel in Channel:
        day = getattr(schedule, tables.counted_on(channel).attr_name)
        if day is not None:
            found[channel] = day, getattr(schedule, tables.messages(channel).attr_name) or 0
    return found


def _recorded(user_id: str, earliest: date) -> dict[str, Recorded]:
    about_bills = LedgerItem.key.between(earliest.isoformat(), LAST_DUE_DATE)
    items = LedgerItem.query(user_id, about_bills, consistent_read=True)
    recorded = {item.key: rows.recorded_from(item) for item in items}
    return {key: _with_message_state(row, recorded) for key, row in recorded.items()}


def _with_message_state(row: Recorded, recorded: Mapping[str, Recorded]) -> Recorded:
    message = None if row.state is not State.IN_DIGEST else recorded.get(row.message_key or "")
    return row if message is None else replace(row, message_state=message.state)


def register(user: User, *, shards: int, more: Iterable[Write] = ()) -> None:
    """Create a user, their schedule and what `more` writes. Raises Stale when the user exists
    already, or a condition of `more` fails; addresses.AddressTaken."""
    schedule = ScheduleItem(user.user_id, shard=shard_of(user.user_id, shards), version=1)
    commit(
        lambda write: write.save(schedule, condition=ScheduleItem.user_id.does_not_exist()),
        lambda write: write.save(rows.user_item(user)),
        *addresses.moved(None, user),
        *more,
    )


def unregister(user_id: str, version: int, user: User | None) -> Iterator[Write]:
    """What takes a user and their schedule, as of `version`, away; their addresses become free."""
    unchanged = ScheduleItem.version == version
    yield lambda write: write.delete(ScheduleItem(user_id), condition=unchanged)
    yield lambda write: write.delete(UserItem(user_id))
    for channel, address in () if user is None else user.addresses.items():
        yield from addresses.given_up(user_id, channel, address)


def change(
    user_id: str,
    *,
    now: datetime,
    edit: Callable[[Account], Change | None],
    reach: date | None = None,
) -> bool:
    """Apply `edit` and plan every channel again, in one transaction. `reach` as for `read`.

    `edit` is called again whenever the account moved in between, and returns None when nothing is
    left to change, which is then the result False. It must recognise its own work: after a lost
    answer it is called on the account that it may already have changed, which is then `uncertain`.

    Raises UnknownUser, Contended, transactions.Busy.
    """
    uncertain = False
    for _ in range(ROUNDS):
        before = replace(read(user_id, now=now, reach=reach), uncertain=uncertain)
        wanted = edit(before)
        if wanted is None:
            return False
        try:
            commit(_moved_schedule(before, wanted.after, now), *wanted.writes)
        except Stale:
            continue
        except Lost:
            uncertain = True
            continue
        return True
    raise Contended("the account is changing too fast")


def _moved_schedule(before: Account, after: Account, now: datetime) -> Write:
    actions: list[Action] = [ScheduleItem.version.set(before.version + 1)]
    for channel in Channel:
        wake = planning.wake_at(after.decide(channel, now), now)
        overdue_since = before.wakes.get(channel) or before.quarantined.get(channel)
        if overdue_since is not None and overdue_since < now - DAY:
            # After so long an outage it says since when nobody has looked, which planning must
            # know to pass nothing over. Look-back covers a shorter one: the next minute is sooner.
            wake = overdue_since
        actions.append(set_or_remove(tables.next_at(channel), wake))
        if channel in before.quarantined:
            actions.append(tables.quarantined_at(channel).remove())
        if channel in before.greeted and channel not in after.greeted:
            actions.append(tables.greeted_at(channel).remove())

    def write(transaction: TransactWrite) -> None:
        transaction.update(
            ScheduleItem(before.user.user_id),
            actions=actions,
            condition=ScheduleItem.version == before.version,
        )

    return write


def set_or_remove(attribute: tables.Instant, value: datetime | None) -> Action:
    return attribute.remove() if value is None else attribute.set(value)


def with_user(account: Account, user: User) -> Change | None:
    """The account with `user` in place of its own; None when nothing differs. An address that is
    new is greeted anew. Raises addresses.AddressTaken."""
    if user == account.user:
        return None
    greeted = frozenset(
        channel
        for channel in account.greeted
        if (old := account.user.addresses.get(channel)) is not None
        and (new := user.addresses.get(channel)) is not None
        and addresses.is_same(channel, old.value, new.value)
    )
    put: Write = partial(_save, rows.user_item(user))
    writes = (put, *addresses.moved(account.user, user))
    after = replace(user, spread_minutes=account.user.spread_minutes)
    return Change(replace(account, user=after, greeted=greeted), writes)


def put_bill(bill: Bill) -> Write:
    return partial(_save, rows.bill_item(bill))


def _save(item: UserItem | BillItem, transaction: TransactWrite) -> None:
    transaction.save(item)
