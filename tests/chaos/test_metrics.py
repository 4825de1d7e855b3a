"""The numbers that functions log: as many as the ledger has, few series, and nobody's address."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from bill_reminders import metrics
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Plan, PlanChange
from bill_reminders.storage.saving import save_bills, save_user
from tests.chaos import acts, story
from tests.chaos.expressions import Item
from tests.chaos.story import MINUTE, NINE
from tests.chaos.world import SHARDS, World, inhabited
from tests.support.people import a_bill, a_user
from tests.support.watch import Watch, watched

MOST_SERIES = 40
TODAY = NINE.date()


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made:
        yield made


def enter(channel: Channel, user_id: str, *leads: int, bills: int = 1) -> None:
    plan = Plan(lead_days=leads, overdue_days=(), channels=(channel,))
    save_user(
        a_user(user_id, channels=(channel,), plan=plan), shards=SHARDS, now=NINE - timedelta(days=9)
    )
    for number in range(bills):
        bill = a_bill(user_id, f"bill-{number}", due_on=TODAY + timedelta(days=max(leads)))
        save_bills(user_id, [lambda _, bill=bill: bill], now=NINE - timedelta(days=9))


def a_minute(world: World) -> None:
    world.now += MINUTE
    world.tick()
    for queue in story.QUEUES:
        while world.deliver(queue):
            pass
    world.sweep()


def rows_of(world: World, channel: Channel) -> list[Item]:
    return [
        row
        for row in world.store.all_items("Ledger")
        if "bill_id" in row and row["channel"]["S"] == channel.value
    ]


def as_the_ledger_has_it(rows: list[Item]) -> Counter[str]:
    """The counters of a channel, without trouble, from its rows alone."""
    messages = [row for row in rows if row.get("message_key") == row["key"]]
    states = Counter(row["state"]["S"] for row in rows)
    due = {(row["user_id"]["S"], row["recorded_at"]["S"][:16]) for row in rows}
    counted = {
        "Due": len(due),
        "Claimed": len(messages),
        "Sent": len(messages),
        "Delivered": states["delivered"],
        "Skipped": states["skipped"],
    }
    return +Counter(counted)


def play(world: World) -> None:
    """Three mornings on all channels: single reminders, digests, one that is snoozed; receipts."""
    for channel in Channel:
        for number in range(3):
            enter(channel, f"{channel}-{number}", 1, 0, bills=number + 1)
        enter(channel, f"{channel}-snoozes", 1, 0)
    world.now = NINE - MINUTE
    for day in range(3):
        world.now = NINE - MINUTE + timedelta(days=day)
        for _ in range(3):
            a_minute(world)
        story.send_receipts(world)
        a_minute(world)
        if day == 0:
            for channel in Channel:
                acts.snoozes(world, f"{channel}-snoozes", "bill-0", TODAY + timedelta(days=2))


@pytest.fixture(scope="module")
def played(make: Callable[[], World]) -> Iterator[tuple[World, Watch]]:
    world = make()
    with watched(lambda: world.now) as watch:
        play(world)
        yield world, watch


@pytest.mark.parametrize("channel", Channel)
def test_without_faults_the_counters_are_what_the_ledger_has(
    played: tuple[World, Watch], channel: Channel
) -> None:
    world, watch = played
    wanted = as_the_ledger_has_it(rows_of(world, channel))
    found = watch.totals(channel)
    assert {name: found[name] for name in wanted} == dict(wanted)
    assert wanted["Sent"] > 6
    assert wanted["Skipped"] > 0
    assert wanted["Delivered"] == (0 if channel is Channel.PUSH else wanted["Sent"])
    quiet = set(metrics.BY_CHANNEL) - set(wanted)
    assert {name: found[name] for name in quiet} == dict.fromkeys(quiet, 0)


def test_parts_of_sms_are_those_that_went_out(played: tuple[World, Watch]) -> None:
    world, watch = played
    sent = sum(each.channel == "sms" for each in world.accepted)
    assert sent <= watch.total("SmsParts") <= 2 * sent


@pytest.mark.parametrize("channel", Channel)
def test_how_late_messages_are_is_written_of_each_batch(
    played: tuple[World, Watch], channel: Channel
) -> None:
    name = f"{channel.value.capitalize()}LagSeconds"
    late = [point.value for point in played[1].points if point.series.name == name]
    assert len(late) >= 3
    assert all(0 <= each < 60 for each in late)


def test_there_are_few_series_and_without_trouble_no_signal(played: tuple[World, Watch]) -> None:
    """What is written all the time is what is paid for all the time."""
    listed = len(Channel) * len(metrics.BY_CHANNEL) + len(metrics.WHOLE)
    assert listed <= MOST_SERIES
    written = {point.series for point in played[1].points}
    assert 20 < len(written) <= listed
    assert {each.name for each in written} & set(metrics.SIGNALS) == set()


def test_a_batch_is_one_line_with_all_its_numbers(played: tuple[World, Watch]) -> None:
    batches = [each for each in played[1].entries if each["message"] == "batch delivered"]
    with_numbers = [each for each in played[1].entries if "Sent" in each]
    assert len(with_numbers) > 6
    assert all(each in batches for each in with_numbers)


def test_no_line_with_numbers_names_anybody(played: tuple[World, Watch]) -> None:
    world, watch = played
    lines = [each for each in watch.entries if "_aws" in each]
    private = {each.address for each in world.accepted} | {each.user_id for each in world.accepted}
    text = str(lines)
    assert lines and not [each for each in private if each in text]


# Trouble -----------------------------------------------------------------------------------------


def counted_in(world: World, answers: list[str], channel: Channel) -> Counter[str]:
    """Of one message that the provider ends as `answers` say, and then takes."""
    enter(channel, "somebody", 0)
    world.now = NINE - MINUTE
    world.answers += answers
    with watched(lambda: world.now) as watch:
        for _ in range(40):
            a_minute(world)
    return watch.totals(channel)


@pytest.mark.parametrize("channel", Channel)
@pytest.mark.parametrize(
    ("answer", "counted"),
    [
        ("throttled", {"Claimed": 2, "Waiting": 1, "Sent": 1}),
        ("silent", {"Claimed": 2, "Unknown": 1, "Sent": 1}),
        ("refused", {"Claimed": 1, "Failed": 1}),
    ],
)
def test_what_a_provider_does_not_take_is_counted_as_what_became_of_it(
    make: Callable[[], World], channel: Channel, answer: str, counted: dict[str, int]
) -> None:
    found = counted_in(make(), [answer], channel)
    names = ("Claimed", "Sent", "Failed", "Waiting", "Unknown")
    assert {name: found[name] for name in names if found[name]} == counted


def test_a_message_that_nobody_marked_is_counted_when_that_is_found_out(
    make: Callable[[], World],
) -> None:
    """The process that died counted nothing."""
    found = counted_in(make(), ["died"], Channel.SMS)
    assert (found["Claimed"], found["Unknown"], found["Sent"]) == (1, 1, 1)


def test_a_message_that_came_back_is_counted_as_failed(make: Callable[[], World]) -> None:
    world = make()
    enter(Channel.EMAIL, "somebody", 0)
    world.now = NINE - MINUTE
    with watched(lambda: world.now) as watch:
        a_minute(world)
        story.send_receipts(world, "bad")
        a_minute(world)
        story.send_receipts(world, "bad")  # it may come twice
        a_minute(world)
    found = watch.totals("email")
    assert (found["Sent"], found["Failed"], found["Delivered"]) == (1, 1, 0)


def test_a_batch_of_which_something_was_accepted_says_so(make: Callable[[], World]) -> None:
    world = make()
    for number in range(3):
        enter(Channel.SMS, f"user-{number}", 0)
    world.now = NINE - MINUTE
    world.answers += ["throttled", "taken", "throttled"]
    with watched(lambda: world.now) as watch:
        a_minute(world)
    nothing = [p.value for p in watch.points if p.series.name == "NothingAccepted"]
    assert nothing == [0]


def test_while_a_circuit_is_open_that_is_written_though_nothing_is_claimed(
    make: Callable[[], World],
) -> None:
    world = make()
    for number in range(12):
        enter(Channel.SMS, f"user-{number}", 0)
    world.now = NINE - MINUTE
    world.trouble["sms"] = "throttled"
    with watched(lambda: world.now) as watch:
        a_minute(world)
    written = {
        name: [p.value for p in watch.points if p.series.name == name]
        for name in ("NothingAccepted", "Circuit")
    }
    assert written == {"NothingAccepted": [1, 1], "Circuit": [1, 1]}


def test_a_reminder_of_another_time_of_day_is_no_skip(make: Callable[[], World]) -> None:
    world = make()
    enter(Channel.SMS, "somebody", 0)
    later = PlanChange(lead_days=(0,), remind_at=(NINE + 5 * MINUTE).time())
    bill = a_bill("somebody", "later", due_on=TODAY, plan_change=later)
    save_bills("somebody", [lambda _: bill], now=NINE - MINUTE)
    world.now = NINE - MINUTE
    with watched(lambda: world.now) as watch:
        for _ in range(8):
            a_minute(world)
    assert (watch.totals("sms")["Sent"], watch.totals("sms")["Skipped"]) == (2, 0)
