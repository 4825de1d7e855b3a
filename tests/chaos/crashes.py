"""Every call to AWS as the place of a fault: singly, and every pair of deaths."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import combinations, product

from bill_reminders.delivery.nudges import Nudge
from bill_reminders.domain.people import Channel
from bill_reminders.storage import happenings
from tests.chaos import story
from tests.chaos.story import Totals
from tests.chaos.world import Fault, Letter, World

Make = Callable[[], World]
KINDS = ("dies", "loses", "throttles", "cancels")
ANSWERS = ("throttled", "lost", "silent", "failed", "failed_after", "refused", "opted_out")


MEANWHILE = ("pays", "stops", "deletes", "pauses", "delivers", "sweeps", "overtakes")


def act(world: World, what: str) -> None:
    """What somebody else may do in the middle of a handler's work."""
    people = (("ann", "rent"), ("ann", "power"), ("bob", "card"))
    match what:
        case "pays":
            for bill in people:
                happenings.record_payment(*bill, 0, payment_id="paid", now=world.now)
        case "stops":
            for user_id, channel in product(("ann", "bob"), Channel):
                happenings.stop(user_id, channel, now=world.now)
        case "deletes":
            for bill in people:
                happenings.delete_bill(*bill, now=world.now)
        case "pauses":
            until = world.now.date() + timedelta(days=1)
            for user_id in ("ann", "bob"):
                pause(world, user_id, until)
        case "delivers":
            _nudge_everybody(world)
        case "sweeps":
            world.sweep()
        case "overtakes":
            # who was at work is frozen for longer than its lease; its heir dies as it sends
            for minutes in (3, 11, 1):
                world.now += minutes * story.MINUTE
                world.sweep()
            world.answers += ["died"] * 3
            _nudge_everybody(world)
            world.answers.clear()


def pause(world: World, user_id: str, until: date | None) -> None:
    happenings.change_user(user_id, lambda user: replace(user, paused_until=until), now=world.now)
    world.promised[user_id] = None if until is None else until.isoformat()


def _nudge_everybody(world: World) -> None:
    for queue, user_id in (("SmsNudges", "ann"), ("EmailNudges", "ann"), ("PushNudges", "bob")):
        kept, world.queues[queue] = world.queues[queue], []
        world.queues[queue].append(Letter(Nudge(user_id, world.now).body()))
        world.deliver(queue, twice=True)
        world.queues[queue] += kept


def _fault(world: World, kind: str) -> Fault:
    fault: Fault = getattr(world, kind)
    return fault


def _play(
    make: Make, prepare: Callable[[World], None], *, troubled: bool = False
) -> tuple[World, Totals]:
    world = make()
    story.people(world)
    world.numbered = True
    prepare(world)
    story.course(world, troubled=troubled)
    return world, story.finish(world)


def points(make: Make, *, troubled: bool = False) -> list[str]:
    """The calls of a course, by function and operation."""
    world, _ = _play(make, lambda _: None, troubled=troubled)
    return world.operations


LOOKS = ("FindDue: Query", "Settle: Query")
"""Reads of an index, of which one is like the other: there only deaths are tried at each."""


def singles(make: Make, *, troubled: bool = False) -> Iterator[tuple[str, World, Totals]]:
    """A fault of each kind at each call: the process dies before it (which is after the one
    before), its answer is lost, the table refuses; and each answer of a provider at each send.
    Named by fault and place."""
    calls = points(make, troubled=troubled)
    for number, name in enumerate(calls):
        is_look = name in LOOKS and name == calls[number - 1]
        for kind in ("dies",) if is_look else KINDS:

            def prepare(world: World, number: int = number, kind: str = kind) -> None:
                where = world.after if kind == "loses" else world.before
                where[number] = _fault(world, kind)

            yield f"{kind} at {name}", *_play(make, prepare, troubled=troubled)
        for what in () if is_look else MEANWHILE:

            def disturbed(world: World, number: int = number, what: str = what) -> None:
                world.before[number] = world.meanwhile(lambda: act(world, what))

            yield f"{what} at {name}", *_play(make, disturbed, troubled=troubled)
    sends = 0 if troubled else sum(name.endswith(("Publish", "SendEmail")) for name in calls)
    for place in range(sends):
        for answer in ANSWERS:

            def troubled(world: World, place: int = place, answer: str = answer) -> None:
                world.answers += ["taken"] * place + [answer]

            yield f"{answer} at send {place}", *_play(make, troubled)


def pairs(make: Make, *, start: int = 0, step: int = 1) -> Iterator[tuple[str, World, Totals]]:
    """Two deaths, at every two calls; from the pair `start` on, each `step`th."""
    calls = points(make)
    # a course that was disturbed once makes more calls than one that was not
    for place, (one, other) in enumerate(combinations(range(len(calls) + 12), 2)):
        if place < start or (place - start) % step:
            continue

        def prepare(world: World, one: int = one, other: int = other) -> None:
            world.before[one] = world.before[other] = world.dies

        yield f"dies at {one} and {other}", *_play(make, prepare)
