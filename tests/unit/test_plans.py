"""Which days a plan wants on each channel: the user's, changed for the kind, changed by the bill.

One bill is due on 10 February 2027; the user lives in UTC.
"""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel, Kind
from bill_reminders.domain.ledger import Recorded, State
from bill_reminders.domain.people import FURTHEST_LEAD, NO_CHANGE, Join, Plan, PlanChange, User
from bill_reminders.domain.planning import decide
from tests.support.people import a_bill, a_user

SMS, PUSH, EMAIL = Channel.SMS, Channel.PUSH, Channel.EMAIL
DUE = date(2027, 2, 10)
BILL = a_bill(due_on=DUE, kind=Kind.RENT)
USER = a_user(channels=[SMS, PUSH])


def planned(user: User, bill: Bill, channel: Channel = SMS) -> list[str]:
    """What goes out on `channel`, when the wall and the trigger say so: `02-07 09:00 lead:3`."""
    recorded: dict[str, Recorded] = {}
    lines: list[str] = []
    now: datetime | None = datetime(2026, 1, 1, tzinfo=UTC)
    while now is not None:
        decision = decide(user, [bill], recorded, channel=channel, now=now)
        assert decision.skipped == ()
        lines += [f"{now:%m-%d %H:%M} {reminder.trigger}" for reminder in decision.due]
        recorded |= {each.key: Recorded(each, State.SENT) for each in decision.due}
        now = decision.next_at
    return lines


def with_plan(**changes: object) -> User:
    return replace(USER, plan=replace(USER.plan, **changes))


def for_rent(**changes: object) -> User:
    return replace(USER, kind_plans=MappingProxyType({Kind.RENT: PlanChange(**changes)}))


@pytest.mark.parametrize(
    ("kind", "bill", "lead_days", "overdue_days", "remind_at"),
    [
        pytest.param({}, {}, (3, 1, 0), (1,), time(9), id="the user's own"),
        pytest.param({"lead_days": (5,)}, {}, (5,), (1,), time(9), id="changed for the kind"),
        pytest.param({}, {"lead_days": (2,)}, (2,), (1,), time(9), id="changed by the bill"),
        pytest.param(
            *({"lead_days": (5,), "remind_at": time(7)}, {"lead_days": (2,)}),
            *((2,), (1,), time(7)),
            id="the bill says more than the kind, and leaves the rest",
        ),
        pytest.param(
            *({"overdue_days": (7,)}, {"overdue_days": ()}, (3, 1, 0), (), time(9)),
            id="none at all is a choice",
        ),
    ],
)
def test_each_part_of_a_plan_comes_from_the_nearest_that_sets_it(
    kind: dict[str, object],
    bill: dict[str, object],
    lead_days: tuple[int, ...],
    overdue_days: tuple[int, ...],
    remind_at: time,
) -> None:
    plan = for_rent(**kind).plan_for(Kind.RENT, PlanChange(**bill))
    assert plan == Plan(lead_days, overdue_days, remind_at, (SMS, PUSH))
    # a bill of another kind knows nothing of it
    assert for_rent(**kind).plan_for(Kind.CARD, NO_CHANGE) == USER.plan


def test_a_plan_for_one_kind_changes_the_reminders_of_its_bills_alone() -> None:
    user = for_rent(lead_days=(10,), overdue_days=(), remind_at=time(18, 30))
    assert planned(user, BILL) == ["01-31 18:30 lead:10"]
    assert planned(user, replace(BILL, kind=Kind.CARD)) == planned(USER, BILL)


@pytest.mark.parametrize("days", [0, 1, 31, FURTHEST_LEAD])
def test_a_lead_day_is_that_many_days_before(days: int) -> None:
    day = DUE - timedelta(days=days)
    user = with_plan(lead_days=(days,), overdue_days=())
    assert planned(user, BILL) == [f"{day:%m-%d} 09:00 lead:{days}"]


@pytest.mark.parametrize("days", [1, 30, 60])
def test_an_overdue_day_is_that_many_days_after(days: int) -> None:
    day = DUE + timedelta(days=days)
    user = with_plan(lead_days=(), overdue_days=(days,))
    assert planned(user, BILL) == [f"{day:%m-%d} 09:00 overdue:{days}"]


ALL = ["lead:3", "lead:1", "lead:0", "overdue:1"]


@pytest.mark.parametrize(
    ("joins", "by_sms"),
    [
        pytest.param((), ALL, id="from the start"),
        pytest.param((Join(SMS, FURTHEST_LEAD),), ALL, id="a year before is the start"),
        pytest.param((Join(SMS, 3),), ALL, id="on the first day"),
        pytest.param((Join(SMS, 2),), ALL[1:], id="between two days"),
        pytest.param((Join(SMS, 0),), ALL[2:], id="from the due day on"),
        pytest.param((Join(PUSH, 1), Join(SMS, 0)), ALL[2:], id="each channel by its own"),
    ],
)
def test_a_plan_escalates_to_a_channel_from_its_day_on(
    joins: tuple[Join, ...], by_sms: list[str]
) -> None:
    user = with_plan(joins=joins)
    assert [line.split()[2] for line in planned(user, BILL, SMS)] == by_sms


def test_the_channel_that_no_join_names_takes_part_in_all() -> None:
    assert [line[12:] for line in planned(with_plan(joins=(Join(SMS, 0),)), BILL, PUSH)] == ALL


def test_a_join_of_a_channel_that_is_not_in_the_plan_brings_nothing() -> None:
    user = with_plan(channels=(PUSH,), joins=(Join(SMS, 0),))
    assert planned(user, BILL, SMS) == []


@pytest.mark.parametrize("where", ["kind", "bill"])
def test_own_channels_come_with_their_own_joins_and_drop_the_users(where: str) -> None:
    user = with_plan(joins=(Join(SMS, 0),))

    def changed(**changes: object) -> tuple[User, Bill]:
        change = PlanChange(**changes)
        if where == "bill":
            return user, replace(BILL, plan_change=change)
        return replace(user, kind_plans=MappingProxyType({Kind.RENT: change})), BILL

    assert [line[12:] for line in planned(*changed(channels=(SMS, EMAIL)), SMS)] == ALL
    assert planned(*changed(channels=(SMS, EMAIL)), PUSH) == []
    again = changed(channels=(SMS, PUSH), joins=(Join(SMS, 1),))
    assert [line[12:] for line in planned(*again, SMS)] == ALL[1:]
    # a change of the days alone keeps the escalation, whatever joins stand beside it
    kept = changed(lead_days=(5, 0), joins=(Join(SMS, 9),))
    assert [line[12:] for line in planned(*kept, SMS)] == ["lead:0", "overdue:1"]


GONE = USER.without_address(SMS)
"""Their phone was removed; the plan still has it, as a stored one of before may."""


@pytest.mark.parametrize(
    ("kind", "bill", "channels"),
    [
        pytest.param({}, {"channels": (SMS,)}, (SMS, PUSH), id="of the bill"),
        pytest.param({"channels": (SMS,)}, {}, (SMS, PUSH), id="of the kind"),
        pytest.param(
            {"channels": (PUSH,)},
            {"channels": (SMS, EMAIL)},
            (PUSH,),
            id="of the bill, not the kind",
        ),
        pytest.param({}, {"channels": (SMS, PUSH)}, (SMS, PUSH), id="one of them is left"),
        pytest.param({}, {"channels": (PUSH,)}, (PUSH,), id="all of them are left"),
    ],
)
def test_channels_without_any_address_are_no_choice(
    kind: dict[str, object], bill: dict[str, object], channels: tuple[Channel, ...]
) -> None:
    user = replace(for_rent(**kind), addresses=GONE.addresses)
    plan = user.plan_for(Kind.RENT, PlanChange(lead_days=(5,), **bill))
    assert (plan.lead_days, plan.channels) == ((5,), channels)


def test_channels_without_any_address_leave_when_another_joins() -> None:
    user = replace(with_plan(joins=(Join(PUSH, 0),)), addresses=GONE.addresses)
    change = PlanChange(channels=(SMS,), joins=(Join(SMS, 1),))
    assert user.plan_for(Kind.RENT, change).joins == (Join(PUSH, 0),)


def test_a_stop_sends_a_bill_nowhere_else() -> None:
    stopped = replace(USER.addresses[SMS], stopped_at=datetime(2027, 1, 2, tzinfo=UTC))
    user = USER.with_address(SMS, stopped)
    assert user.plan_for(Kind.RENT, PlanChange(channels=(SMS,))).channels == (SMS,)


def test_a_bill_by_sms_goes_by_email_once_that_is_all_there_is() -> None:
    bill = replace(BILL, plan_change=PlanChange(channels=(SMS,)))
    user = a_user(channels=[EMAIL])
    assert [line[12:] for line in planned(user, bill, EMAIL)] == ALL
    assert planned(user, bill, SMS) == []


SOME_CHANNELS = st.lists(st.sampled_from(Channel), unique=True, min_size=1).map(tuple)
OWN_CHANNELS = st.one_of(st.none(), SOME_CHANNELS).map(lambda some: PlanChange(channels=some))


@given(SOME_CHANNELS, SOME_CHANNELS, OWN_CHANNELS, OWN_CHANNELS)
def test_a_bill_reaches_the_user_wherever_their_own_plan_does(
    addresses: tuple[Channel, ...],
    own: tuple[Channel, ...],
    kind: PlanChange,
    bill: PlanChange,
) -> None:
    user = a_user(channels=addresses)
    kinds = MappingProxyType({Kind.RENT: kind})
    user = replace(user, plan=replace(user.plan, channels=own), kind_plans=kinds)
    plan = user.plan_for(Kind.RENT, bill)
    if set(own) & set(addresses):
        assert set(plan.channels) & set(addresses)
    for change in (bill, kind):  # the nearest choice that can be reached holds
        if set(change.channels or ()) & set(addresses):
            assert plan.channels == change.channels
            return
    assert plan.channels == own


@given(
    st.sets(st.integers(0, FURTHEST_LEAD), max_size=4),
    st.sets(st.integers(1, 60), max_size=3),
    st.integers(0, FURTHEST_LEAD),
)
def test_a_channel_gets_the_days_of_the_plan_that_lie_after_it_joins(
    leads: set[int], overdues: set[int], joins_at: int
) -> None:
    user = with_plan(
        lead_days=tuple(leads), overdue_days=tuple(overdues), joins=(Join(SMS, joins_at),)
    )
    wanted = [f"lead:{days}" for days in sorted(leads, reverse=True) if days <= joins_at]
    wanted += [f"overdue:{days}" for days in sorted(overdues)]
    assert [line.split()[2] for line in planned(user, BILL, SMS)] == wanted
