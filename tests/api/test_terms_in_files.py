"""Bills whose terms change, in files: a row for each of the terms, and what an export writes."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from bill_reminders.api.bills import BillFields
from bill_reminders.files.bill_fields import OF_TERMS
from tests.support.api import Person

SetClock = Callable[[datetime], None]

HEADER = "bill_id,from,biller,name,amount,currency,first_due,repeats,note"
FROM_JANUARY = "rent,,Harbor Homes,Rent,1000.00,USD,2027-01-05,every month,by bank"
FROM_JULY = "rent,2027-07-05,Harbor Homes,Rent,1100.00,USD,2027-01-05,every month,"


class Files:
    """A person's bills, by files, on a clock that tests move."""

    def __init__(self, person: Person, set_clock: SetClock) -> None:
        self.person, self.set_clock = person, set_clock

    def on(self, day: str) -> "Files":
        self.set_clock(datetime.fromisoformat(f"{day}T12:00").replace(tzinfo=UTC))
        return self

    def send(self, *rows: str, header: str = HEADER, query: str = "") -> Any:
        text = "\n".join([header, *rows])
        return self.send_text(text, query)

    def send_text(self, text: str, query: str = "") -> Any:
        answer = self.person.call(
            "POST",
            f"/v1/bills/files/csv{query}",
            raw=text,
            headers={"content-type": "text/csv"},
        )
        assert answer.status == 200, answer.text
        return answer.json

    def export(self) -> str:
        return self.person.get("/v1/bills/files/csv").text

    def rows(self) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(self.export())))

    def bill(self, bill_id: str = "rent") -> Any:
        return self.person.get(f"/v1/bills/{bill_id}").json

    def costs(self, bill_id: str = "rent") -> dict[str, str]:
        found = self.bill(bill_id)["occurrences"]
        return {each["nominal_due_on"]: each["amount"] for each in found}


@pytest.fixture
def files(person: Person, set_clock: SetClock) -> Files:
    return Files(person, set_clock)


def counts(report: Any) -> tuple[int, int, int]:
    return report["new"], report["changed"], report["unchanged"]


def faults(report: Any) -> list[tuple[int, str]]:
    return [(each["row"], each["column"]) for each in report["errors"]]


def test_a_row_for_each_of_the_terms_makes_one_bill(files: Files) -> None:
    assert counts(files.on("2027-05-20").send(FROM_JANUARY, FROM_JULY)) == (1, 0, 0)
    costs = files.costs()
    assert costs["2027-06-05"] == "1000.00"
    assert costs["2027-07-05"] == "1100.00"
    assert files.bill()["amount"] == "1000.00"
    assert files.bill()["note"] == "by bank"
    assert files.on("2027-06-20").bill()["amount"] == "1100.00"


def test_the_order_of_the_rows_says_nothing(files: Files) -> None:
    files.on("2027-05-20").send(FROM_JULY.replace("month,", "month,by bank"), FROM_JANUARY)
    assert files.costs()["2027-06-05"] == "1000.00"
    assert files.costs()["2027-08-05"] == "1100.00"


def test_the_same_file_again_changes_nothing_in_any_month(files: Files) -> None:
    files.on("2027-05-20").send(FROM_JANUARY, FROM_JULY)
    assert counts(files.send(FROM_JANUARY, FROM_JULY)) == (0, 0, 1)
    dated = FROM_JANUARY.replace("rent,,", "rent,2027-01-05,")
    for day in ("2027-06-20", "2027-07-05", "2027-09-01"):
        assert counts(files.on(day).send(dated, FROM_JULY)) == (0, 0, 1), day


def test_a_row_of_a_later_day_alone_leaves_what_is_before_it(files: Files) -> None:
    files.on("2027-05-20").send(FROM_JANUARY)
    later = FROM_JULY.replace("month,", "month,by bank")
    assert counts(files.send(later)) == (0, 1, 0)
    assert files.costs()["2027-06-05"] == "1000.00"
    assert files.costs()["2027-07-05"] == "1100.00"


def test_a_file_without_the_later_row_leaves_it(files: Files) -> None:
    files.on("2027-05-20").send(FROM_JANUARY, FROM_JULY)
    renamed = FROM_JANUARY.replace(",Rent,", ",Flat,")
    assert counts(files.send(renamed)) == (0, 1, 0)
    assert files.bill()["name"] == "Flat"
    assert files.costs()["2027-07-05"] == "1100.00"


def test_a_new_bill_that_begins_on_a_day_owes_nothing_before_it(files: Files) -> None:
    files.on("2027-05-20").send(FROM_JULY)
    assert next(iter(files.costs())) == "2027-07-05"


def test_rows_whose_dates_are_over_say_nothing_of_a_bill_that_is_known(files: Files) -> None:
    dated = FROM_JANUARY.replace("rent,,", "rent,2027-01-05,")
    files.on("2027-05-20").send(dated, FROM_JULY)
    before = files.on("2027-09-01").bill()
    assert counts(files.send(dated.replace("1000.00", "900.00"), FROM_JULY)) == (0, 0, 1)
    assert files.bill() == before


def test_a_step_from_a_later_day_has_no_date_before_it(files: Files) -> None:
    """Weeks from August on, of a bill of quarters."""
    header = "bill_id,from,biller,name,amount,currency,first_due,repeats"
    rows = (
        "gas,,Harbor Gas,Gas,90.00,USD,2027-01-05,every 3 months",
        "gas,2027-08-06,Harbor Gas,Gas,9.00,USD,2027-07-02,every week",
    )
    files.on("2027-05-20").send(rows[0], header=header)
    files.send(rows[1], header=header)
    costs = files.costs("gas")
    assert [day for day in costs if "2027-07" <= day < "2027-08-20"] == [
        *("2027-07-05", "2027-08-06", "2027-08-13"),
    ]


@pytest.mark.parametrize(
    ("second", "fault"),
    [
        (FROM_JULY.replace("Harbor", "Other"), (3, "biller")),
        (FROM_JULY + "another", (3, "note")),
        (FROM_JULY.replace("2027-07-05", "soon"), (3, "from")),
        (FROM_JULY.replace("2027-07-05", ""), (3, "bill_id")),
    ],
)
def test_a_row_that_does_not_go_with_the_first_is_named(
    files: Files, second: str, fault: tuple[int, str]
) -> None:
    report = files.on("2027-05-20").send(FROM_JANUARY, second)
    assert fault in faults(report)


def test_half_of_a_bills_terms_is_never_taken(files: Files) -> None:
    report = files.on("2027-05-20").send(FROM_JANUARY, FROM_JULY.replace("1100.00", "11oo.oo"))
    assert faults(report) == [(2, "bill_id"), (3, "amount")]
    assert counts(report) == (0, 0, 0)


def test_the_other_columns_may_be_empty_but_in_the_first_row(files: Files) -> None:
    report = files.on("2027-05-20").send(FROM_JANUARY, FROM_JULY.replace("Harbor Homes,Rent", ","))
    assert report["errors"] == []
    assert files.costs()["2027-07-05"] == "1100.00"


# --- exports ---


def test_an_export_has_a_row_for_each_of_the_terms_and_reads_back(files: Files) -> None:
    files.on("2027-05-20").send(FROM_JANUARY, FROM_JULY)
    rows = files.rows()
    assert [(row["from"], row["amount"]) for row in rows] == [
        ("2027-01-05", "1000.00"),
        ("2027-07-05", "1100.00"),
    ]
    text = files.export()
    assert counts(files.send_text(text)) == (0, 0, 1)
    assert counts(files.on("2027-09-01").send_text(files.export())) == (0, 0, 1)
    before = files.costs()
    files.person.call("DELETE", "/v1/bills/rent")
    assert counts(files.send_text(files.export() or text)) == (0, 0, 0)
    assert counts(files.send_text(text)) == (1, 0, 0)
    assert files.costs().items() >= {k: v for k, v in before.items() if k > "2027-09"}.items()


def test_a_bill_with_one_set_of_terms_has_no_day(files: Files) -> None:
    files.on("2027-05-20").send(FROM_JANUARY)
    assert [row["from"] for row in files.rows()] == [""]


def test_a_changed_row_of_an_export_changes_those_terms(files: Files) -> None:
    files.on("2027-05-20").send(FROM_JANUARY, FROM_JULY)
    assert counts(files.send_text(files.export().replace("1100.00", "1150.00"))) == (0, 1, 0)
    assert files.costs()["2027-06-05"] == "1000.00"
    assert files.costs()["2027-07-05"] == "1150.00"


def test_the_late_fee_of_another_currency_stays_with_its_terms(files: Files) -> None:
    header = "bill_id,from,biller,name,amount,currency,first_due,repeats,late_fee"
    files.on("2027-05-20").send(
        "rent,,Harbor Homes,Rent,1000.00,GBP,2027-01-05,every month,25.00",
        "rent,2027-07-05,Harbor Homes,Rent,1150.00,EUR,2027-01-05,every month,",
        header=header,
    )
    assert files.bill()["late_fee"] == "25.00"
    assert counts(files.send_text(files.export())) == (0, 0, 1)
    assert [row["late_fee"] for row in files.rows()] == ["25.00", ""]


# --- JSON ---

RENT = {
    "biller": "Harbor Homes",
    "name": "Rent",
    "amount": "1000.00",
    "currency": "USD",
    "first_due": "2027-01-05",
    "repeats": {"every": 1, "unit": "month"},
}


def entered(files: Files, *terms: dict[str, Any], **fields: Any) -> Any:
    made = files.person.post("/v1/bills", RENT | fields | {"terms": list(terms)})
    assert made.status == 201, made.text
    return made.json


def test_a_bill_is_entered_with_what_is_known_of_later(files: Files) -> None:
    """What a later set of terms leaves out stays as it was before it."""
    bill = entered(
        files.on("2027-05-20"),
        {"from": "2027-09-01", "first_due": "2027-09-12"},
        {"from": "2027-07-01", "amount": "1100.00"},
    )
    costs = {each["nominal_due_on"]: each["amount"] for each in bill["occurrences"]}
    assert [costs[f"2027-{day}"] for day in ("06-05", "07-05", "09-12")] == [
        *("1000.00", "1100.00", "1100.00"),
    ]
    assert "2027-09-05" not in costs
    said = [(each["from"], each["amount"], each["in_force"]) for each in bill["terms"]]
    assert said == [
        ("2027-01-05", "1000.00", True),
        ("2027-07-05", "1100.00", False),
        ("2027-09-05", "1100.00", False),  # whose place 12 September takes
    ]


@pytest.mark.parametrize(
    ("terms", "field"),
    [
        ({"from": "2027-02-30"}, "terms.1.from"),
        ({"from": "2027-08-01", "currency": "XQQ"}, "terms.1.currency"),
        ({"from": "2027-08-01", "until": "2026-01-01"}, "terms.1.until"),
    ],
)
def test_a_fault_of_later_terms_is_named_where_it_stands(
    files: Files, terms: dict[str, Any], field: str
) -> None:
    good = {"from": "2027-07-01", "amount": "1100.00"}
    made = files.on("2027-05-20").person.post("/v1/bills", RENT | {"terms": [good, terms]})
    assert made.status == 422
    assert field in [each["field"] for each in made.json["errors"]]
    assert files.person.get("/v1/bills").json["bills"] == []


def test_a_json_export_holds_all_terms_and_reads_back(files: Files) -> None:
    entered(
        files.on("2027-05-20"),
        {"from": "2027-07-01", "amount": "1100.00"},
        {"from": "2027-09-01", "autopay": True, "repeats": {"every": 2, "unit": "week"}},
        owed_from="2027-01-01",
    )
    (bill,) = files.on("2027-08-10").person.get("/v1/bills/files/json").json["bills"]
    assert [each["from"] for each in bill["terms"]] == ["2027-01-05", "2027-07-05", "2027-09-05"]
    body = {name: bill[name] for name in BillFields.model_fields}
    body["terms"] = [
        {name: each[name] for name in ("from", *(each.name for each in OF_TERMS))}
        for each in bill["terms"]
    ]
    made = files.person.post("/v1/bills", body)
    assert made.status == 201, made.text
    one, again = (files.bill(each) for each in (bill["bill_id"], made.json["bill_id"]))
    assert again["terms"] == one["terms"]
    assert [e["due_on"] for e in again["occurrences"]] == [e["due_on"] for e in one["occurrences"]]


# --- what cannot be ---


def test_a_file_says_nothing_of_a_loan_that_is_over(files: Files) -> None:
    header = "bill_id,biller,name,currency,first_due,repeats,loan_method,principal,rate,instalments"
    loan = "car,Harbor Bank,Car,USD,2027-01-05,every month,equal_instalment,1200.00,6,12"
    files.on("2027-01-02").send(loan, header=header)
    report = files.on("2028-03-01").send(
        loan.replace(",6,12", ",7,12"), loan.replace("car,", "van,"), header=header
    )
    assert (report["errors"], counts(report)) == ([], (1, 0, 1))
    assert files.bill("car")["loan"]["rate"] == "6"


def test_a_change_of_what_is_over_says_that_nothing_would_change(files: Files) -> None:
    files.on("2027-01-02").send(
        "rent,Harbor Homes,Rent,1000.00,USD,2027-01-05,every month,2",
        header="bill_id,biller,name,amount,currency,first_due,repeats,count",
    )
    refused = files.on("2027-05-20").person.patch("/v1/bills/rent", {"amount": "900.00"}, "*")
    assert refused.status == 422
    assert refused.json["errors"][0]["field"] == "from", refused.text
    renamed = files.person.patch("/v1/bills/rent", {"name": "Flat"}, "*")
    assert renamed.status == 200, renamed.text
    later = files.person.patch("/v1/bills/rent", {"count": 7}, "*")
    assert [each["due_on"] for each in later.json["occurrences"] if each["due_on"] > "2027-03"] == [
        *("2027-06-05", "2027-07-05"),
    ]
