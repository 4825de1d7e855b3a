"""Schedules that cannot be read: one dead letter each, out of the index, and nobody else waits.

An administrator's hand, a script or a program that went wrong can leave anything in an item. The
table itself keeps two attributes in order: a shard is a number, an instant of the index a text.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from unittest.mock import patch

import pytest
from aws_lambda_powertools import Logger

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan
from bill_reminders.storage import accounts
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import ScheduleItem
from tests.chaos.expressions import Item
from tests.chaos.test_lasting_trouble import a_minute
from tests.chaos.world import SHARDS, START, World, inhabited
from tests.support.account_changes import change_user
from tests.support.people import a_bill, a_user

NINE = START.replace(hour=9)
MINUTE = timedelta(minutes=1)
QUEUE = "SmsNudges"
INDEXED = {f"{channel}_next_at" for channel in Channel}

TEXTS = ("no value", "", "2027-02-30T09:00Z", "2027-03-01", "0", "-")
ANYTHING: tuple[dict[str, object] | None, ...] = (
    *({"S": text} for text in TEXTS),
    {"N": "7.5"},
    {"BOOL": True},
    {"NULL": True},
    {"L": [{"S": "no value"}]},
    {"L": [{"M": {"bill_id": {"N": "7"}}}]},
    {"M": {}},
    {"SS": ["no", "value"]},
    None,
)
"""None takes the attribute away."""


def kinds() -> Iterator[tuple[str, dict[str, object] | None]]:
    """Each attribute with each value that the table would let it have."""
    for name in ScheduleItem.get_attributes():
        for value in ANYTHING:
            if name in ("user_id", "shard"):
                continue
            if name in INDEXED and (value is None or "S" not in value or value["S"] == ""):
                continue
            yield name, value
    yield "shard", None


KINDS = tuple(kinds())


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made:
        yield made


def enter(names: Iterable[str]) -> None:
    plan = Plan(lead_days=(3,), overdue_days=(), channels=(Channel.SMS,))
    for user_id in names:
        user = a_user(user_id, channels=(Channel.SMS,), plan=plan)
        save_user(user, shards=SHARDS, now=START - MINUTE)
        bill = a_bill(user_id, "rent", due_on=date(2027, 3, 4))
        save_bills(user_id, [lambda _, bill=bill: bill], now=START - MINUTE)


def schedule(world: World, user_id: str) -> Item:
    return world.store.tables["Schedules"].items[(user_id,)]


def spoil(world: World, user_id: str, name: str, value: dict[str, object] | None) -> None:
    item = schedule(world, user_id)
    if value is None:
        item.pop(name, None)
    else:
        item[name] = value


def repair(world: World, user_id: str, name: str, was: dict[str, object] | None) -> None:
    """An instant of the channel itself is none of an administrator's business."""
    if name not in ("sms_next_at", "sms_quarantined_at"):
        spoil(world, user_id, name, was)


def an_hour(world: World) -> None:
    for _ in range(60):
        a_minute(world, QUEUE)


def buried(world: World) -> Counter[str]:
    """How many dead letters of each user there are."""
    return Counter(
        letter.body.split('"user_id": "')[1].split('"')[0] for letter in world.dead[QUEUE]
    )


def heard(world: World) -> Counter[str]:
    return Counter(each.user_id for each in world.accepted)


def waits(world: World, user_id: str) -> bool:
    """Whether the index would bring the user again by now."""
    item = schedule(world, user_id)
    return (
        "shard" in item
        and item.get("sms_next_at", {"S": "~"})["S"] < f"{world.now:%Y-%m-%dT%H:%MZ}"
    )


@pytest.mark.parametrize("by", ["redrive", "change"])
def test_whatever_is_wrong_each_makes_one_dead_letter_at_most_and_nobody_else_waits(
    make: Callable[[], World], by: str
) -> None:
    """Every attribute of the item, of a user of its own; beside each of them is one who is well."""
    world = make()
    broken = {f"broken-{number:03}": kind for number, kind in enumerate(KINDS)}
    well = [f"well-{number:03}" for number, _ in enumerate(KINDS)]
    enter([*broken, *well])
    was = {user_id: schedule(world, user_id).get(name) for user_id, (name, _) in broken.items()}
    for user_id, (name, value) in broken.items():
        spoil(world, user_id, name, value)
    world.now = NINE + MINUTE  # nobody's tick: the look at what is older finds all
    for _ in range(5):
        a_minute(world, QUEUE)
    assert heard(world).keys() >= set(well), "at once, whatever is the matter with the others"
    an_hour(world)
    assert {user_id: n for user_id, n in buried(world).items() if n > 1} == {}
    assert [user_id for user_id in broken if waits(world, user_id)] == []
    told, lost = heard(world), buried(world)
    assert set(told.values()) == {1}
    assert not told.keys() & lost.keys()
    assert not world.wrong
    for user_id, (name, _) in broken.items():
        repair(world, user_id, name, was[user_id])
    if by == "redrive":
        world.redrive()
    else:
        world.dead[QUEUE].clear()
        for user_id in lost:
            change_user(user_id, lambda user: user, now=world.now)
            accounts.plan_again(user_id, now=world.now)
    an_hour(world)
    assert heard(world) == Counter([*broken, *well])
    assert not world.dead[QUEUE]
    assert not world.wrong


def test_a_hundred_and_twenty_make_as_many_dead_letters_in_an_hour(
    make: Callable[[], World],
) -> None:
    world = make()
    names = [f"user-{number:03}" for number in range(120)]
    enter(names)
    for user_id in names:
        spoil(world, user_id, "sms_messages", {"S": "many"})
    world.now = NINE
    an_hour(world)
    assert buried(world) == Counter(names)
    assert [user_id for user_id in names if waits(world, user_id)] == []
    world.redrive()
    an_hour(world)
    assert buried(world) == Counter(names), "not repaired yet: one again, of the redrive"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("version", None, "it has no version"),
        ("version", {"S": "7"}, "version is text, not a number"),
        ("sms_counted_on", {"S": "+447700900123"}, "sms_counted_on is not a date as 2027-03-01"),
        ("email_next_at", {"S": "-"}, "email_next_at is not a minute as 2027-03-01T01:00Z"),
        ("deleted", {"L": [{"S": "rent"}]}, "deleted is not a list of the right form"),
        ("life", {"SS": ["a"]}, "life is something else, not text"),
    ],
)
def test_the_log_says_what_is_wrong_in_plain_words_and_repeats_no_value(
    make: Callable[[], World], name: str, value: dict[str, object] | None, words: str
) -> None:
    world = make()
    enter(["somebody"])
    spoil(world, "somebody", name, value)
    world.now = NINE
    with patch.object(Logger, "error") as logged:
        an_hour(world)
    said = [each.kwargs for each in logged.call_args_list if each.args == ("wake-up failed",)]
    assert len(said) == 3, "each receive of the queue"
    assert {each["reason"] for each in said} == {f"the schedule cannot be read: {words}"}
