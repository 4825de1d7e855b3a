"""Every alarm that senders, sweeps and AWS ring by themselves: it rings, and is quiet again."""

from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from tests.chaos.alarm_plays import DEAD, PLAYS, Stage, origins_without_answers
from tests.chaos.story import MINUTE, send_receipts
from tests.chaos.world import Letter, World, inhabited
from tests.support.alarms import ALARM, OK, alarms, composites, last_state, parts_of, rings
from tests.support.watch import watched

ALL = alarms()
A_DAY = claims.MESSAGES_A_DAY
"""As deployed: the campaign's own cap is so low that refusals use it up."""


@pytest.fixture(scope="module")
def make() -> Iterator[Callable[[], World]]:
    with inhabited() as made, patch.object(claims, "MESSAGES_A_DAY", A_DAY):
        yield made


@pytest.fixture
def stage(make: Callable[[], World]) -> Iterator[Stage]:
    world = make()
    with watched(lambda: world.now) as watch:
        yield Stage(world, watch)


@pytest.mark.parametrize("name", PLAYS)
def test_a_trouble_rings_its_alarm_which_is_quiet_when_it_is_over(stage: Stage, name: str) -> None:
    PLAYS[name](stage)
    points, end = stage.watch.points, stage.world.now
    assert len(rings(ALL[name], points, stage.begins, end)) == 1
    assert last_state(ALL[name], points, stage.begins, end) == OK


@pytest.mark.parametrize("name", DEAD)
def test_an_old_letter_does_not_hide_the_next(stage: Stage, name: str) -> None:
    alarm = ALL[f"{name}Alarm"]
    for _ in range(3):
        stage.world.dead[DEAD[name]].append(Letter("cannot be worked"))
        stage.minutes(20)
    assert len(rings(alarm, stage.watch.points, stage.begins, stage.world.now)) == 3
    stage.world.dead[DEAD[name]].clear()
    stage.minutes(20)
    stage.world.dead[DEAD[name]].append(Letter("cannot be worked"))
    stage.minutes(20)
    assert len(rings(alarm, stage.watch.points, stage.begins, stage.world.now)) == 4


def test_a_new_process_takes_old_letters_for_new(stage: Stage) -> None:
    """Better a second word of an old letter than none of one that came meanwhile."""
    stage.world.dead["SmsNudges"].append(Letter("cannot be worked"))
    stage.minutes(20)
    stage.world.restart("Settle")
    stage.minutes(20)
    rung = rings(ALL["SmsDeadLettersAlarm"], stage.watch.points, stage.begins, stage.world.now)
    assert len(rung) == 2


def test_a_letter_of_one_queue_rings_no_other(stage: Stage) -> None:
    stage.world.dead["SmsNudges"].append(Letter("cannot be worked"))
    stage.minutes(20)
    rung = {
        name
        for name in PLAYS
        if rings(ALL[name], stage.watch.points, stage.begins, stage.world.now)
    }
    assert rung == {"SmsDeadLettersAlarm"}


@pytest.mark.parametrize("part", parts_of(composites()["NotGoingOutAlarm"]))
def test_each_of_its_parts_rings_that_reminders_are_not_going_out(stage: Stage, part: str) -> None:
    PLAYS[part](stage)
    parts = [ALL[name] for name in parts_of(composites()["NotGoingOutAlarm"])]
    points, end = stage.watch.points, stage.world.now
    at_some_time = [rings(each, points, stage.begins, end) for each in parts]
    assert any(at_some_time)
    assert ALARM not in {last_state(each, points, stage.begins, end) for each in parts}


def test_a_good_morning_rings_nothing(stage: Stage) -> None:
    """All channels, a digest, receipts: and what is missing is not taken for trouble."""
    for channel in Channel:
        stage.people(channel, 0, 3, several=2)
    stage.minutes(12)
    send_receipts(stage.world)
    stage.minutes(120)
    points, end = stage.watch.points, stage.world.now
    assert [name for name in ALL if rings(ALL[name], points, stage.begins, end)] == []


def test_a_number_that_is_dead_does_not_say_that_nothing_is_accepted(stage: Stage) -> None:
    """Others are accepted in the same five minutes, by another batch."""
    stage.people(Channel.SMS, 0, 2, 7, 9, 12, 14)
    stage.world.answers += ["refused", "taken"] * 3
    stage.minutes(60)
    points, end = stage.watch.points, stage.world.now
    assert not rings(ALL["SmsRefusedAlarm"], points, stage.begins, end)


def test_one_who_is_alone_and_refused_rings_within_half_an_hour(stage: Stage) -> None:
    """Who is refused is asked for less and less often."""
    stage.people(Channel.EMAIL, 0)
    stage.world.trouble["email"] = "throttled"
    stage.minutes(40)
    points, end = stage.watch.points, stage.world.now
    (rung,) = rings(ALL["EmailRefusedAlarm"], points, stage.begins, end)
    assert rung <= stage.begins + 40 * MINUTE


def test_that_all_are_refused_for_good_rings_too(stage: Stage) -> None:
    """Nobody's address is wrong at once: a sender, an identity, an application was changed."""
    stage.people(Channel.PUSH, *range(0, 20, 2))
    stage.world.trouble["push"] = "refused"
    stage.minutes(40)
    points, end = stage.watch.points, stage.world.now
    assert rings(ALL["PushRefusedAlarm"], points, stage.begins, end)


def a_message_a_day(stage: Stage, channel: Channel, kind: str, hours: int) -> bool:
    """Of two, the second gets a receipt of that kind or none; whether an alarm misses it."""
    stage.people(channel, 0, 120)
    stage.minutes(20)
    send_receipts(stage.world)
    stage.minutes(120)
    if kind:
        (stage.world.accepted[-1],) = stage.world.accepted[1:]
        first, stage.world.accepted = stage.world.accepted[:1], stage.world.accepted[1:]
        send_receipts(stage.world, kind)
        stage.world.accepted = first + stage.world.accepted
    stage.minutes(hours * 60)
    points, end = stage.watch.points, stage.world.now
    return bool(rings(ALL["NoReceiptsAlarm"], points, stage.begins, end))


@pytest.mark.parametrize("channel", [Channel.SMS, Channel.EMAIL])
@pytest.mark.parametrize(("kind", "missed"), [("good", False), ("bad", False), ("", True)])
def test_a_receipt_of_any_kind_shows_that_receipts_come(
    stage: Stage, channel: Channel, kind: str, missed: bool
) -> None:
    assert a_message_a_day(stage, channel, kind, hours=4) == missed


def test_of_pushes_only_failures_are_heard_so_that_none_is_missed(stage: Stage) -> None:
    stage.people(Channel.PUSH, *range(0, 300, 10))
    stage.minutes(15)
    send_receipts(stage.world, "bad")
    stage.minutes(290)
    points, end = stage.watch.points, stage.world.now
    assert not rings(ALL["NoReceiptsAlarm"], points, stage.begins, end)


def test_sender_ids_that_are_throttled_once_ring_nothing_and_for_long_as_trouble(
    stage: Stage,
) -> None:
    stage.people(Channel.SMS, *range(0, 60, 2))
    stage.minutes(15)
    with origins_without_answers(stage):
        stage.minutes(2)
    stage.minutes(8)
    points, now = stage.watch.points, stage.world.now
    assert not rings(ALL["OriginsAlarm"], points, stage.begins, now)
    assert not rings(ALL["TroubleAlarm"], points, stage.begins, now)
    with origins_without_answers(stage):
        stage.minutes(20)
    stage.minutes(10)
    assert not rings(ALL["OriginsAlarm"], points, stage.begins, stage.world.now)
    assert rings(ALL["TroubleAlarm"], points, stage.begins, stage.world.now)


def test_a_pause_of_an_hour_rings_nothing(stage: Stage) -> None:
    stage.world.switches = '{"sms": "paused", "push": "open", "email": "off"}'
    stage.minutes(60)
    stage.world.switches = '{"sms": "open", "push": "open", "email": "off"}'
    stage.minutes(10 * 60)
    points, end = stage.watch.points, stage.world.now
    assert not rings(ALL["PausedAlarm"], points, stage.begins, end)


def test_a_look_that_fails_stops_no_sweep(stage: Stage) -> None:
    stage.people(Channel.SMS, 0)
    stage.world.answers += ["died"]
    with stage.outage("sqs", of="Settle"):
        stage.minutes(40)
    assert [each.user_id for each in stage.world.accepted] == ["sms-0-0"]
    failures = [point.value for point in stage.watch.points if point.series.name == "Errors"]
    assert len(failures) > 80
    assert sum(failures) == 1, "the sender that died"
    assert "not looked at" in {each["message"] for each in stage.watch.entries}
