"""Any interleaving of what may happen to a deployed stack, as a Hypothesis state machine."""

from collections.abc import Callable
from datetime import timedelta
from typing import ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from bill_reminders.domain.enums import Channel
from tests.chaos import acts, crashes, story
from tests.chaos.story import MINUTE, Totals
from tests.chaos.world import Fault, Letter, World

QUEUES = st.sampled_from(story.QUEUES)
BILLS = st.sampled_from([("ann", "rent"), ("ann", "power"), ("bob", "card")])
USERS = st.sampled_from(["ann", "bob"])
PARTS = ("60.25", "100.00")
SETTINGS = ("zone", "plan", "address")
ZONES = ("UTC", "Asia/Shanghai", "America/Los_Angeles", "America/New_York")
LEADS = ((3, 0), (3, 1, 0), (1,), ())
FAULTS = ("dies", "dies after", "loses", "throttles", "cancels")
ANSWERS = (
    "throttled",
    "lost",
    "silent",
    "failed",
    "failed_after",
    "refused",
    "opted_out",
)


class Campaign(RuleBasedStateMachine):
    """One schedule; at its end everything runs on without faults, and the counts must agree."""

    make: ClassVar[Callable[[], World]]
    record: ClassVar[Callable[[World, Totals], None]]

    def __init__(self) -> None:
        super().__init__()
        self.world = type(self).make()
        story.people(self.world)
        self.world.numbered = True

    # Time

    @rule(minutes=st.sampled_from([0, 1, 1, 1, 2, 3, 5, 10, 15, 60, 7 * 60, 26 * 60, 72 * 60]))
    def time_passes(self, minutes: int) -> None:
        """Without ticks: some are missed."""
        self.world.now += minutes * MINUTE

    @rule(seconds=st.sampled_from([-300, -120, 0, 120, 300]))
    def clocks_differ(self, seconds: int) -> None:
        self.world.skew = timedelta(seconds=seconds)
        self.world.injected["clock skew"] += seconds != 0
        self.world.witness.skewed |= seconds != 0

    @rule(minutes=st.integers(1, 4))
    def minutes_with_everything(self, minutes: int) -> None:
        for _ in range(minutes):
            self.world.now += MINUTE
            self.world.tick()
            for queue in story.QUEUES:
                self.world.deliver(queue)
            self.world.sweep()

    # Handlers

    @rule(times=st.integers(1, 2))
    def tick(self, times: int) -> None:
        for _ in range(times):
            self.world.tick()

    @rule(queue=QUEUES, twice=st.booleans())
    def deliver(self, queue: str, twice: bool) -> None:
        self.world.deliver(queue, twice=twice)

    @rule()
    def sweep(self) -> None:
        self.world.sweep()

    @rule(kind=st.sampled_from(["good", "good", "bad"]))
    def receipts(self, kind: str) -> None:
        story.send_receipts(self.world, kind)

    @rule()
    def redrive(self) -> None:
        self.world.redrive()

    @rule(queue=QUEUES, body=st.sampled_from(["", "{}", '{"format": 2}', "x" * 1000]))
    def poison(self, queue: str, body: str) -> None:
        self.world.queues[queue].append(Letter(body))
        self.world.injected["poison"] += 1

    # People

    @rule(bill=BILLS)
    def pays(self, bill: tuple[str, str]) -> None:
        acts.pays(self.world, *bill)

    @rule(bill=BILLS)
    def takes_the_payment_back(self, bill: tuple[str, str]) -> None:
        acts.takes_back(self.world, *bill)

    @rule(user_id=USERS, channel=st.sampled_from(Channel))
    def stops(self, user_id: str, channel: Channel) -> None:
        acts.stops(self.world, user_id, channel)

    @rule(user_id=USERS, channel=st.sampled_from(Channel))
    def starts(self, user_id: str, channel: Channel) -> None:
        acts.starts(self.world, user_id, channel)

    @rule(bill=BILLS)
    def deletes(self, bill: tuple[str, str]) -> None:
        acts.deletes(self.world, *bill)

    @rule(bill=BILLS, days=st.integers(1, 3))
    def snoozes(self, bill: tuple[str, str], days: int) -> None:
        acts.snoozes(self.world, *bill, self.world.now.date() + timedelta(days=days))

    @rule(user_id=USERS, days=st.none() | st.integers(0, 2))
    def pauses(self, user_id: str, days: int | None) -> None:
        until = None if days is None else self.world.now.date() + timedelta(days=days)
        acts.pauses(self.world, user_id, until)

    @rule(bill=BILLS, name=st.sampled_from(["part", "rest"]), part=st.sampled_from(PARTS))
    def pays_a_part(self, bill: tuple[str, str], name: str, part: str) -> None:
        acts.pays(self.world, *bill, part, name)

    @rule(
        what=st.sampled_from(["zone", "plan", "address"]), user_id=USERS, number=st.integers(0, 3)
    )
    def settings_change(self, what: str, user_id: str, number: int) -> None:
        match what:
            case "zone":
                acts.moves(self.world, user_id, ZONES[number])
            case "plan":
                acts.plans(self.world, user_id, LEADS[number])
            case "address":
                acts.readdresses(self.world, user_id, tuple(Channel)[number % 3])

    @rule(
        bill=BILLS,
        later=st.integers(-2, 4),
        amount=st.sampled_from(["120.50", "90.00", "150.00"]),
        autopay=st.booleans(),
    )
    def the_biller_changes_a_bill(
        self, bill: tuple[str, str], later: int, amount: str, autopay: bool
    ) -> None:
        acts.imports(self.world, *bill, later=later, amount=amount, autopay=autopay)

    @rule(bill=BILLS, event=st.sampled_from(["debit-1", "debit-2"]))
    def a_debit_fails(self, bill: tuple[str, str], event: str) -> None:
        acts.debit_fails(self.world, *bill, event)

    @rule(text=st.sampled_from(["PAID", "1", "SNOOZE", "STOP", "START", "LIST"]))
    def writes_back(self, text: str) -> None:
        acts.writes(self.world, "ann", text)

    @rule(user_id=USERS)
    def is_erased(self, user_id: str) -> None:
        acts.erases(self.world, user_id)

    @precondition(lambda self: self.world.jobs)
    @rule(user_id=USERS, again=st.booleans())
    def comes_back(self, user_id: str, again: bool) -> None:
        acts.comes_back(self.world, user_id)
        if again:
            acts.jobs_come_again(self.world)

    # Faults

    @rule(ahead=st.integers(0, 14), fault=st.sampled_from(FAULTS))
    def something_breaks(self, ahead: int, fault: str) -> None:
        place, world = self.world.calls + ahead, self.world
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

    @rule(
        ahead=st.integers(0, 14),
        what=st.sampled_from(
            ["pays", "stops", "deletes", "sweeps", "delivers", "pauses", *crashes.CHANGES]
        ),
        bill=BILLS,
        queue=QUEUES,
    )
    def something_happens_meanwhile(
        self, ahead: int, what: str, bill: tuple[str, str], queue: str
    ) -> None:
        world, user_id = self.world, bill[0]
        does: dict[str, Callable[[], object]] = {
            "pays": lambda: self.pays(bill),
            "stops": lambda: [self.stops(user_id, channel) for channel in Channel],
            "deletes": lambda: self.deletes(bill),
            "pauses": lambda: self.pauses(user_id, 1),
            "sweeps": world.sweep,
            "delivers": lambda: world.deliver(queue, twice=True),
        }
        does |= {change: lambda: crashes.act(world, what) for change in crashes.CHANGES}
        world.before[world.calls + ahead] = world.meanwhile(does[what])

    @rule(answers=st.lists(st.sampled_from(ANSWERS), min_size=1, max_size=3))
    def the_provider_is_in_trouble(self, answers: list[str]) -> None:
        self.world.answers += answers

    @precondition(lambda self: not self.world.store.lags)
    @rule()
    def indexes_lag(self) -> None:
        self.world.store.lag()
        self.world.injected["index lag"] += 1

    @rule()
    def indexes_catch_up(self) -> None:
        self.world.store.catch_up()

    def teardown(self) -> None:
        totals = story.finish(self.world)
        type(self).record(self.world, totals)
        assert not totals.wrong, totals.wrong
        assert not totals.lost, totals.lost
        assert not totals.duplicated, totals.duplicated
