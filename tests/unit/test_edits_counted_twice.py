"""Edits, counted twice: the planner, by the terms of a bill, and the count of tests/brute_force.py,
by the lines of its diary, live through the same edits, payments, statements and snoozes, in any
order, and must note the same."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.errors import InvalidValue
from tests.support.examples import examples
from tests.support.lives import (
    BILL,
    DAY,
    EVENT,
    IMPORTED,
    USER,
    Life,
    Row,
    Story,
    both_say_the_same,
    minute_text,
    planned,
)

TODAY = IMPORTED.date()
REPEATS = ("every month", "every week", "every 2 weeks", "every 10 days", "every 3 months", "once")


@st.composite
def stories(draw: st.DrawFn) -> Story:
    user = USER | {
        "time_zone": draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])),
        "lead_days": draw(st.sampled_from(["3+1+0", "14+3+0", "30+1"])),
        "overdue_days": draw(st.sampled_from(["1", "1+10", "none"])),
        "quiet_hours": draw(st.sampled_from(["", "", "21:00-10:00"])),
    }
    first_due = TODAY + draw(st.integers(-60, 30)) * DAY
    bill = BILL | {
        "amount": draw(st.sampled_from(["100.00", "100.00", ""])),
        "first_due": f"{first_due}",
        "repeats": draw(st.sampled_from(REPEATS)),
        "until": draw(st.sampled_from(["", "", "2027-04-15"])),
        "count": draw(st.sampled_from(["", "", "", "4", "9"])),
        "owed_from": draw(st.sampled_from(["", f"{first_due}"])),
        "autopay": draw(st.sampled_from(["no", "no", "yes"])),
        "overdue_days": "",
        "if_not_working_day": draw(st.sampled_from(["", "", "previous", "next"])),
        "loan_method": "",
        "principal": "",
        "rate": "",
        "instalments": "",
    }
    if bill["repeats"] == "once":
        bill |= {"until": "", "count": ""}
    elif draw(st.integers(0, 5)) == 0:
        loan = {"loan_method": "equal_instalment", "principal": "1200.00", "rate": "6"}
        loan |= {"instalments": draw(st.sampled_from(["4", "12"]))}
        bill |= loan | {"repeats": "every month", "amount": "", "count": "", "until": ""}
    drawn = sorted(draw(st.lists(happenings(), max_size=8)), key=lambda each: each["at"])
    story = Story(user, bill, ())
    return replace(story, events=tuple(possible(story, drawn)))


@st.composite
def happenings(draw: st.DrawFn) -> dict[str, str]:
    """What may happen. The date that it is about is told by its place, counted from today: the next
    one is "0"."""
    at = IMPORTED + timedelta(minutes=draw(st.integers(1, 100 * 24 * 60)))
    place = f"{draw(st.integers(-2, 4))}"
    event = EVENT | {"at": minute_text(at), "due_on": place}
    match draw(
        st.sampled_from(["changed"] * 6 + ["paid"] * 3 + ["undone", "stated", "snoozed", "failed"])
    ):
        case "changed":
            return event | draw(edits(at.date()))
        case "paid":
            amount = draw(st.sampled_from(["", "", "20.00"]))
            paid = {"event": "paid", "amount": amount, "value": draw(st.sampled_from("pqr"))}
            return event | paid
        case "undone":
            return event | {"event": "undone", "due_on": "", "value": draw(st.sampled_from("pqr"))}
        case "stated":
            return event | {"event": "stated", "amount": draw(st.sampled_from(["60.00", "0.00"]))}
        case "snoozed":
            until = at.date() + draw(st.integers(1, 10)) * DAY
            return event | {"event": "snoozed", "until": f"{until}"}
    return event | {"event": "debit_failed", "value": f"d{at:%m%d%H%M}"}


@st.composite
def edits(draw: st.DrawFn, today: date) -> dict[str, str]:
    """From now on, from a later day, or from the beginning."""
    since = draw(st.sampled_from(["", "", "", "later", "beginning"]))
    if since == "later":
        since = f"{today + draw(st.integers(1, 70)) * DAY}"
    said = draw(
        st.lists(
            st.sampled_from(["money", "day", "step", "end", "autopay", "shift"]),
            min_size=1,
            max_size=2,
            unique=True,
        )
    )
    cells: dict[str, str] = {}
    amount = ""
    for each in said:
        match each:
            case "money":
                amount = draw(st.sampled_from(["110.00", "100.00", "20.00"]))
            case "day":
                cells["first_due"] = f"{today + draw(st.integers(-40, 40)) * DAY}"
            case "step":
                cells["repeats"] = draw(st.sampled_from(REPEATS[:-1]))
            case "end":
                cells |= draw(
                    st.sampled_from(
                        [
                            {"until": "2027-05-20", "count": ""},
                            {"until": "", "count": ""},
                            {"count": "6", "until": ""},
                        ]
                    )
                )
            case "autopay":
                cells["autopay"] = draw(st.sampled_from(["yes", "no"]))
            case _:
                cells["if_not_working_day"] = draw(st.sampled_from(["none", "previous", "next"]))
    value = "; ".join(f"{name}={cell}" for name, cell in cells.items())
    return {"event": "changed", "due_on": since, "amount": amount, "value": value}


def possible(story: Story, drawn: list[dict[str, str]]) -> Iterator[Row]:
    """What the product lets happen, one after the other, with the dates that it has by then."""
    life = Life(story)
    for event in drawn:
        if event["event"] not in ("changed", "undone"):
            due_on = date_at(life, datetime.fromisoformat(event["at"]), int(event["due_on"]))
            if due_on is None:
                continue
            event["due_on"] = f"{due_on}"
        if event["event"] == "changed" and not_to_be_counted(life, event):
            continue
        try:
            life.happens(event)
        except (InvalidValue, ValueError):
            continue
        yield event


def not_to_be_counted(life: Life, event: Row) -> bool:
    """What the count does not know: what is left of a number of dates that are all over; a loan's
    amounts and another step of it; and dates that are in another order than their numbers. They get
    so by another step while something is known of a later open date, and when what was closed
    ahead of an edit is opened again."""
    bill, now = life.bill, datetime.fromisoformat(event["at"])
    if bill.loan is not None and (event["amount"] or re.search("count|repeats", event["value"])):
        return True
    if bill.recurrence.unit is None and "count" in event["value"]:
        return True
    if bill.loan is not None and bill.later_terms and "first_due" in event["value"]:
        return True
    if any(not bill.is_closed(each.number) for each in bill.kept):
        return True
    following = bill.as_of(life.account.today(now)).first_to_come(life.account.today(now))
    if following is None and bill.recurrence.count and re.search("first|repeats", event["value"]):
        return True
    known = (*bill.payments, *bill.statements, *bill.failed_debits)
    later = {each.occurrence for each in known} if following is not None else set()
    return "repeats" in event["value"] and any(
        number > following[0] and not bill.is_closed(number) for number in later if following
    )


def date_at(life: Life, now: datetime, place: int) -> date | None:
    """The usual date that is so many after the next one."""
    life.as_of(now)
    usual = replace(life.bill, statements=()).dates_from(date.min)
    days = [day for _, day in takewhile(lambda each: each[1] < TODAY + 400 * DAY, usual)]
    at = sum(day < life.account.today(now) for day in days) + place
    return days[at] if 0 <= at < len(days) else None


@examples(300)
@given(stories())
def test_an_edited_bill_is_reminded_of_as_a_count_that_shares_no_code_says(story: Story) -> None:
    both_say_the_same(story)


# One of each kind that the two once disagreed about ----------------------------------------------


def after(cells: Row, *events: tuple[str, str, Row]) -> Life:
    """A bill of a month, entered on 20 January 2027, after events: each by its minute and name."""
    usual = {"amount": "100.00", "first_due": "2027-02-01", "repeats": "every month"}
    usual |= {"overdue_days": "", "autopay": "no", "if_not_working_day": ""}
    user = USER | {"time_zone": "UTC", "overdue_days": "1", "quiet_hours": ""}
    life = Life(Story(user, BILL | usual | cells, ()))
    for at, event, more in events:
        life.happens(EVENT | {"at": at, "event": event} | more)
    return life


def dates(life: Life, count: int) -> list[tuple[int, str, str]]:
    """The first dates that are owed: number, day and amount."""
    found = islice(life.bill.owed_occurrences(), count)
    amounts = ((n, day, life.bill.owed(n).amount) for n, day in found)
    return [(n, f"{day}", "" if each is None else f"{each.amount}") for n, day, each in amounts]


def test_a_day_that_is_told_by_a_past_date_makes_nothing_overdue() -> None:
    told = {"value": "first_due=2027-01-20"}
    life = after({"first_due": "2027-01-21"}, ("2027-01-21T00:00Z", "changed", told))
    assert [(n, day) for n, day, _ in dates(life, 2)] == [(0, "2027-02-20"), (1, "2027-03-20")]
    assert life.bill.due_on(-1) is None


def test_what_fell_due_once_and_is_open_repeats_from_its_next_date_on() -> None:
    once = {"first_due": "2027-02-01", "repeats": "once"}
    life = after(once, ("2027-03-07T12:00Z", "changed", {"value": "repeats=every month"}))
    assert dates(life, 3) == [
        (0, "2027-02-01", "100.00"),
        (1, "2027-04-01", "100.00"),
        (2, "2027-05-01", "100.00"),
    ]


def test_a_later_day_than_the_only_date_is_refused_though_that_one_is_open() -> None:
    rise = {"due_on": "2027-04-29", "amount": "110.00"}
    with pytest.raises(InvalidValue, match="no date of it is due then"):
        after({"repeats": "once"}, ("2027-03-07T12:00Z", "changed", rise))


def test_a_date_that_was_paid_ahead_is_not_the_last_one_that_a_day_may_correct() -> None:
    life = after(
        {"repeats": "every 3 months"},
        ("2027-01-21T12:00Z", "paid", {"due_on": "2027-08-01", "value": "ahead"}),
        ("2027-01-22T12:00Z", "changed", {"value": "repeats=every 2 weeks"}),
        ("2027-02-20T12:00Z", "changed", {"value": "first_due=2027-03-10"}),
    )
    days = [day for _, day, _ in dates(life, 20) if day > "2027-02-20"]
    assert days[:3] == ["2027-03-10", "2027-03-24", "2027-04-07"]


def test_days_that_begin_earlier_once_automatic_payment_ends_are_told_in_time() -> None:
    """Dates up to then want one reminder each, the day before; the first after it a month before,
    which comes earlier."""
    cells = {"first_due": "2027-01-26", "repeats": "every 2 weeks", "autopay": "yes"}
    event = EVENT | {"at": "2027-01-20T13:00Z", "event": "changed", "due_on": "2027-03-03"}
    life = after(cells)
    user = life.story.user | {"lead_days": "30"}
    told = planned(Story(user, life.story.bill, (event | {"value": "autopay=no"},)))
    (month_before,) = (each for each in told if each.trigger == "lead:30" and each.occurrence == 3)
    assert f"{month_before.sent_at:%Y-%m-%d}" == "2027-02-07"


def test_a_rise_known_beforehand_survives_a_move_of_the_day_past_it() -> None:
    life = after(
        {},
        ("2027-01-21T12:00Z", "changed", {"due_on": "2027-03-01", "amount": "110.00"}),
        ("2027-01-22T12:00Z", "changed", {"value": "first_due=2027-03-05"}),
    )
    assert dates(life, 2) == [(0, "2027-03-05", "110.00"), (1, "2027-04-05", "110.00")]


@pytest.mark.parametrize("paid", [{}, {"amount": "20.00"}])
def test_one_date_more_before_later_ones_hides_none_of_them(paid: Row) -> None:
    """What was paid, in full or in part, stays with its own date."""
    life = after(
        {},
        ("2027-01-21T12:00Z", "changed", {"due_on": "2027-03-01", "value": "first_due=2027-03-20"}),
        ("2027-01-22T12:00Z", "paid", {"due_on": "2027-04-20", "value": "ahead"} | paid),
        ("2027-01-23T12:00Z", "changed", {"value": "first_due=2027-01-25"}),
    )
    days = ["2027-01-25", "2027-02-25", "2027-03-20", "2027-04-20", "2027-05-20"]
    assert [day for _, day, _ in dates(life, 5)] == days
    (number,) = (n for n, day, _ in dates(life, 5) if day == "2027-04-20")
    assert {each.occurrence for each in life.bill.payments} == {number}


def test_another_end_brings_back_no_date_that_moves_later() -> None:
    life = after(
        {"first_due": "2027-01-21", "count": "6"},
        ("2027-01-22T12:00Z", "changed", {"due_on": "2027-03-01", "value": "first_due=2027-01-29"}),
        ("2027-01-23T12:00Z", "changed", {"value": "count="}),
    )
    days = [day for _, day, _ in dates(life, 4)]
    assert days == ["2027-01-21", "2027-02-21", "2027-03-29", "2027-04-29"]


def test_an_earlier_end_from_the_beginning_leaves_no_payment_without_its_date() -> None:
    with pytest.raises(InvalidValue, match="something was paid or stated for 2027-04-01"):
        after(
            {},
            ("2027-01-21T12:00Z", "paid", {"due_on": "2027-04-01", "value": "ahead"}),
            ("2027-01-22T12:00Z", "changed", {"due_on": "beginning", "value": "count=2"}),
        )
