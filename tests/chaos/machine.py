"""Any interleaving of what may happen to a deployed stack: schedules of steps that the dice of a
seed choose, and the shortest of one that does not hold."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any

from bill_reminders.domain.enums import Channel
from tests.chaos import acts, crashes, story, visits
from tests.chaos.crashes import Make
from tests.chaos.story import MINUTE, Totals
from tests.chaos.world import Fault, Letter, World

STEPS = 30
USERS = ("ann", "bob")
PARTS = ("60.25", "100.00")
ZONES = ("UTC", "Asia/Shanghai", "America/Los_Angeles", "America/New_York")
LEADS = ((3, 0), (3, 1, 0), (1,), ())
FAULTS = ("dies", "dies after", "loses", "throttles", "cancels")
ANSWERS = ("throttled", "lost", "silent", "failed", "failed_after", "refused", "opted_out")
YES_OR_NO = (False, True)

type Act = Callable[..., object]


@dataclass(frozen=True)
class Step:
    """What happens next, by its name, and with what."""

    name: str
    chosen: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.name}{self.chosen}"


_RULES: dict[str, tuple[Act, tuple[Sequence[Any], ...]]] = {}


def step(*choices: Sequence[Any]) -> Callable[[Act], Act]:
    """What may happen in a world, with one of each `choices`."""

    def known(act: Act) -> Act:
        _RULES[act.__name__] = act, choices
        return act

    return known


def steps(number: int) -> list[Step]:
    """The schedule of that number. Some have few kinds of steps: those that would hide what others
    do are missing in one or the other."""
    dice = Random(number)
    names = dice.sample(list(_RULES), dice.randint(len(_RULES) // 3, len(_RULES)))
    chosen = [dice.choice(names) for _ in range(STEPS)]
    return [Step(name, tuple(map(dice.choice, _RULES[name][1]))) for name in chosen]


def live(make: Make, schedule: Sequence[Step]) -> tuple[World, Totals]:
    """A schedule; at its end everything runs on without faults, and the counts must agree."""
    world = make()
    story.people(world)
    world.numbered = True
    for each in schedule:
        _RULES[each.name][0](world, *each.chosen)
    return world, story.finish(world)


def runs(
    make: Make, *, start: int = 0, count: int = 1
) -> Iterator[tuple[list[Step], World, Totals]]:
    """The schedules from the number `start` on."""
    for number in range(start, start + count):
        schedule = steps(number)
        yield schedule, *live(make, schedule)


def shortest(make: Make, schedule: Sequence[Step]) -> list[Step]:
    """What is left of a schedule that does not hold when each step is left out that it fails
    without."""
    left, place = list(schedule), 0
    while place < len(left):
        fewer = left[:place] + left[place + 1 :]
        if live(make, fewer)[1].holds:
            place += 1
        else:
            left = fewer
    return left


# Time


@step([0, 1, 1, 1, 2, 3, 5, 10, 15, 60, 7 * 60, 26 * 60, 72 * 60])
def time_passes(world: World, minutes: int) -> None:
    """Without ticks: some are missed."""
    world.now += minutes * MINUTE


@step([-300, -120, 0, 120, 300])
def clocks_differ(world: World, seconds: int) -> None:
    world.skew = timedelta(seconds=seconds)
    world.injected["clock skew"] += seconds != 0
    world.witness.skewed |= seconds != 0


@step(range(1, 5))
def minutes_with_everything(world: World, minutes: int) -> None:
    for _ in range(minutes):
        world.now += MINUTE
        world.tick()
        for queue in story.QUEUES:
            world.deliver(queue)
        world.sweep()


# Handlers


@step([1, 2])
def tick(world: World, times: int) -> None:
    for _ in range(times):
        world.tick()


@step(story.QUEUES, YES_OR_NO)
def deliver(world: World, queue: str, twice: bool) -> None:
    world.deliver(queue, twice=twice)


@step()
def sweep(world: World) -> None:
    world.sweep()


@step(["good", "good", "bad"])
def receipts(world: World, kind: str) -> None:
    story.send_receipts(world, kind)


@step()
def redrive(world: World) -> None:
    world.redrive()


@step(story.QUEUES, ["", "{}", '{"format": 2}', "x" * 1000])
def poison(world: World, queue: str, body: str) -> None:
    world.queues[queue].append(Letter(body, is_poison=True))
    world.injected["poison"] += 1


# People


@step(crashes.PEOPLE)
def pays(world: World, bill: tuple[str, str]) -> None:
    acts.pays(world, *bill)


@step(crashes.PEOPLE)
def takes_the_payment_back(world: World, bill: tuple[str, str]) -> None:
    acts.takes_back(world, *bill)


@step(USERS, tuple(Channel))
def stops(world: World, user_id: str, channel: Channel) -> None:
    acts.stops(world, user_id, channel)


@step(USERS, tuple(Channel))
def starts(world: World, user_id: str, channel: Channel) -> None:
    acts.starts(world, user_id, channel)


@step(crashes.PEOPLE)
def deletes(world: World, bill: tuple[str, str]) -> None:
    acts.deletes(world, *bill)


@step(crashes.PEOPLE, [1, 2, 3])
def snoozes(world: World, bill: tuple[str, str], days: int) -> None:
    acts.snoozes(world, *bill, world.now.date() + timedelta(days=days))


@step(USERS, [None, 0, 1, 2])
def pauses(world: World, user_id: str, days: int | None) -> None:
    until = None if days is None else world.now.date() + timedelta(days=days)
    acts.pauses(world, user_id, until)


@step(crashes.PEOPLE, ["part", "rest"], PARTS)
def pays_a_part(world: World, bill: tuple[str, str], name: str, part: str) -> None:
    acts.pays(world, *bill, part, name)


@step(["zone", "plan", "address"], USERS, range(4))
def settings_change(world: World, what: str, user_id: str, number: int) -> None:
    match what:
        case "zone":
            acts.moves(world, user_id, ZONES[number])
        case "plan":
            acts.plans(world, user_id, LEADS[number])
        case "address":
            acts.readdresses(world, user_id, tuple(Channel)[number % 3])


@step(crashes.PEOPLE, range(-2, 5), ["120.50", "90.00", "150.00"], YES_OR_NO)
def the_biller_changes_a_bill(
    world: World, bill: tuple[str, str], later: int, amount: str, autopay: bool
) -> None:
    acts.imports(world, *bill, later=later, amount=amount, autopay=autopay)


@step(crashes.PEOPLE, ["debit-1", "debit-2"])
def a_debit_fails(world: World, bill: tuple[str, str], event: str) -> None:
    acts.debit_fails(world, *bill, event)


@step(["PAID", "1", "SNOOZE", "STOP", "START", "LIST"])
def writes_back(world: World, text: str) -> None:
    acts.writes(world, "ann", text)


@step(range(8), range(3), visits.BUTTONS)
def presses(world: World, back: int, number: int, button: str) -> None:
    """On the page of one of the latest messages."""
    with_link = [each for each in world.accepted if each.token]
    if with_link:
        mail = with_link[-1 - back % len(with_link)]
        visits.presses(world, mail, number % len(mail.keys), button)


@step(USERS)
def is_erased(world: World, user_id: str) -> None:
    acts.erases(world, user_id)


@step(USERS, YES_OR_NO)
def comes_back(world: World, user_id: str, again: bool) -> None:
    """Who was erased, and with them, maybe, the erasure's second delivery."""
    acts.comes_back(world, user_id)
    if again:
        acts.jobs_come_again(world)


# Faults


@step(range(15), FAULTS)
def something_breaks(world: World, ahead: int, fault: str) -> None:
    place = world.calls + ahead
    before: dict[str, Fault] = {
        "dies": world.dies,
        "throttles": world.throttles,
        "cancels": world.cancels,
    }
    after: dict[str, Fault] = {"dies after": world.dies, "loses": world.loses}
    if fault in before:
        world.before[place] = before[fault]
    else:
        world.after[place] = after[fault]


@step(
    range(15),
    ["pays", "stops", "deletes", "sweeps", "delivers", "pauses", *crashes.CHANGES],
    crashes.PEOPLE,
    story.QUEUES,
)
def something_happens_meanwhile(
    world: World, ahead: int, what: str, bill: tuple[str, str], queue: str
) -> None:
    user_id = bill[0]
    does: dict[str, Callable[[], object]] = {
        "pays": lambda: pays(world, bill),
        "stops": lambda: [stops(world, user_id, channel) for channel in Channel],
        "deletes": lambda: deletes(world, bill),
        "pauses": lambda: pauses(world, user_id, 1),
        "sweeps": world.sweep,
        "delivers": lambda: world.deliver(queue, twice=True),
    }
    does |= {change: lambda: crashes.act(world, what) for change in crashes.CHANGES}
    world.before[world.calls + ahead] = world.meanwhile(does[what])


@step(range(1, 4), ANSWERS, ANSWERS, ANSWERS)
def the_provider_is_in_trouble(world: World, times: int, *answers: str) -> None:
    world.answers += answers[:times]


@step()
def indexes_lag(world: World) -> None:
    if not world.store.lags:
        world.store.lag()
        world.injected["index lag"] += 1


@step()
def indexes_catch_up(world: World) -> None:
    world.store.catch_up()


ALL = frozenset(_RULES)
