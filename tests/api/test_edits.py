"""An edit never rewrites the past: what people reported of other programs, through the API.

Each bill is of 100.00 GBP in London, unless said; the right values are worked out by hand.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.api import Person, Reply
from tests.support.moto_stack import MotoStack

SetClock = Callable[[datetime], None]
BILL = {"biller": "Thistledown", "name": "Rent", "amount": "100.00", "currency": "GBP"}
MONTHLY = {"every": 1, "unit": "month"}
WEEKLY = {"every": 1, "unit": "week"}


class Life:
    """One bill of a person, on a clock that tests move."""

    def __init__(self, person: Person, set_clock: SetClock) -> None:
        self.person, self.set_clock = person, set_clock
        self.address = ""

    def on(self, day: str) -> "Life":
        self.set_clock(datetime.fromisoformat(f"2027-{day}T12:00").replace(tzinfo=UTC))
        return self

    def enter(self, **fields: Any) -> "Life":
        made = self.person.post("/v1/bills", BILL | {"owed_from": fields["first_due"]} | fields)
        assert made.status == 201, made.text
        self.address = made.headers["location"]
        return self

    def pay(self, occurrence: int | None = None, amount: str | None = None) -> Any:
        said = {"occurrence": occurrence, "amount": amount}
        body = {name: value for name, value in said.items() if value is not None}
        paid = self.person.post(f"{self.address}/payments", body)
        assert paid.status == 201, paid.text
        return paid.json

    def edit(self, query: str = "", **fields: Any) -> Any:
        changed = self.try_to_edit(query, **fields)
        assert changed.status == 200, changed.text
        return changed.json

    def try_to_edit(self, query: str = "", **fields: Any) -> Reply:
        return self.person.patch(f"{self.address}{query}", fields, "*")

    def read(self) -> Any:
        return self.person.get(self.address).json

    def standings(self) -> dict[str, str]:
        """By its date what became of each occurrence, with what is left."""
        return {
            each["nominal_due_on"]: f"{each['standing']} {each['left']}"
            for each in self.read()["occurrences"]
        }

    def dates(self, *standings: str) -> list[str]:
        found = self.read()["occurrences"]
        return [e["nominal_due_on"][5:] for e in found if e["standing"] in (standings or ("open",))]


@pytest.fixture
def life(person: Person, set_clock: SetClock) -> Life:
    return Life(person, set_clock)


def paid_weekly(life: Life) -> Life:
    life.on("01-02").enter(first_due="2027-01-04", repeats=WEEKLY)
    for day in ("01-04", "01-11", "01-18", "01-25", "02-01", "02-08", "02-15", "02-22"):
        life.on(day).pay()
    return life.on("02-24")


def paid_monthly(life: Life, day: str, *, amount: str = "100.00", months: int = 3) -> Life:
    life.on("01-01").enter(first_due=f"2027-01-{day}", repeats=MONTHLY, amount=amount)
    for number in range(months):
        life.pay(number)
    return life


# --- dates ---


def test_a_longer_step_leaves_what_was_paid_and_opens_the_next_date(life: Life) -> None:
    paid_weekly(life).edit(repeats={"every": 2, "unit": "week"})
    assert life.dates() == [
        *("03-01", "03-15", "03-29", "04-12", "04-26", "05-10", "05-24", "06-07", "06-21"),
        *("07-05", "07-19", "08-02"),
    ]
    assert life.dates("paid")[-3:] == ["02-08", "02-15", "02-22"]
    assert life.read()["next"]["number"] == 8
    said = [
        each["remind_at"][5:10]
        for each in life.read()["planned_reminders"]
        if each["channel"] == "sms"
    ]
    assert said == []  # the person has no phone number


def test_so_it_does_from_the_persons_own_file(life: Life) -> None:
    paid_weekly(life)
    text = life.person.get("/v1/bills/files/csv").text
    answer = life.person.call(
        "POST",
        "/v1/bills/files/csv",
        raw=text.replace("every week", "every 2 weeks"),
        headers={"content-type": "text/csv"},
    )
    assert answer.json["changed"] == 1, answer.text
    assert life.dates()[:3] == ["03-01", "03-15", "03-29"]
    assert life.dates("paid")[-1] == "02-22"


def test_months_that_become_quarters_are_open(life: Life) -> None:
    paid_monthly(life, "20").on("03-24").edit(repeats={"every": 3, "unit": "month"})
    assert life.dates()[:3] == ["04-20", "07-20", "10-20"]
    assert life.dates("paid") == ["01-20", "02-20", "03-20"]


@pytest.mark.parametrize(
    ("day", "first_due", "open_dates"),
    [
        ("28", "2027-04-10", ["04-10", "05-10", "06-10"]),
        ("25", "2027-04-05", ["04-05", "05-05", "06-05"]),
        ("31", "2027-04-14", ["04-14", "05-14", "06-14"]),
        ("20", "2027-04-01", ["04-01", "05-01", "06-01"]),
        ("15", "2027-04-01", ["04-01", "05-01", "06-01"]),
        ("01", "2027-04-14", ["04-14", "05-14", "06-14"]),
        ("05", "2027-04-25", ["04-25", "05-25", "06-25"]),
        # the day alone is told: the nearest to the date whose place it takes
        ("20", "2027-01-25", ["04-25", "05-25", "06-25"]),
        ("20", "2027-01-15", ["04-15", "05-15", "06-15"]),
        # less than a week after the last one that was paid: that one's date is meant
        ("28", "2027-04-02", ["05-02", "06-02", "07-02"]),
    ],
)
def test_another_day_of_the_month_is_the_next_one_to_pay(
    life: Life, day: str, first_due: str, open_dates: list[str]
) -> None:
    paid_monthly(life, day).on("03-31").edit(first_due=first_due)
    assert life.dates()[:3] == open_dates
    assert len(life.dates("paid")) == 3
    assert not any(each["overdue"] for each in life.read()["occurrences"])


@pytest.mark.parametrize(
    ("first_due", "found"),
    [
        ("2027-03-03", {"2027-03-03": "paid 0.00"}),  # corrected, and paid still
        ("2027-03-08", {"2027-03-08": "paid 0.00"}),
        ("2027-03-12", {"2027-03-05": "paid 0.00", "2027-03-12": "open 120.00"}),  # the next one
    ],
)
def test_another_date_of_what_falls_due_once_and_was_paid_ahead(
    life: Life, first_due: str, found: dict[str, str]
) -> None:
    life.on("03-01").enter(first_due="2027-03-05").pay(0, "100.00")
    assert life.edit(first_due=first_due, amount="120.00")["first_due"] == first_due
    assert life.standings() == found


def test_a_date_that_is_over_and_paid_stays_when_a_near_one_is_said(life: Life) -> None:
    life.on("03-01").enter(first_due="2027-03-05").pay()
    life.on("03-06").edit(first_due="2027-03-08")
    assert life.standings() == {"2027-03-05": "paid 0.00"}


def test_an_overdue_date_keeps_its_date_and_its_amount(life: Life) -> None:
    life.on("01-01").enter(first_due="2027-01-20", repeats=MONTHLY)
    life.pay(0)
    life.on("02-24").edit(first_due="2027-03-10", amount="120.00")
    assert life.standings() | {} == {
        "2027-01-20": "paid 0.00",
        "2027-02-20": "open 100.00",
        **{f"2027-{month:02}-10": "open 120.00" for month in range(3, 13)},
        "2028-01-10": "open 120.00",
        "2028-02-10": "open 120.00",
    }


def test_the_number_of_dates_left_stays_when_the_day_moves(life: Life) -> None:
    life.on("01-01").enter(first_due="2027-01-20", repeats=MONTHLY, count=6)
    life.pay(0), life.pay(1)
    life.on("03-01").edit(first_due="2027-03-25")
    assert life.dates() == ["03-25", "04-25", "05-25", "06-25"]
    life.edit(repeats=WEEKLY)
    assert life.dates() == ["03-25", "04-01", "04-08", "04-15"]
    life.edit(count=2)
    assert life.dates() == ["03-25", "04-01"]


# --- amounts ---


def test_what_was_paid_stays_paid_at_what_it_cost(life: Life) -> None:
    life.on("02-01").enter(first_due="2027-02-05", repeats=MONTHLY)
    for _ in range(3):
        life.pay()
    life.on("04-20").edit(amount="110.00")
    assert life.read()["amount"] == "110.00"
    life.on("05-05").pay()
    assert life.standings() | {} == {
        **{f"2027-{month:02}-05": "paid 0.00" for month in range(2, 6)},
        **{f"2027-{month:02}-05": "open 110.00" for month in range(6, 13)},
        **{f"2028-{month:02}-05": "open 110.00" for month in range(1, 5)},
    }
    amounts = [each["amount"] for each in life.read()["occurrences"][:5]]
    assert amounts == ["100.00", "100.00", "100.00", "110.00", "110.00"]


def test_a_rise_on_the_due_day_after_paying_reopens_nothing(life: Life) -> None:
    life.on("02-01").enter(first_due="2027-02-05", repeats=MONTHLY)
    life.on("02-05").pay()
    changed = life.edit(amount="110.00")
    assert (changed["opens"], changed["closes"]) == ([], [])
    assert life.on("02-06").read()["status"] == "upcoming"
    assert life.standings()["2027-02-05"] == "paid 0.00"


def test_what_was_paid_ahead_keeps_its_amount(life: Life) -> None:
    paid_monthly(life, "05", months=2)
    life.pay(4)
    life.on("03-01").edit(amount="110.00")
    assert [life.standings()[f"2027-0{month}-05"] for month in range(2, 7)] == [
        *("paid 0.00", "open 110.00", "open 110.00", "paid 0.00", "open 110.00"),
    ]
    life.edit(first_due="2027-03-08")
    assert life.dates()[:4] == ["03-08", "04-08", "06-08", "07-08"]
    assert life.dates("paid")[-1] == "05-05"


def test_a_rise_known_beforehand_comes_on_its_day(life: Life) -> None:
    life.on("03-01").enter(first_due="2027-03-05", repeats=MONTHLY)
    changed = life.edit("?from=2027-07-05", amount="110.00")
    assert changed["amount"] == "100.00"
    assert [(each["begins"], each["amount"], each["in_force"]) for each in changed["terms"]] == [
        ("2027-03-05", "100.00", True),
        ("2027-07-05", "110.00", False),
    ]
    amounts = {each["due_on"][5:7]: each["amount"] for each in life.read()["occurrences"]}
    assert [amounts[month] for month in ("05", "06", "07", "08")] == [
        *("100.00", "100.00", "110.00", "110.00"),
    ]
    # what is changed now holds then, too, but for what has its own from then on
    life.edit(first_due="2027-03-08", label="business")
    assert life.dates()[:6] == ["03-08", "04-08", "05-08", "06-08", "07-08", "08-08"]
    amounts = {each["due_on"][5:7]: each["amount"] for each in life.read()["occurrences"]}
    assert [amounts[month] for month in ("05", "06", "07", "08")] == [
        *("100.00", "100.00", "110.00", "110.00"),
    ]
    for _ in range(4):
        life.pay()
    assert life.on("07-01").read()["amount"] == "110.00"
    # the rise is taken back
    assert life.edit("?from=2027-08-01", amount="100.00")["amount"] == "110.00"
    assert life.standings()["2027-08-08"] == "open 100.00"


def test_a_later_day_needs_a_date_that_is_due_then(life: Life) -> None:
    life.on("03-01").enter(first_due="2027-03-05", repeats=MONTHLY, until="2027-06-01")
    for query, said in {
        "?from=2027-07-05": "no date of it is due then: write an earlier day",
        "?from=2027-02-05": "past: leave it out for a change from now on, or say beginning for all "
        "dates",
        "?from=2027-02-30": "no such date: write a day that exists",
    }.items():
        refused = life.try_to_edit(query, amount="110.00")
        assert (refused.status, refused.faults()) == (422, {"from": said})
    assert life.try_to_edit("?from=now", amount="110.00").status == 400
    assert life.read()["amount"] == "100.00"


# --- from the beginning ---


def test_from_the_beginning_says_beforehand_what_it_opens(life: Life) -> None:
    life.on("02-01").enter(first_due="2027-02-05", repeats=MONTHLY)
    life.pay(), life.pay(1, "100.00")
    life.on("04-01")
    refused = life.try_to_edit("?from=beginning", amount="110.00")
    assert (refused.status, set(refused.faults())) == (422, {"confirm"})
    tried = life.edit("?from=beginning&dry_run=true", amount="110.00")
    assert (tried["dry_run"], tried["amount"]) == (True, "110.00")
    assert [(e["due_on"], e["left"]) for e in tried["opens"]] == [("2027-03-05", "10.00")]
    assert life.read()["amount"] == "100.00"
    done = life.edit("?from=beginning&confirm=true", amount="110.00")
    assert [e["due_on"] for e in done["opens"]] == ["2027-03-05"]
    assert life.standings()["2027-03-05"] == "partly_paid 10.00"
    # a payment of all that was owed was one of all
    assert life.standings()["2027-02-05"] == "paid 0.00"
    back = life.edit("?from=beginning&confirm=true", amount="100.00")
    assert [e["due_on"] for e in back["closes"]] == ["2027-03-05"]


def test_dates_from_the_beginning_leave_none_that_was_paid_without_one(life: Life) -> None:
    paid_weekly(life)
    query = "?from=beginning&confirm=true"
    refused = life.try_to_edit(query, repeats={"every": 2, "unit": "week"})
    assert set(refused.faults()) == {"repeats"}
    moved = life.edit(query, first_due="2027-01-05")
    assert [each["nominal_due_on"] for each in moved["occurrences"]][:2] == [
        *("2027-01-05", "2027-01-12")
    ]
    assert moved["opens"] == []


# --- loans ---

LOAN = {
    "method": "equal_instalment",
    "principal": "1000000.00",
    "rate": "4.2",
    "instalments": 360,
}


@pytest.mark.parametrize(("rate", "instalment"), [("4.5", "5065.74"), ("3.5", "4492.93")])
def test_another_rate_holds_for_the_instalments_that_are_left(
    life: Life, rate: str, instalment: str
) -> None:
    life.on("01-01").enter(
        first_due="2027-01-20", repeats=MONTHLY, amount=None, currency="CNY", loan=LOAN
    )
    for number in range(3):
        life.pay(number, "4890.17")
    life.on("04-01").edit(loan=LOAN | {"rate": rate})
    occurrences = life.read()["occurrences"]
    assert [each["amount"] for each in occurrences[:5]] == [*["4890.17"] * 3, *[instalment] * 2]
    assert [each["standing"] for each in occurrences[:4]] == [*["paid"] * 3, "open"]
    schedule = life.person.get(f"{life.address}/schedule?limit=100").json
    assert schedule["count"] == 360
    # said once more it changes nothing
    once_more = life.edit(loan=LOAN | {"rate": rate})
    assert once_more["loan"]["rate_changes"] == [
        {"after": 3, "rate": rate, "stated_instalment": None, "instalments": None}
    ]


def test_the_repayment_day_of_a_loan_moves_and_the_number_left_stays(life: Life) -> None:
    loan = LOAN | {"principal": "12000.00", "rate": "6", "instalments": 12}
    life.on("01-01").enter(
        first_due="2027-01-20", repeats=MONTHLY, amount=None, currency="CNY", loan=loan
    )
    amounts = [each["amount"] for each in life.read()["occurrences"]]
    for number in range(3):
        life.pay(number)
    life.on("04-01").edit(first_due="2027-04-25")
    found = life.read()["occurrences"]
    assert [each["number"] for each in found] == list(range(12))
    assert [each["nominal_due_on"][5:] for each in found[2:4]] == ["03-20", "04-25"]
    assert found[-1]["nominal_due_on"] == "2027-12-25"
    assert [each["amount"] for each in found] == amounts
    schedule = life.person.get(f"{life.address}/schedule").json["instalments"]
    assert [row["nominal_due_on"] for row in schedule[2:4]] == ["2027-03-20", "2027-04-25"]


def test_no_instalment_is_lost_to_one_that_was_paid_ahead(life: Life) -> None:
    """Every two weeks from 20 February falls on 20 March as well, which is paid."""
    loan = LOAN | {"principal": "1200.00", "rate": "6", "instalments": 12}
    life.on("01-01").enter(
        first_due="2027-01-20", repeats=MONTHLY, amount=None, currency="CNY", loan=loan
    )
    for number in (0, 2):
        life.pay(number)
    fortnightly = {"every": 2, "unit": "week"}
    refused = life.on("01-22").try_to_edit(repeats=fortnightly)
    assert refused.status == 422
    (fault,) = refused.json["errors"]
    assert fault["field"] == "repeats"
    assert "2027-03-20 is paid ahead" in fault["detail"]
    life.on("03-21").edit(repeats=fortnightly)
    schedule = life.person.get(f"{life.address}/schedule").json
    assert schedule["count"] == 12


def test_a_term_that_grows_counts_what_is_left(life: Life) -> None:
    loan = LOAN | {"principal": "12000.00", "rate": "0", "instalments": 12}
    life.on("01-01").enter(
        first_due="2027-01-20", repeats=MONTHLY, amount=None, currency="CNY", loan=loan
    )
    for number in range(3):
        life.pay(number)
    life.on("04-01").edit(loan=loan | {"instalments": 21})
    found = life.person.get(f"{life.address}/schedule?limit=100").json
    assert found["count"] == 21
    assert [row["total"] for row in found["instalments"]] == [*["1000.00"] * 3, *["500.00"] * 18]
    refused = life.try_to_edit(loan=loan | {"instalments": 3})
    assert refused.status == 422


def test_a_bill_keeps_what_it_is_when_automatic_payment_ends(life: Life) -> None:
    """What was taken by itself before is not overdue by that; nor is what was overdue paid."""
    life.on("01-01").enter(first_due="2027-01-20", repeats=MONTHLY, autopay=True)
    life.on("03-01").edit(autopay=False)
    assert [each["overdue"] for each in life.read()["occurrences"][:3]] == [False] * 3
    life.on("03-25")
    assert life.read()["next"]["nominal_due_on"] == "2027-03-20"
    assert life.read()["status"] == "overdue"
    life.edit(autopay=True)
    assert life.read()["status"] == "overdue"


def test_a_currency_changes_from_now_on_and_is_never_added(life: Life, stack: MotoStack) -> None:
    life.on("01-01").enter(first_due="2027-01-20", repeats=MONTHLY)
    life.pay(0, "100.00")
    life.pay(1, "40.00")
    life.on("02-01").edit(currency="EUR", amount="120.00")
    found = life.read()["occurrences"]
    assert [(e["amount"], e["currency"], e["left"]) for e in found[:3]] == [
        ("100.00", "GBP", "0.00"),
        ("120.00", "EUR", "120.00"),
        ("120.00", "EUR", "120.00"),
    ]


def test_what_is_entered_reads_back_and_an_old_client_changes_nothing(life: Life) -> None:
    paid_monthly(life, "31").on("04-02").edit(
        amount="110.00", repeats={"every": 2, "unit": "month"}
    )
    bill = life.read()
    assert (bill["amount"], bill["repeats"]["every"]) == ("110.00", 2)
    fields = ("amount", "currency", "first_due", "repeats", "count", "until", "loan", "autopay")
    again = life.edit(**{name: bill[name] for name in fields})
    assert again["terms"] == bill["terms"]
    assert again["occurrences"] == bill["occurrences"]


def test_without_the_etag_nothing_else_is_looked_at(life: Life) -> None:
    life.on("03-01").enter(first_due="2027-03-05")
    for query in ("?from=2027-02-30", "?from=beginning"):
        refused = life.person.call("PATCH", f"{life.address}{query}", {"name": "Flat"})
        assert refused.status == 428, refused.text
