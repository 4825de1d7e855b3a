"""Every call to AWS as the place of a fault: singly, and every pair of deaths."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from itertools import combinations, islice, product

from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from tests.chaos import acts, story, visits
from tests.chaos.story import Totals
from tests.chaos.world import Fault, Letter, World

Make = Callable[[], World]
KINDS = ("dies", "loses", "throttles", "cancels")
ANSWERS = ("throttled", "lost", "silent", "failed", "failed_after", "refused", "opted_out")


MEANWHILE = (
    "enters",
    "pays",
    "stops",
    "deletes",
    "pauses",
    "delivers",
    "sweeps",
    "receives",
    "overtakes",
    "moves",
    "plans",
    "readdresses",
    "imports",
    "pays a part",
    "erases",
    "begins anew",
    "writes",
    "presses",
)
CHANGES = MEANWHILE[-9:]
"""What is done to bills and settings beside payments, stops, deletions and pauses."""


PEOPLE = (("ann", "rent"), ("ann", "power"), ("bob", "card"))


def act(world: World, what: str) -> None:
    """What somebody else may do in the middle of a handler's work."""
    what_for: dict[str, Callable[[World], None]] = {
        "enters": _enters,
        "pays": _pays,
        "stops": _stops,
        "deletes": _deletes,
        "pauses": _pauses,
        "delivers": _wake_everybody,
        "sweeps": World.sweep,
        "receives": _receives,
        "overtakes": _overtakes,
        "moves": _moves,
        "plans": _plans,
        "readdresses": _readdresses,
        "imports": _imports,
        "pays a part": _pays_a_part,
        "erases": _erases,
        "begins anew": _begins_anew,
        "writes": _writes,
        "presses": _presses,
    }
    what_for[what](world)


def _enters(world: World) -> None:
    for user_id in ("ann", "eve"):
        acts.enters(world, user_id)


def _pays(world: World) -> None:
    for bill in PEOPLE:
        acts.pays(world, *bill)


def _stops(world: World) -> None:
    for user_id, channel in product(("ann", "bob"), Channel):
        acts.stops(world, user_id, channel)


def _deletes(world: World) -> None:
    for bill in PEOPLE:
        acts.deletes(world, *bill)


def _pauses(world: World) -> None:
    for user_id in ("ann", "bob"):
        acts.pauses(world, user_id, world.now.date() + timedelta(days=1))


def _moves(world: World) -> None:
    for user_id, zone in (("ann", "Asia/Shanghai"), ("bob", "America/New_York")):
        acts.moves(world, user_id, zone)


def _plans(world: World) -> None:
    for user_id in ("ann", "bob"):
        acts.plans(world, user_id, (1,))


def _readdresses(world: World) -> None:
    for user_id, channel in product(("ann", "bob", "eve"), Channel):
        acts.readdresses(world, user_id, channel)


def _imports(world: World) -> None:
    """Due dates move, one becomes the bank's to pay, another one dearer."""
    acts.imports(world, "ann", "rent", autopay=True)
    acts.imports(world, "ann", "power", later=1)
    acts.imports(world, "bob", "card", later=-1, amount="150.00")


def _pays_a_part(world: World) -> None:
    """In two parts, of which the second leaves nothing of one of the bills."""
    for bill in PEOPLE:
        acts.pays(world, *bill, "60.25", "part")
    acts.pays(world, *PEOPLE[0], "60.25", "rest")


def _erases(world: World) -> None:
    for user_id in ("ann", "bob"):
        acts.erases(world, user_id)


def _begins_anew(world: World) -> None:
    """Erased and imported again before what is left is cleared up."""
    _erases(world)
    for user_id in ("ann", "bob"):
        acts.comes_back(world, user_id)


def _writes(world: World) -> None:
    """By SMS: which is paid, and that no more shall come."""
    for text in ("PAID", "1", "STOP"):
        acts.writes(world, "ann", text)


def _presses(world: World) -> None:
    """On the pages of the latest messages."""
    with_link = [mail for mail in reversed(world.accepted) if mail.token]
    for mail, button in zip(with_link, ("snooze", "paid", "not-mine", "stop-bill"), strict=False):
        visits.presses(world, mail, 0, button)


def _receives(world: World) -> None:
    story.send_receipts(world)
    while world.deliver("Receipts"):
        pass


def _overtakes(world: World) -> None:
    """Who was at work is frozen for longer than its lease; its heir dies when it has sent."""
    answers, world.answers = world.answers, []
    world.freeze()
    for minutes in (3, 11, 1):
        world.now += minutes * story.MINUTE
        world.sweep()
    world.answers += ["died_after"] * 3
    _wake_everybody(world)
    world.answers = answers


def _wake_everybody(world: World) -> None:
    for queue, user_id in (("SmsNudges", "ann"), ("EmailNudges", "ann"), ("PushNudges", "bob")):
        kept, world.queues[queue] = world.queues[queue], []
        world.queues[queue].append(Letter(WakeUp(user_id, world.now).body()))
        world.deliver(queue, twice=True)
        world.queues[queue] += kept


COURSES: Mapping[str, Callable[[World], None]] = {
    "calm": story.course,
    "troubled": partial(story.course, troubled=True),
    "pressed": visits.course,
}


def _play(
    make: Make, prepare: Callable[[World], None], course: str = "calm"
) -> tuple[World, Totals]:
    world = make()
    story.people(world)
    world.numbered = True
    prepare(world)
    COURSES[course](world)
    return world, story.finish(world)


def points(make: Make, course: str = "calm") -> list[str]:
    """The calls of a course, by function and operation."""
    world, _ = _play(make, lambda _: None, course)
    return world.operations


LOOKS = ("FindDue: Query", "Settle: Query")
"""Reads of an index, of which one is like the other: there only deaths are tried at each."""


def named(make: Make, name: str, course: str = "calm") -> Iterator[Totals]:
    """The runs with the single faults of that name."""
    for each, prepare in _faults(points(make, course), course):
        if each == name:
            yield _play(make, prepare, course)[1]


def singles(
    make: Make, course: str = "calm", *, start: int = 0, step: int = 1
) -> Iterator[tuple[str, World, Totals]]:
    """A fault of each kind at each call: the process dies before it (which is after the one
    before), its answer is lost, the table refuses, somebody else acts; and each answer of a
    provider at each send. Named by fault and place; from `start` on with `step` one in so many."""
    for name, prepare in islice(_faults(points(make, course), course), start, None, step):
        yield name, *_play(make, prepare, course)


def some(make: Make, course: str, *, of_each: int) -> Iterator[tuple[str, World, Totals]]:
    """So many single faults of each kind, spread over the calls, of each kind at others."""
    by_kind: defaultdict[str, list[tuple[str, Prepare]]] = defaultdict(list)
    for name, prepare in _faults(points(make, course), course):
        by_kind[name.partition(" at ")[0]].append((name, prepare))
    for number, several in enumerate(by_kind.values()):
        for part in range(of_each):
            place = (part + number / len(by_kind)) * len(several) / of_each
            name, prepare = several[int(place)]
            yield name, *_play(make, prepare, course)


Prepare = Callable[[World], None]


def _faults(calls: list[str], course: str) -> Iterator[tuple[str, Prepare]]:
    for number, name in enumerate(calls):
        if course == "pressed" and not name.startswith("LinkPage"):  # it is as in a calm one
            continue
        is_look = name in LOOKS and name == calls[number - 1]
        for kind in ("dies",) if is_look else KINDS:
            yield f"{kind} at {name}", partial(_break, number, kind)
        for what in () if is_look else MEANWHILE:
            yield f"{what} at {name}", partial(_disturb, number, what)
    # a troubled course has its own answers
    sends = (
        0 if course != "calm" else sum(name.endswith(("Publish", "SendEmail")) for name in calls)
    )
    for place, answer in product(range(sends), ANSWERS):
        yield f"{answer} at send {place}", partial(_answer, place, answer)


def _break(number: int, kind: str, world: World) -> None:
    fault: Fault = getattr(world, kind)
    (world.after if kind == "loses" else world.before)[number] = fault


def _disturb(number: int, what: str, world: World) -> None:
    world.before[number] = world.meanwhile(lambda: act(world, what))


def _answer(place: int, answer: str, world: World) -> None:
    world.answers += ["taken"] * place + [answer]


def _pairs(make: Make) -> Iterator[tuple[int, int]]:
    # a course that was disturbed once makes more calls than one that was not
    return combinations(range(len(points(make)) + 12), 2)


def count_pairs(make: Make) -> int:
    """How many pairs there are."""
    return sum(1 for _ in _pairs(make))


def pairs(
    make: Make, *, start: int = 0, step: int = 1, count: int | None = None
) -> Iterator[tuple[str, World, Totals]]:
    """Two deaths, at every two calls; from the pair `start` on each `step`th, at most `count`."""
    chosen = islice(islice(_pairs(make), start, None, step), count)
    for one, other in chosen:

        def prepare(world: World, one: int = one, other: int = other) -> None:
            world.before[one] = world.before[other] = world.dies

        yield f"dies at {one} and {other}", *_play(make, prepare)
