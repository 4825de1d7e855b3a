"""Cards, counted twice: the planner and the count of tests/brute_force.py live through the same
statements, payments and their undoing, in any order, and must note the same."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tests.support.examples import examples
from tests.support.lives import (
    BILL,
    DAY,
    EVENT,
    IMPORTED,
    USER,
    Story,
    both_say_the_same,
    dues,
    minute_text,
    the_bill,
)


@st.composite
def stories(draw: st.DrawFn) -> Story:
    first_due = date(2027, 1, 22) + draw(st.integers(0, 30)) * DAY
    user = USER | {
        "time_zone": draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"])),
        "overdue_days": draw(st.sampled_from(["1", "1+10", "2+20+33", "5+29+30+31"])),
        "quiet_hours": draw(st.sampled_from(["", "08:00-17:00", "21:00-10:00"])),
    }
    cycle = draw(st.sampled_from(["", "day", "day", "after"]))
    bill = BILL | {
        "kind": draw(st.sampled_from(["card", "other", "utility"])),
        "amount": draw(st.sampled_from(["", "", "80.00"])),
        "first_due": str(first_due),
        "repeats": draw(st.sampled_from(["every month", "every 2 months"])),
        "statement_day": str(draw(st.integers(1, 31))) if cycle == "day" else "",
        "due_after_statement": str(draw(st.integers(1, 60))) if cycle == "after" else "",
        "autopay": draw(st.sampled_from(["no", "no", "no", "yes"])),
        "overdue_days": "",
        "if_not_working_day": draw(st.sampled_from(["", "previous", "next"])),
    }
    dates = [str(due_on) for _, due_on in dues(the_bill(bill))]
    drawn = draw(st.lists(events(dates), max_size=9))
    return Story(user, bill, tuple(sorted(drawn, key=lambda each: each["at"]))).possible()


@st.composite
def events(draw: st.DrawFn, dates: list[str]) -> dict[str, str]:
    at = IMPORTED + timedelta(minutes=draw(st.integers(1, 100 * 24 * 60)))
    due_on = draw(st.sampled_from(dates))
    event = EVENT | {"at": minute_text(at), "due_on": due_on}
    match draw(st.sampled_from(["stated", "stated", "paid", "unstated", "undone", "failed"])):
        case "stated":
            own = date.fromisoformat(due_on) + draw(st.integers(-20, 20)) * DAY
            return event | {
                "event": "stated",
                "amount": draw(st.sampled_from(["500.00", "500.00", "60.00", "0.00", "-12.00"])),
                "minimum": draw(st.sampled_from(["", "25.00"])),
                "currency": draw(st.sampled_from(["USD", "USD", "USD", "EUR"])),
                "value": draw(st.sampled_from(["", "", str(own)])),
            }
        case "paid":
            amount = draw(st.sampled_from(["", "20.00", "25.00", "60.00"]))
            return event | {
                "event": "paid",
                "amount": amount,
                "value": draw(st.sampled_from("pqr")),
            }
        case "undone":
            return event | {"event": "undone", "due_on": "", "value": draw(st.sampled_from("pqr"))}
        case "failed":
            return event | {"event": "debit_failed", "value": f"d{at:%m%d%H%M}{due_on}"}
    return event | {"event": "unstated"}


@examples(60)
@given(stories())
def test_a_card_is_reminded_of_as_a_count_that_shares_no_code_says(story: Story) -> None:
    both_say_the_same(story)
