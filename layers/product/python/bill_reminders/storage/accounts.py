"""A user's account: what planning reads, and the one transaction that changes it.

Every write that can alter what is due goes through `register` or `change`, so that it moves the
schedule's version and instants together with what it changes.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from hashlib import sha256
from itertools import batched
from secrets import token_hex
from typing import Any, NamedTuple

from pynamodb.exceptions import DoesNotExist
from pynamodb.expressions.condition import Condition
from pynamodb.expressions.update import Action
from pynamodb.transactions import TransactWrite

from bill_reminders import planned_by
from bill_reminders.domain import bounds, older, planning, revisions
from bill_reminders.domain.account import Account, by_id, differs
from bill_reminders.domain.bills import Bill, Heard
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import BillRemindersError, MayPass
from bill_reminders.domain.facts import Fact, facts_between
from bill_reminders.domain.local_time import DAY, floor_minute, local_date, next_minute
from bill_reminders.domain.people import User
from bill_reminders.storage import addresses, journal, ledger_rows, merged, put_away, rows, tables
from bill_reminders.storage.tables import BillItem, ScheduleItem, UserItem
from bill_reminders.storage.transactions import ACTIONS_AT_MOST, Lost, Stale, Write, commit

ROUNDS = 20
"""How often to read and decide again before giving up on an account that never holds still."""

LOST_AT_MOST = 2
"""How many answers may get lost before a change is given up: each was waited for, and whoever asked
has little time left."""


class UnknownUser(BillRemindersError):
    """There is no such user, or no longer."""


class Contended(MayPass):
    """The account changed each time it was read. Try again later."""


type Command = Callable[[Account], Account]
"""Makes of an account what it is after a change, see bill_reminders.commands. It is called again
whenever the account moved in between, and does nothing to one that it has changed already."""

type Beside = Callable[[Account, Account], Iterable[Write]]
"""What else a change writes, of the account before and after it: rows of the ledger, records."""

type Tell = Callable[[Iterable[Fact]], object]
"""Tells others what a change makes true, before it is written: if what follows fails, the change is
asked for again, and they are told again."""


def need_version(schedule: ScheduleItem) -> None:
    """Raises tables.UnreadableItem for a schedule without one: nothing could be written by it."""
    if schedule.version is None:
        raise tables.UnreadableItem("the schedule cannot be read: it has no version")


@dataclass(frozen=True, slots=True)
class FirstRead:
    """What an account is read from first: the schedule, and later than that the user. Raises
    tables.UnreadableItem for a schedule without a version, on which every write depends."""

    schedule: ScheduleItem
    user: UserItem

    def __post_init__(self) -> None:
        need_version(self.schedule)


class Source(NamedTuple):
    """The items that an account was read from."""

    schedule: ScheduleItem
    user: UserItem
    bills: Mapping[str, BillItem]


class Once(NamedTuple):
    """What marks a change as made: `writes` go with it, also when nothing else is left to change,
    and from then on `is_done`, whatever happened since."""

    writes: tuple[Write, ...]
    is_done: Callable[[], bool]


def shard_of(user_id: str, shards: int) -> int:
    """The shard, 0 to `shards` - 1, of a new user; it is stored and never computed again."""
    return int.from_bytes(sha256(user_id.encode()).digest()[:8]) % shards


def exists(user_id: str) -> bool:
    """Whether there is such a user."""
    try:
        life_of(user_id)
    except UnknownUser:
        return False
    return True


def life_of(user_id: str) -> str | None:
    """What tells the account from an earlier and a later one under the same id; None for one from
    before that was kept. Raises UnknownUser."""
    try:
        return ScheduleItem.get(user_id, consistent_read=True).life
    except DoesNotExist as error:
        raise UnknownUser("the user does not exist") from error


def lives(user_id: str, life: str | None) -> bool:
    """Whether there is such a user, in that very life."""
    try:
        return life_of(user_id) == life
    except UnknownUser:
        return False


def first_reads(user_ids: Iterable[str]) -> dict[str, FirstRead]:
    """Read the beginnings of many accounts, 100 at most, in two calls: all schedules, then all
    users. Who is not there, was not answered or cannot be read is left out: reading that account
    by itself tells which."""
    schedules = _batch(ScheduleItem, user_ids)
    users = _batch(UserItem, schedules) if schedules else {}
    found: dict[str, FirstRead] = {}
    for user_id, user in users.items():
        with suppress(tables.UnreadableItem):
            found[user_id] = FirstRead(schedules[user_id], user)
    return found


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


def first_read_of(user_id: str) -> FirstRead:
    """Read the beginning of one account. Raises UnknownUser."""
    try:
        schedule = ScheduleItem.get(user_id, consistent_read=True)
        return FirstRead(schedule, UserItem.get(user_id, consistent_read=True))
    except DoesNotExist as error:
        raise UnknownUser("the user does not exist") from error


def read(
    user_id: str, *, now: datetime, reach: date | None = None, first_read: FirstRead | None = None
) -> Account:
    """Read an account, strongly consistent, its version first: whatever is committed later than
    this read makes a write on condition of that version fail. What was `first_read` is gone on
    with.

    The ledger is read as far back as planning needs, or to the due date `reach` if that is earlier;
    of an account that is `beyond` what is planned, to `reach` alone. Raises UnknownUser.
    """
    first_read = first_read_of(user_id) if first_read is None else first_read
    schedule, user = first_read.schedule, rows.user_from(first_read.user)
    items = {item.bill_id: item for item in BillItem.query(user_id, consistent_read=True)}
    today = local_date(now, user.zone)
    bills = tuple(rows.bill_from(item).as_of(today) for item in items.values())
    welcomed = _instants(schedule, tables.welcomed_at)
    account = Account(
        version=schedule.version,
        user=user,
        bills=bills,
        wakes=_instants(schedule, tables.next_at),
        quarantined=_instants(schedule, tables.quarantined_at),
        welcomed=frozenset(welcomed),
        untold=frozenset(
            channel
            for channel, told_at in welcomed.items()
            if not user.knows_how_to_stop(channel, told_at, now)
        ),
        counted=_counted(schedule),
        deleted=rows.deleted_from(schedule),
        life=schedule.life,
        beyond=bounds.is_beyond(user, bills, today),
    )
    earliest = account.earliest_due_date(now)
    recorded_from = min(earliest, reach or earliest)
    found = ledger_rows.since(user_id, recorded_from)
    found = ledger_rows.with_messages(user, bills, found)
    source = Source(schedule, first_read.user, items)
    return replace(account, recorded=found, recorded_from=recorded_from, source=source)


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


def register(user: User, *, shards: int, now: datetime, more: Iterable[Write] = ()) -> None:
    """Create a user, their schedule and what `more` writes. An id that may have been used before is
    cleared first, see leftovers. Raises Stale when the user exists already, or a condition of
    `more` fails; addresses.AddressTaken."""
    shard = shard_of(user.user_id, shards)
    schedule = ScheduleItem(
        user.user_id, shard=shard, version=1, life=token_hex(8), planned_by=planned_by.stamp()
    )
    commit(
        lambda write: write.save(schedule, condition=ScheduleItem.user_id.does_not_exist()),
        lambda write: write.save(rows.user_item(user)),
        *addresses.moved(None, user),
        journal.registered((user, ()), now=now),
        *more,
    )


def unregister(
    user_id: str, version: int, user: User | None, *, life: str | None
) -> Iterator[Write]:
    """What takes a user and their schedule, as of `version` in that `life`, away; their addresses
    become free."""
    unchanged = (ScheduleItem.version == version) & tables.in_life(life)
    yield lambda write: write.delete(ScheduleItem(user_id), condition=unchanged)
    yield lambda write: write.delete(UserItem(user_id))
    for channel, address in () if user is None else user.addresses.items():
        yield from addresses.given_up(user_id, channel, address)


def _nothing(before: Account, after: Account) -> Iterable[Write]:
    return ()


def _nobody(facts: Iterable[Fact]) -> None:
    """Where a change makes no facts."""


def change(
    user_id: str,
    command: Command,
    *,
    now: datetime,
    reach: date | None = None,
    once: Once | None = None,
    beside: Beside = _nothing,
    tell: Tell = _nobody,
    known: Account | None = None,
) -> Account:
    """Read the account, let `command` change it, plan every channel again and write what differs,
    in one transaction; the account as it is then, but for its `wakes`, which only a read knows.
    Where nothing differs and nothing is to be written `beside`, nothing is written. `reach` as for
    `read`; who has read the account at `now` gives it as `known`, and it is read again only if it
    has moved since.

    With `once` it is done at most once, and nothing is changed any more when it is. An account that
    may have been changed by an earlier try, whose answer got lost, is `uncertain`.

    Raises UnknownUser, Contended, transactions.Busy or Lost; addresses.AddressTaken;
    bounds.TooManyReminders when it enlarges what is live at once beyond the bounds; and what the
    command raises.
    """
    return _change(user_id, command, now, reach, once, beside, tell, known)


def change_from(user_id: str, command: Command, *, now: datetime) -> tuple[Account, Account]:
    """As `change`; the account before it, too."""
    found: list[Account] = []

    def watched(account: Account) -> Account:
        found.append(account)
        return command(account)

    after = change(user_id, watched, now=now)
    return found[-1], after


def plan_again(user_id: str, *, now: datetime) -> None:
    """Compute the user's instants anew: after an update of zone data or of a holiday calendar, or
    of the deployer's spread."""
    _change(user_id, lambda account: account, now, None, None, _nothing, _nobody, None, always=True)


def _change(
    user_id: str,
    command: Command,
    now: datetime,
    reach: date | None,
    once: Once | None,
    beside: Beside,
    tell: Tell,
    known: Account | None,
    *,
    always: bool = False,
) -> Account:
    lost = 0
    for _ in range(ROUNDS):
        found, known = known or read(user_id, now=now, reach=reach), None
        before = replace(found, uncertain=lost > 0)
        if once is not None and once.is_done():
            return before
        wished = command(before)
        after = _with_room(before, wished, now)
        more = [*beside(before, after), *(() if once is None else once.writes)]
        if not (always or more or differs(before, after)):
            return before
        need_bounds(before, after, now)
        after = _next_version(before, _with_messages(_with_heard(before, after, now)))
        tell(facts_between(before, after))
        needed = (
            _moved_schedule(before, after, now),
            *_user_written(before, after),
            *_bills_written(before, after),
            *_put_away(wished, after),
            *_journalled(before, after, now),
            *more,
        )
        behind = list(_left_behind(before, after, after.earliest_due_date(now), now))
        room = max(0, ACTIONS_AT_MOST - len(needed))
        try:
            commit(*needed, *behind[:room])
        except Stale:
            continue
        except Lost:
            lost += 1
            if lost == LOST_AT_MOST:
                raise
            continue
        for others in batched(behind[room:], ACTIONS_AT_MOST, strict=False):
            with suppress(MayPass):  # the change is made, and these matter to nothing else
                commit(*others)
        return replace(after, written=True)
    raise Contended("the account is changing too fast")


def _next_version(before: Account, after: Account) -> Account:
    """`after`, which is written as the next version; what it leaves as it is keeps its own."""
    version, known = before.version + 1, by_id(before.bills)
    user = after.user
    if user is not before.user:
        user = before.user if user == before.user else replace(user, version=version)

    def written(bill: Bill) -> Bill:
        old = known.get(bill.bill_id)
        return old if old is not None and bill == old else replace(bill, version=version)

    bills = tuple(map(written, after.bills))
    return replace(after, version=version, user=user, bills=bills)


def _journalled(before: Account, after: Account, now: datetime) -> Iterator[Write]:
    kept = by_id(after.bills)

    def known(bill: Bill) -> Bill:
        then = kept.get(bill.bill_id, bill)
        # what was put away did not change
        return bill if then.settled == bill.settled else older.without(bill, then.settled)

    owned, was = (after.user, after.bills), (before.user, tuple(map(known, before.bills)))
    return journal.changed(was, owned, version=before.version + 1, now=now)


def _with_room(before: Account, wished: Account, now: datetime) -> Account:
    """`wished` by a command, with what is older put away of bills whose lists are full."""
    if wished.bills is before.bills:
        return wished
    known, today = by_id(before.bills), local_date(now, wished.user.zone)
    bills = [older.with_room(bill, known.get(bill.bill_id), today) for bill in wished.bills]
    return replace(wished, bills=tuple(bills))


def _put_away(wished: Account, after: Account) -> Iterator[Write]:
    for bill, kept in zip(wished.bills, after.bills, strict=True):
        yield from put_away.written(bill, kept, version=after.version)


def _with_heard(before: Account, after: Account, now: datetime) -> Account:
    """`after`, whose bills know what may have been heard of the dates that the change leaves; so
    does the account of bills that it deletes, since they may be entered again."""
    known, kept = by_id(before.bills), by_id(after.bills)
    today = local_date(now, before.user.zone)

    def heard(bill: Bill, then: Bill | None) -> tuple[Heard, ...]:
        return ledger_rows.heard_of(
            bill, then, before.recorded, recorded_from=before.recorded_from, today=today
        )

    def knowing(bill: Bill) -> Bill:
        old = known.get(bill.bill_id)
        if old is None:
            entered = (each for bill_id, each in before.deleted if bill_id == bill.bill_id)
            return replace(bill, heard=tuple(entered))
        return bill if bill is old else replace(bill, heard=heard(old, bill))

    deleted = [each for each in before.deleted if each[0] not in kept]
    for bill_id in known.keys() - kept.keys():
        deleted += [(bill_id, each) for each in heard(known[bill_id], None)]
    bills = tuple(knowing(bill) for bill in after.bills)
    return replace(after, bills=bills, deleted=revisions.of_deleted(deleted, today))


def _with_messages(after: Account) -> Account:
    """`after` with the state of digests that were not looked up for it before: a plan may have got
    a channel that stands in."""
    found = ledger_rows.with_messages(after.user, after.bills, after.recorded)
    return replace(after, recorded=found)


def _source(account: Account) -> Source:
    assert isinstance(account.source, Source), "it was read here"
    return account.source


def _user_written(before: Account, after: Account) -> Iterator[Write]:
    was, user = before.user, after.user
    if user == was:
        return
    there = _source(before).user
    yield _updated(UserItem(was.user_id), there, rows.user_item(was), rows.user_item(user))
    yield from addresses.moved(was, user)


def _bills_written(before: Account, after: Account) -> Iterator[Write]:
    known, kept = by_id(before.bills), by_id(after.bills)
    user_id, stored = before.user.user_id, _source(before).bills
    for bill_id, bill in kept.items():
        old = known.get(bill_id)
        if old is None:
            yield partial(_save, rows.bill_item(bill))
        elif bill != old:
            # as it is stored: since then other terms may have come into force
            was, item = rows.bill_item(rows.bill_from(stored[bill_id])), rows.bill_item(bill)
            yield _updated(BillItem(user_id, bill_id), stored[bill_id], was, item)
    for bill_id in known.keys() - kept.keys():
        yield partial(_delete, BillItem(user_id, bill_id))


def _updated[T: (UserItem, BillItem)](key: T, stored: T, before: T, after: T) -> Write:
    """What makes `after` of an item, of which this code knows `before`."""
    actions = [*merged.actions(stored.raw, before.serialize(), after.serialize())]
    return lambda transaction: transaction.update(key, actions=actions)


def _left_behind(before: Account, after: Account, earliest: date, now: datetime) -> Iterator[Write]:
    """What waits of due dates before `earliest`, which planning looks at no more after the change:
    it is withdrawn with it, since nobody would come across it later."""
    for key, row in () if before.beyond else before.recorded.items():
        if row.is_open and row.reminder.due_on < earliest and after.recorded[key].is_open:
            yield ledger_rows.withdrawn(row, now)


def need_bounds(before: Account, after: Account, now: datetime) -> None:
    """Raises bounds.TooManyReminders when a change enlarges what is live at once too far."""
    today = local_date(now, after.user.zone)
    bounds.need_bounds((before.user, before.bills), (after.user, after.bills), today)


def _moved_schedule(before: Account, after: Account, now: datetime) -> Write:
    actions: list[Action] = [
        ScheduleItem.version.set(after.version),
        ScheduleItem.planned_by.set(planned_by.stamp()),
    ]
    beyond = bounds.is_beyond(after.user, after.bills, local_date(now, after.user.zone))
    for channel in Channel:
        if beyond:
            actions += put_aside(before, channel, now)
        else:
            actions += _planned_again(before, after, channel, now)
        if channel in before.welcomed and channel not in after.welcomed:
            actions.append(tables.welcomed_at(channel).remove())
    if before.deleted != after.deleted:
        actions += _deleted_written(before, after)

    def write(transaction: TransactWrite) -> None:
        transaction.update(
            ScheduleItem(before.user.user_id),
            actions=actions,
            condition=_unchanged(before, after),
        )

    return write


def _unchanged(before: Account, after: Account) -> Condition:
    """Nobody changed the account since it was read. Where dates move nobody claimed anything of it
    either, which raises no version: they would speak of a date that is taken for unheard."""
    unchanged: Condition = ScheduleItem.version == before.version
    kept = by_id(after.bills)
    if any(revisions.moves_dates(bill, kept.get(bill.bill_id)) for bill in before.bills):
        for channel in Channel:
            unchanged &= uncounted(before, channel)
    return unchanged


def uncounted(account: Account, channel: Channel) -> Condition:
    """No message was claimed for the channel since the account was read."""
    day, count = tables.counted_on(channel), tables.messages(channel)
    if channel not in account.counted:
        return tables.absent(day)
    known_day, known = account.counted[channel]
    same = count == known if known else (count == 0) | tables.absent(count)
    return (day == known_day) & same


def _deleted_written(before: Account, after: Account) -> Iterator[Action]:
    def raw(account: Account) -> merged.Raw:
        maps = rows.deleted_maps(account.deleted) or None
        return ScheduleItem(deleted=maps).serialize(null_check=False)

    return merged.actions(_source(before).schedule.raw, raw(before), raw(after))


def _planned_again(
    before: Account, after: Account, channel: Channel, now: datetime
) -> Iterator[Action]:
    # what was beyond has no rows to plan by: the wake-up reads them
    wake = next_minute(now) if before.beyond else _wake_at(after, channel, now)
    overdue_since = before.since(channel)
    if overdue_since is not None and overdue_since < now - DAY:
        # After so long an outage it says since when nobody has looked, which planning must
        # know to pass nothing over. Look-back covers a shorter one: the next minute is sooner.
        wake = overdue_since
    yield set_or_remove(tables.next_at(channel), wake)
    if channel in before.quarantined:
        yield tables.quarantined_at(channel).remove()


def _wake_at(account: Account, channel: Channel, now: datetime) -> datetime | None:
    return planning.wake_at(account.decide(channel, now), now)


def put_aside(account: Account, channel: Channel, now: datetime) -> Iterator[Action]:
    """What lets a channel with too much to plan rest for a day, and says since when it waits. None
    where it rests or waits for nothing."""
    since, wake = account.since(channel), account.wakes.get(channel)
    if since is None or (channel in account.quarantined and wake is not None and wake > now):
        return
    yield tables.quarantined_at(channel).set(since)
    yield tables.next_at(channel).set(floor_minute(now) + DAY)


def set_or_remove(attribute: tables.Instant, value: datetime | None) -> Action:
    return attribute.remove() if value is None else attribute.set(value)


def _save(item: BillItem, transaction: TransactWrite) -> None:
    transaction.save(item)


def _delete(item: BillItem, transaction: TransactWrite) -> None:
    transaction.delete(item)
