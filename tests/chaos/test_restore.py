"""The tables come back as of an earlier instant: what went out since is not in the ledger, and
nobody hears it again."""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest

from bill_reminders.delivery.switches import UNKNOWN_BEFORE
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Join, Plan, PlanChange
from bill_reminders.storage.attributes import minute_text
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem, ScheduleItem
from tests.chaos.store import Store
from tests.chaos.world import CHANNELS, OPEN, SHARDS, START, World, inhabited
from tests.support.people import a_bill, a_user

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
DUE = date(2027, 3, 4)
PLAN = Plan(lead_days=(3, 1, 0), overdue_days=(1, 3))
PLANNED = [datetime(2027, 3, day, 9, tzinfo=UTC) for day in (1, 3, 4, 5, 7)]
"""When the five reminders of each bill are planned."""
END = datetime(2027, 3, 9, tzinfo=UTC)
QUEUES = [f"{name.capitalize()}Nudges" for name in CHANNELS]


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made:
        yield made


def enter(user_id: str, *bills: str, plan: Plan = PLAN, also: tuple[Channel, ...] = ()) -> None:
    channels = (Channel.SMS, *also)
    plan = Plan(plan.lead_days, plan.overdue_days, channels=channels, joins=plan.joins)
    user = a_user(user_id, channels=channels, plan=plan)
    save_user(user, shards=SHARDS, now=START - MINUTE)
    for bill_id in bills:
        bill = a_bill(user_id, bill_id, due_on=DUE)
        save_bills(user_id, [lambda _, bill=bill: bill], now=START - MINUTE)


def everybody() -> None:
    """One bill; several in one message; two channels; one that stands in when the other fails."""
    enter("one", "rent")
    enter("digest", "rent", "power", "water")
    enter("both", "rent", also=(Channel.EMAIL,))
    enter("fallback", "rent", plan=Plan((3, 1, 0), (1, 3), joins=(Join(Channel.EMAIL, None),)),
          also=(Channel.EMAIL,))  # fmt: skip


def step(world: World) -> None:
    world.tick()
    for queue in QUEUES:
        while world.deliver(queue):
            pass
    world.sweep()


def live(world: World, until: datetime) -> None:
    """Each half an hour, and what was put off in between."""
    while world.now < until:
        step(world)
        world.now = min(until, world.now + 30 * MINUTE)


def backup(world: World) -> Store:
    assert isinstance(world.store, Store)
    return copy.deepcopy(world.store)


def restore(world: World, tables: Store, *, unknown_before: datetime | None) -> None:
    """As the runbook has it; the queues still hold wake-ups of before."""
    world.store = tables
    told = {} if unknown_before is None else {UNKNOWN_BEFORE: minute_text(unknown_before)}
    world.switches = json.dumps(json.loads(OPEN) | told)
    for queue in QUEUES:
        world.restart(f"Send{queue.removesuffix('Nudges').capitalize()}")


def heard(world: World) -> Counter[tuple[str, str]]:
    """How often each reminder went out, by its user and its key."""
    return Counter((each.user_id, key) for each in world.accepted for key in each.keys)


def twice(world: World) -> list[tuple[str, str]]:
    return sorted(each for each, count in heard(world).items() if count > 1)


def rows() -> list[LedgerItem]:
    names = ("one", "digest", "both", "fallback")
    return [row for name in names for row in LedgerItem.query(name)]


def played(make: Callable[[], World], made_at: datetime, *, told: bool) -> World:
    """A backup is made, a reminder goes out, the tables are lost and restored."""
    world = make()
    everybody()
    world.now = START
    live(world, made_at)
    saved = backup(world)
    lost_at = made_at + 3 * HOUR
    live(world, lost_at)
    world.now = lost_at + HOUR
    restore(world, saved, unknown_before=lost_at if told else None)
    live(world, END)
    return world


@pytest.mark.parametrize("planned", PLANNED)
def test_without_the_switch_what_went_out_since_the_backup_goes_out_again(
    make: Callable[[], World], planned: datetime
) -> None:
    """What the switch is for; and the others would not notice its absence else."""
    assert twice(played(make, planned - HOUR, told=False))


@pytest.mark.parametrize("planned", PLANNED)
def test_after_a_restore_what_was_planned_before_is_unknown_and_nothing_comes_twice(
    make: Callable[[], World], planned: datetime
) -> None:
    world = played(make, planned - HOUR, told=True)
    assert twice(world) == []
    lost = [row for row in rows() if row.planned_at == planned and row.reason == "restored"]
    assert {row.user_id for row in lost} == {"one", "digest", "both", "fallback"}
    assert {row.state for row in lost} == {"unknown"}
    assert len(lost) == 7, "one a reminder: three of the digest, two of the two channels"
    assert all(row.settle_at is None for row in lost), "nobody looks at them again"
    later = [row for row in rows() if row.planned_at > planned]
    assert {row.state for row in later} <= {"sent", "in_digest"}
    assert not world.wrong
    assert not any(world.queues[queue] or world.dead[queue] for queue in QUEUES)
    usual = played(make, END - 4 * HOUR, told=True)
    assert heard(world) == heard(usual), "and nothing is missing"


def wakes(user_id: str) -> list[datetime]:
    item = ScheduleItem.get(user_id)
    names = (f"{channel}_next_at" for channel in Channel)
    return [value for name in names if (value := getattr(item, name)) is not None]


def test_nobody_is_woken_for_ever_for_what_is_unknown(make: Callable[[], World]) -> None:
    world = make()
    everybody()
    world.now = PLANNED[0] + HOUR
    restore(world, backup(world), unknown_before=world.now)
    live(world, world.now + HOUR)
    assert not world.accepted
    assert {tuple(sorted(set(wakes(name)))) for name in ("one", "digest", "both")} == {
        (PLANNED[1],)
    }


@pytest.mark.parametrize("answer", ["died_after", "lost", "throttled", "opted_out"])
def test_what_was_under_way_when_the_backup_was_made_does_not_come_again(
    make: Callable[[], World], answer: str
) -> None:
    """Claimed, without an answer, waiting, or refused with a channel that stands in for it; on the
    due day, when a second message is thought better than perhaps none."""
    world = make()
    enter("one", "rent", plan=Plan((3, 1, 0), (1, 3), joins=(Join(Channel.EMAIL, None),)),
          also=(Channel.EMAIL,))  # fmt: skip
    world.now = PLANNED[2]
    world.answers.append(answer)
    world.tick()
    world.deliver("SmsNudges")
    saved = backup(world)
    live(world, world.now + 3 * HOUR)
    sent_before = heard(world)
    assert sent_before
    restore(world, saved, unknown_before=world.now)
    live(world, END)
    assert {each: heard(world)[each] for each in sent_before} == sent_before
    first = [row for row in LedgerItem.query("one") if row.planned_at == PLANNED[2]]
    assert {row.state for row in first} <= {"unknown", "failed"}
    assert [row for row in first if row.state == "unknown"]
    later = [row for row in LedgerItem.query("one") if row.planned_at > PLANNED[2]]
    assert [row.state for row in later if row.state != "skipped"] == ["sent"] * 2
    assert not world.wrong


def test_a_message_carries_what_was_planned_later_alone(make: Callable[[], World]) -> None:
    """Both are due when the channels open; one may have gone out before they were closed."""
    world = make()
    enter("one", "rent")
    later = a_bill("one", "power", due_on=DUE, plan_change=PlanChange(remind_at=time(10)))
    save_bills("one", [lambda _: later], now=START - MINUTE)
    world.now = PLANNED[0] + HOUR
    restore(world, backup(world), unknown_before=PLANNED[0] + HOUR)
    live(world, world.now + HOUR)
    (sent,) = world.accepted
    assert [key.split("#")[1] for key in sent.keys] == ["power"]
    states = {row.bill_id: (row.state, row.reason) for row in LedgerItem.query("one")}
    assert states == {"power": ("sent", None), "rent": ("unknown", "restored")}


def test_what_merged_with_another_is_noted_as_that(make: Callable[[], World]) -> None:
    """Quiet hours bring the day before's to the due day: it never goes by itself."""
    world, email = make(), (Channel.EMAIL,)
    plan, quiet = replace(PLAN, channels=email), QuietHours(time(8), time(4))
    user = a_user("one", channels=email, plan=plan, quiet_hours=quiet)
    save_user(user, shards=SHARDS, now=START - MINUTE)
    save_bills("one", [lambda _: a_bill("one", "rent", due_on=DUE)], now=START - MINUTE)
    world.now = PLANNED[2] + HOUR
    restore(world, backup(world), unknown_before=world.now)
    live(world, world.now + 24 * HOUR)  # what is quiet now is noted when it helps no more
    found = {row.trigger: (row.state, row.reason) for row in LedgerItem.query("one")}
    assert found == {
        "lead:3": ("unknown", "restored"),
        "lead:1": ("skipped", "merged"),
        "lead:0": ("unknown", "restored"),
    }
    assert not world.accepted


def test_an_instant_long_past_changes_nothing(make: Callable[[], World]) -> None:
    usual = played(make, END - 4 * HOUR, told=False)
    world = make()
    everybody()
    world.switches = json.dumps(json.loads(OPEN) | {UNKNOWN_BEFORE: "2020-01-01T00:00Z"})
    world.now = START
    live(world, END)
    assert [each.keys for each in world.accepted] == [each.keys for each in usual.accepted]


@pytest.mark.parametrize(
    "value", ["2027-03-01", "tomorrow", "", 7, "2027-03-01T12:00+01:00", "2072-03-01T12:00Z", []]
)
def test_an_instant_that_is_none_or_lies_ahead_lets_nothing_out(
    make: Callable[[], World], value: object
) -> None:
    """It is put right while reminders still help; a burst cannot be taken back."""
    world = make()
    everybody()
    world.switches = json.dumps(json.loads(OPEN) | {UNKNOWN_BEFORE: value})
    world.now = PLANNED[0]
    live(world, world.now + HOUR)
    assert not world.accepted
    world.switches = OPEN
    live(world, world.now + HOUR)
    assert {each.user_id for each in world.accepted} == {"one", "digest", "both", "fallback"}
