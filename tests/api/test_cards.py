"""A card over its statements, through the API on a moved clock: what is due, reminded of and paid.

A card here is due on the 5th of each month, with a statement day on the 15th, for somebody in
London who is reminded by SMS at 09:00 by the default plan.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from bill_reminders.delivery import claims
from bill_reminders.domain.enums import Channel
from bill_reminders.storage import accounts, contacts
from tests.api.conftest import user_id
from tests.support.api import Person
from tests.support.moto_stack import MotoStack, SetClock

DAY = timedelta(days=1)
CARD = {
    "biller": "Lantern Bank",
    "name": "Credit card",
    "kind": "card",
    "currency": "USD",
    "first_due": "2027-02-05",
    "statement_day": 15,
    "repeats": {"unit": "month"},
}
JANUARY = {"amount": "500.00", "minimum": "25.00"}
FEBRUARY = {"amount": "710.00", "minimum": "30.00"}


class Holder:
    """Somebody with a card, who lives from day to day: what is due at 09:00 goes out then."""

    def __init__(self, person: Person, set_clock: SetClock) -> None:
        self.person = person
        self._set_clock = set_clock
        self._now = datetime(2027, 1, 16, 12, tzinfo=UTC)
        self._address = ""
        set_clock(self._now)
        person.registered("Europe/London")
        contacts.take(user_id(person), Channel.SMS, "+12025550123", now=self._now)

    def until(self, day: str) -> "Holder":
        """Live until noon of a day of 2027."""
        at = datetime.combine(datetime.fromisoformat(f"2027-{day}"), time(12), UTC)
        while self._now < at:
            self._now += DAY
            morning = self._now.replace(hour=9)
            self._set_clock(morning)
            claims.claim_next(user_id(self.person), Channel.SMS, now=morning)
        self._set_clock(at)
        return self

    def has(self, **fields: Any) -> "Holder":
        """A card, but for `fields`."""
        made = self.person.post("/v1/bills", CARD | fields)
        assert made.status == 201, made.text
        self._address = made.headers["location"]
        return self

    def gets(self, number: int, **statement: Any) -> Mapping[str, Any]:
        """The bill after a statement for that due date."""
        answer = self.person.call(
            "PUT", f"{self._address}/occurrences/{number}/statement", statement
        )
        assert answer.status == 200, answer.text
        return answer.json

    def takes_back(self, number: int) -> Mapping[str, Any]:
        answer = self.person.call("DELETE", f"{self._address}/occurrences/{number}/statement")
        assert answer.status == 200, answer.text
        return answer.json

    def pays(self, amount: str | None = None, number: int | None = None) -> Mapping[str, Any]:
        answer = self.person.post(
            f"{self._address}/payments", {"amount": amount, "occurrence": number}
        )
        assert answer.status == 201, answer.text
        return answer.json

    def undoes_the_last_payment(self) -> None:
        payment = self.bill["payments"][-1]["payment_id"]
        assert self.person.call("DELETE", f"{self._address}/payments/{payment}").status == 200

    @property
    def bill(self) -> Any:
        return self.person.get(self._address).json

    def standing(self, number: int) -> tuple[str, bool, str]:
        """How a due date stands, whether it is overdue, and what is left of it."""
        one = next(each for each in self.bill["occurrences"] if each["number"] == number)
        return one["standing"], one["overdue"], one["left"]

    def totals(self) -> list[tuple[str, str]]:
        """What is left over all dates from January to May."""
        found = self.person.get("/v1/occurrences?from=2027-01-01&until=2027-05-31").json
        return [(each["left"], each["currency"]) for each in found["totals"]]

    def revisions(self) -> dict[str, int]:
        """The revision of each due date of which something went out."""
        account = accounts.read(user_id(self.person), now=self._now)
        told = (row.reminder for row in account.recorded.values())
        return {each.due_on.isoformat(): each.revision for each in told}

    def told(self, state: str = "claimed") -> list[str]:
        """What went out, or was noted with `state`: the due date and the trigger, first first."""
        rows = self.person.get("/v1/reminders?limit=100").json["reminders"]
        found = [
            (each["planned_at"], f"{each['due_on'][5:]} {each['trigger']}", each["reason"])
            for each in rows
            if each["state"] == state
        ]
        return [what if why is None else f"{what} {why}" for _, what, why in sorted(found)]


@pytest.fixture
def holder(stack: MotoStack, set_clock: SetClock) -> Holder:
    return Holder(Person(stack, "somebody"), set_clock)


LEADS = ["lead:3", "lead:1", "lead:0"]


def leads(due_on: str) -> list[str]:
    return [f"{due_on} {each}" for each in LEADS]


def test_a_minimum_paid_in_time_then_the_next_statement_which_holds_the_rest(
    holder: Holder,
) -> None:
    holder.has().gets(0, **JANUARY)
    holder.until("02-04").pays("25.00")
    holder.until("02-06")
    assert holder.standing(0) == ("minimum_met", False, "475.00")
    assert (holder.bill["status"], holder.bill["next"]["number"]) == ("upcoming", 0)
    assert holder.told() == leads("02-05")
    assert holder.totals() == [("475.00", "USD")]

    holder.until("02-16").gets(1, **FEBRUARY)
    assert holder.totals() == [("710.00", "USD")]
    assert holder.standing(0) == ("carried", False, "0.00")
    assert (holder.bill["status"], holder.bill["next"]["number"]) == ("upcoming", 1)
    assert holder.person.get("/v1/bills?status=overdue").json["bills"] == []

    holder.until("03-04").pays()
    assert holder.standing(1) == ("paid", False, "0.00")
    assert holder.standing(0) == ("carried", False, "0.00")
    assert holder.totals() == []
    holder.until("04-01")
    assert holder.told() == [*leads("02-05"), "03-05 lead:3", "03-05 lead:1"]


def test_a_missed_minimum_stays_overdue_until_the_newer_date_falls_due(holder: Holder) -> None:
    holder.has(plan={"overdue_days": [1, 13, 27, 28, 40]}).gets(0, **JANUARY)
    holder.until("02-06")
    assert holder.standing(0) == ("open", True, "500.00")
    holder.until("02-16").gets(1, **FEBRUARY)
    assert holder.standing(0) == ("open", True, "25.00")
    assert (holder.bill["status"], holder.bill["next"]["left"]) == ("overdue", "25.00")
    assert holder.totals() == [("710.00", "USD")]
    holder.until("03-04")
    assert holder.standing(0) == ("open", True, "25.00")
    holder.until("03-05")
    assert holder.standing(0) == ("carried", False, "0.00")
    assert holder.bill["status"] == "due_today"
    holder.until("03-20")
    late = ["02-05 overdue:1", "02-05 overdue:13", "02-05 overdue:27"]
    assert [each for each in holder.told() if each.startswith("02")] == [*leads("02-05"), *late]
    assert holder.told("skipped") == ["02-05 overdue:28 carried", "02-05 overdue:40 carried"]
    assert holder.totals() == [("710.00", "USD")]


def test_all_that_is_paid_closes_the_newest_statement_and_the_missed_minimum_with_it(
    holder: Holder,
) -> None:
    holder.has(plan={"overdue_days": [1, 20]}).gets(0, **JANUARY)
    holder.until("02-16").gets(1, **FEBRUARY)
    assert holder.until("02-17").pays()["payments"][0]["occurrence"] == 1
    assert [holder.standing(n)[:2] for n in (0, 1)] == [("carried", False), ("paid", False)]
    assert holder.totals() == []
    holder.until("04-01")
    assert holder.told() == [*leads("02-05"), "02-05 overdue:1"]
    holder.undoes_the_last_payment()
    assert holder.standing(1) == ("open", True, "710.00")


def test_a_minimum_that_is_paid_late_is_overdue_until_then(holder: Holder) -> None:
    holder.has(plan={"overdue_days": [1, 4, 8]}).gets(0, **JANUARY)
    holder.until("02-10")
    assert holder.bill["status"] == "overdue"
    holder.pays("24.99")
    assert holder.standing(0) == ("partly_paid", True, "475.01")
    holder.pays("0.01")
    assert holder.standing(0) == ("minimum_met", False, "475.00")
    assert holder.bill["status"] == "upcoming"
    holder.until("02-14")
    assert holder.told() == [*leads("02-05"), "02-05 overdue:1", "02-05 overdue:4"]


def test_what_is_paid_of_the_newer_statement_meets_a_missed_minimum(holder: Holder) -> None:
    holder.has().gets(0, **JANUARY)
    holder.until("02-16").gets(1, **FEBRUARY)
    holder.pays("24.00")
    assert holder.standing(0) == ("open", True, "1.00")
    assert holder.standing(1) == ("partly_paid", False, "686.00")
    holder.pays("1.00")
    assert holder.standing(0) == ("carried", False, "0.00")
    assert holder.standing(1) == ("partly_paid", False, "685.00")
    assert holder.totals() == [("685.00", "USD")]


def test_of_three_statements_the_newest_holds_all(holder: Holder) -> None:
    holder.has().gets(0, amount="500.00")
    holder.until("02-16").gets(1, amount="710.00")
    holder.until("03-16").gets(2, amount="900.00")
    assert [holder.standing(n)[0] for n in range(3)] == ["carried", "carried", "open"]
    assert holder.totals() == [("900.00", "USD")]
    assert holder.pays()["payments"][0]["occurrence"] == 2
    assert holder.totals() == []


def test_a_statement_that_is_taken_back_opens_the_older_again(holder: Holder) -> None:
    holder.has(plan={"overdue_days": [1, 14, 20, 40]}).gets(0, amount="500.00")
    holder.until("02-16").gets(1, amount="710.00")
    assert holder.standing(0) == ("carried", False, "0.00")
    holder.until("02-20")
    assert [each["number"] for each in [holder.takes_back(1)["next"]]] == [0]
    assert holder.standing(0) == ("open", True, "500.00")
    assert holder.standing(1) == ("open", False, None)
    assert holder.totals() == [("500.00", "USD")]
    assert holder.takes_back(1) == holder.bill
    holder.until("02-26")
    assert holder.told()[3:] == ["02-05 overdue:1", "02-05 overdue:20"]
    assert holder.told("skipped") == ["02-05 overdue:14 carried"]


def test_a_late_statement_of_an_older_date_is_history(holder: Holder) -> None:
    holder.has().until("02-16").gets(1, **FEBRUARY)
    holder.until("02-18").gets(0, amount="500.00")
    assert holder.standing(0) == ("carried", False, "0.00")
    assert holder.standing(1) == ("open", False, "710.00")
    assert holder.totals() == [("710.00", "USD")]


def test_a_statement_in_another_currency_takes_nothing_in(holder: Holder) -> None:
    holder.has().gets(0, amount="500.00")
    holder.until("02-16").gets(1, amount="70000", currency="JPY")
    assert holder.standing(0) == ("open", True, "500.00")
    assert sorted(holder.totals()) == [("500.00", "USD"), ("70000", "JPY")]
    holder.until("03-16").gets(2, amount="600.00", currency="USD")
    assert holder.standing(0) == ("carried", False, "0.00")
    assert holder.standing(1) == ("open", True, "70000")
    assert sorted(holder.totals()) == [("600.00", "USD"), ("70000", "JPY")]


@pytest.mark.parametrize("amount", ["0", "0.00", "-12.00"])
def test_a_statement_of_nothing_or_a_credit_leaves_nothing_to_pay(
    holder: Holder, amount: str
) -> None:
    holder.has().gets(0, **JANUARY)
    holder.until("02-16").gets(1, amount=amount)
    assert holder.standing(0) == ("carried", False, "0.00")
    assert holder.standing(1)[1:] == (False, "0.00")
    one = next(each for each in holder.bill["occurrences"] if each["number"] == 1)
    assert one["amount"] == ("-12.00" if amount == "-12.00" else "0.00")
    assert holder.totals() == []
    assert holder.bill["next"]["number"] == 2
    holder.until("03-20")
    assert holder.told() == [*leads("02-05"), "02-05 overdue:1"]


def test_a_card_on_autopay_is_told_a_day_before_each_statements_date(holder: Holder) -> None:
    holder.has(autopay=True).gets(0, **JANUARY)
    holder.until("02-16").gets(1, **FEBRUARY)
    assert holder.totals() == [("710.00", "USD")]
    holder.until("03-10")
    assert holder.told() == ["02-05 lead:1", "03-05 lead:1"]
    assert holder.totals() == []


def test_a_failed_debit_of_what_a_newer_statement_took_in_is_told(holder: Holder) -> None:
    holder.has(autopay=True).gets(0, amount="500.00")
    holder.until("02-16").gets(1, amount="710.00")
    holder.until("02-17")
    failed = holder.person.post(f"{holder._address}/failed-debits", {"occurrence": 0})
    assert failed.status == 201
    assert holder.standing(0) == ("carried", False, "0.00")
    holder.until("02-18")
    (told,) = [each for each in holder.told() if "autopay" in each]
    assert told.startswith("02-05 autopay_failed:")


@pytest.mark.parametrize("kind", ["utility", "other", "card"])
def test_statements_of_other_bills_are_each_owed_on_their_own(holder: Holder, kind: str) -> None:
    holder.has(kind=kind, statement_day=None, name="Water").gets(0, amount="30.00")
    holder.until("02-16").gets(1, amount="31.00")
    assert holder.standing(0) == ("open", True, "30.00")
    assert holder.totals() == [("61.00", "USD")]
    assert holder.pays()["payments"][0]["occurrence"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": "card"},
        {"kind": "other"},
        {"kind": "other", "statement_day": None, "due_after_statement": 21},
    ],
    ids=["of that kind", "by its statement day", "by its days after the statement"],
)
def test_what_is_a_card(holder: Holder, fields: dict[str, Any]) -> None:
    holder.has(**fields).gets(0, amount="500.00")
    holder.until("02-16").gets(1, amount="710.00")
    assert holder.totals() == [("710.00", "USD")]


def test_what_is_stated_ahead_of_its_time_silences_nothing_before_it(holder: Holder) -> None:
    holder.has(amount="100.00").gets(3, amount="300.00")
    assert [holder.standing(n)[0] for n in range(4)] == ["open"] * 4
    assert holder.totals() == [("600.00", "USD")]
    holder.until("02-07")
    assert holder.told() == [*leads("02-05"), "02-05 overdue:1"]
    assert holder.standing(0) == ("open", True, "100.00")


# Its own due date --------------------------------------------------------------------------------


def test_a_statements_own_date_moves_that_one_and_the_others_stay(holder: Holder) -> None:
    bill = holder.has().gets(1, **FEBRUARY, due_on="2027-03-12")
    assert [each["due_on"] for each in bill["occurrences"][:3]] == [
        "2027-02-05",
        "2027-03-12",
        "2027-04-05",
    ]
    holder.until("03-13")
    assert [each for each in holder.told() if each.startswith("03")] == [
        *leads("03-12"),
        "03-12 overdue:1",
    ]
    found = holder.person.get("/v1/occurrences?from=2027-03-05&until=2027-03-12").json
    assert [each["due_on"] for each in found["occurrences"]] == ["2027-03-12"]


def test_a_date_that_was_heard_of_is_told_anew_as_one_that_changed(holder: Holder) -> None:
    holder.has().gets(0, **JANUARY)
    holder.until("02-03")
    holder.gets(0, **JANUARY, due_on="2027-02-15")
    holder.until("02-16")
    assert holder.told() == [
        "02-05 lead:3",
        *leads("02-15"),
        "02-15 overdue:1",
    ]
    assert holder.revisions() == {"2027-02-15": 1}


def test_an_own_date_that_is_taken_back_is_the_usual_one(
    holder: Holder,
) -> None:
    holder.has().gets(0, **JANUARY, due_on="2027-02-10")
    assert holder.takes_back(0)["next"]["due_on"] == "2027-02-05"
    holder.until("02-06")
    assert holder.told() == [*leads("02-05"), "02-05 overdue:1"]


@pytest.mark.parametrize(
    ("due_on", "remedy"),
    [
        ("2027-02-04", "before the due date that comes before it: write that date or a later"),
        ("2027-04-06", "after the due date that follows it: write that date or an earlier one"),
    ],
)
def test_a_statements_own_date_lies_between_its_neighbours(
    holder: Holder, due_on: str, remedy: str
) -> None:
    holder.has()
    path = f"{holder._address}/occurrences/1/statement"
    refused = holder.person.call("PUT", path, {"amount": "5", "due_on": due_on})
    assert refused.status == 422
    assert refused.faults()["due_on"].startswith(remedy)


def test_the_own_dates_of_its_neighbours_count(holder: Holder) -> None:
    holder.has().gets(0, amount="5.00", due_on="2027-03-01")
    path = f"{holder._address}/occurrences/1/statement"
    body = {"amount": "5", "due_on": "2027-02-28"}
    assert holder.person.call("PUT", path, body).status == 422
    assert holder.person.call("PUT", path, body | {"due_on": "2027-03-01"}).status == 200


def test_a_statements_own_date_before_the_bill_is_owed_is_refused(holder: Holder) -> None:
    holder.has()
    path = f"{holder._address}/occurrences/0/statement"
    refused = holder.person.call("PUT", path, {"amount": "5", "due_on": "2027-01-10"})
    assert "set its owed_from" in refused.faults()["due_on"]


def test_an_own_date_goes_for_a_bill_that_is_no_card(holder: Holder) -> None:
    holder.has(kind="utility", statement_day=None, name="Power")
    holder.gets(0, amount="60.00", due_on="2027-02-09")
    assert holder.bill["next"]["due_on"] == "2027-02-09"
