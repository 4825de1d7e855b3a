"""What the journal says of a change: what a person would name, cut to what a row may hold."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bills import Bill, Heard, Mute, MuteReason, Snooze
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Difference, cut, differences, fields_between, size
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import Address, Plan, StoppedBy, User
from tests.support.people import PHONE, a_bill, a_user

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
DUE = date(2027, 3, 4)
USER, BILL = a_user(), a_bill(bill_id="rent", due_on=DUE)
PAID = Payment(0, NOON, Money(Decimal("9.50"), "USD"), "p1")


def of_user(after: User) -> list[tuple[str, str | None, str | None]]:
    found = differences((USER, (BILL,)), (after, (BILL,)))
    assert all(each.bill is None for each in found)
    return [(each.what, each.old, each.new) for each in found]


def of_bill(before: Bill, after: Bill) -> list[tuple[str, str | None, str | None]]:
    found = differences((USER, (before,)), (USER, (after,)))
    assert all(each.bill == "rent" for each in found)
    return [(each.what, each.old, each.new) for each in found]


@pytest.mark.parametrize(
    ("change", "what", "old", "new"),
    [
        ({"zone": ZoneInfo("Asia/Tokyo")}, "zone", "UTC", "Asia/Tokyo"),
        ({"tips": False}, "tips", "yes", "no"),
        ({"paused_until": DUE}, "paused_until", None, "2027-03-04"),
        ({"links_closed_at": NOON}, "links_closed_at", None, "2027-03-01T12:00:00Z"),
        ({"plan": replace(USER.plan, lead_days=(7, 0))}, "plan.lead_days", "3, 1, 0", "7, 0"),
        ({"plan": replace(USER.plan, lead_days=(0, 1, 3))}, "plan.lead_days", "3, 1, 0", "0, 1, 3"),
        ({"plan": replace(USER.plan, remind_at=time(8))}, "plan.remind_at", "09:00:00", "08:00:00"),
        (
            {"quiet_hours": QuietHours(time(22), time(7))},
            "quiet_hours",
            None,
            "start 22:00:00; end 07:00:00",
        ),
    ],
)
def test_a_setting_is_told_with_what_it_was_and_is(
    change: dict[str, Any], what: str, old: str | None, new: str | None
) -> None:
    assert of_user(replace(USER, **change)) == [(what, old, new)]


def test_a_stop_is_told_of_its_channel() -> None:
    known = USER.addresses[Channel.SMS]
    stopped = replace(known, stopped_at=NOON, stopped_by=StoppedBy.PAGE)
    assert of_user(USER.with_address(Channel.SMS, stopped)) == [
        ("addresses.sms.stopped_at", None, "2027-03-01T12:00:00Z"),
        ("addresses.sms.stopped_by", "reply", "page"),
    ]


def test_an_address_that_is_given_up_is_told_whole() -> None:
    ((what, old, new),) = of_user(USER.without_address(Channel.SMS))
    assert (what, new) == ("addresses.sms", None)
    assert old is not None and old.startswith(f"value {PHONE}; attestation (source Branch desk")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ({}, {"payments": (PAID,)}, ("payments", None, "(paid)")),
        ({"payments": (PAID,)}, {}, ("payments", "(paid)", None)),
        ({}, {"amount": Money(Decimal(9), "USD")}, ("amount", "120.50 USD", "9 USD")),
        ({}, {"closed_at": NOON}, ("closed_at", None, "2027-03-01T12:00:00Z")),
        ({}, {"snoozes": (Snooze(0, DUE),)}, ("snoozes", None, "(occurrence 0; until 2027-03-04)")),
        (
            {"mute": Mute(NOON, MuteReason.STOPPED)},
            {},
            ("silence", "at 2027-03-01T12:00:00Z; reason stopped", None),
        ),
    ],
)
def test_what_happened_to_a_bill_is_told(
    before: dict[str, Any], after: dict[str, Any], told: tuple[str, str | None, str | None]
) -> None:
    paid = "(occurrence 0; paid_at 2027-03-01T12:00:00Z; amount 9.50 USD; payment_id p1)"
    expected = tuple(paid if each == "(paid)" else each for each in told)
    assert of_bill(replace(BILL, **before), replace(BILL, **after)) == [expected]


def test_what_is_noted_of_a_payment_is_told_as_something() -> None:
    said = replace(
        PAID, paid_on=date(2027, 2, 28), reference="INV 7", note="From the joint account"
    )
    (told,) = differences((USER, [BILL]), (USER, [replace(BILL, payments=(said,))]))
    assert told.new is not None
    assert "paid_on 2027-02-28; reference …; note …" in told.new
    assert "INV" not in told.new
    assert "joint" not in told.new


def test_of_many_payments_only_those_that_came_and_went_are_told() -> None:
    kept = [replace(PAID, occurrence=number, payment_id=f"p{number}") for number in range(1, 50)]
    before = replace(BILL, payments=(PAID, *kept))
    after = replace(BILL, payments=(*kept, replace(PAID, payment_id="new")))
    ((_, old, new),) = of_bill(before, after)
    assert old is not None and old.count("occurrence") == 1 and "payment_id p1" in old
    assert new is not None and new.count("occurrence") == 1 and "payment_id new" in new


def test_a_new_user_and_a_new_or_deleted_bill_are_told_whole() -> None:
    user, new = differences(None, (USER, (BILL,)))
    assert (user.what, user.old, user.bill) == ("user", None, None)
    assert (new.what, new.old, new.bill) == ("bill", None, "rent")
    (gone,) = differences((USER, (BILL,)), (USER, ()))
    assert (gone.what, gone.old, gone.new, gone.bill) == ("bill", new.new, None, "rent")


@pytest.mark.parametrize(
    "after",
    [
        (USER, (BILL,)),
        (replace(USER, overrides=frozenset({"zone"}), spread_minutes=7), (BILL,)),
        (USER, (replace(BILL, heard=(Heard(0, DUE, 0, 1),), overrides=frozenset({"label"})),)),
    ],
)
def test_what_delivery_and_planning_keep_for_themselves_is_not_told(
    after: tuple[User, tuple[Bill, ...]],
) -> None:
    assert differences((USER, (BILL,)), after) == ()


def test_no_private_value_stands_in_what_python_prints_of_a_difference() -> None:
    moved = USER.with_address(Channel.SMS, Address("+447700900124"))
    (*found,) = differences((USER, ()), (moved, ()))
    assert found
    assert "+4477" not in repr(found)


# Cut ----------------------------------------------------------------------------------------------


def several_of(longest: int) -> st.SearchStrategy[list[Difference]]:
    """Differences whose values have so many characters at most."""
    value, name = st.none() | st.text(max_size=longest), st.text(min_size=1, max_size=30)
    bill_id = st.none() | st.text(max_size=64)
    return st.lists(st.builds(Difference, name, value, value, bill_id), max_size=40)


@given(several_of(900), st.integers(0, 1000))
def test_whatever_changed_it_fits_and_nothing_is_lost_uncounted(
    several: list[Difference], room: int
) -> None:
    kept, left_out = cut(several, room)
    assert sum(map(size, kept)) <= room
    assert len(kept) + left_out == len(several)
    for short, whole in zip(kept, several, strict=False):
        assert (short.what, short.bill) == (whole.what, whole.bill)
        for one, other in ((short.old, whole.old), (short.new, whole.new)):
            assert one == other or (
                one is not None and other is not None and other.startswith(one.removesuffix("…"))
            )


@given(several_of(150))
def test_what_fits_is_told_whole(several: list[Difference]) -> None:
    assert cut(several, sum(map(size, several))) == (tuple(several), 0)


def test_values_are_cut_before_a_field_is_left_out() -> None:
    long = Difference("code_word", "x" * 900, "y" * 900)
    kept, left_out = cut([long, *fields_between("tips", True, False)], 800)
    assert left_out == 0
    assert [each.what for each in kept] == ["code_word", "tips"]
    assert kept[0].new == "y" * 300 + "…"


def test_a_plan_is_compared_field_by_field() -> None:
    found = fields_between("plan", Plan(), Plan(overdue_days=()))
    assert [(each.what, each.old, each.new) for each in found] == [("plan.overdue_days", "1", "")]
