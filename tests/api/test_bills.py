"""Bills through the API: lists, changes, payments, files."""

from decimal import Decimal
from typing import Any

import holidays
import pytest

from bill_reminders import clock
from bill_reminders.files import bills as bills_file
from bill_reminders.importing.importer import import_bills
from bill_reminders.storage import identities
from tests.support.api import Person

CARD = {
    "biller": "Lantern Bank",
    "name": "Credit card",
    "kind": "card",
    "amount": "120.50",
    "currency": "GBP",
    "first_due": "2027-03-05",
    "repeats": {"unit": "month"},
}


def add(person: Person, **fields: Any) -> str:
    """The address of a new bill: the card, but for `fields`."""
    made = person.post("/v1/bills", CARD | fields)
    assert made.status == 201, made.text
    return made.headers["location"]


def listed(person: Person, query: str = "") -> list[str]:
    answer = person.get(f"/v1/bills{query}")
    assert answer.status == 200, answer.text
    return [bill["name"] for bill in answer.json["bills"]]


def test_a_bill_reads_as_it_was_entered(person: Person) -> None:
    bill = person.get(add(person)).json
    assert CARD.items() <= (bill | {"repeats": {"unit": bill["repeats"]["unit"]}}).items()
    assert bill["status"] == "upcoming"
    assert bill["next"]["due_on"] == "2027-03-05"
    assert [each["number"] for each in bill["occurrences"]] == list(range(12))


LOANS = [
    {"method": method, "principal": "12000.00", "rate": rate, "instalments": 12}
    for method, rate in (
        ("equal_instalment", "4.2"),
        ("equal_principal", "7.33"),
        ("interest_only", "0"),
        ("flat_fee", "0.6"),
    )
]


UNSAID = {"rate_changes": [], "stated_instalment": None, "first_period_days": None}
"""What a loan is said to have where nobody entered it."""


@pytest.mark.parametrize("loan", LOANS, ids=[loan["method"] for loan in LOANS])
def test_the_terms_of_a_loan_read_as_they_were_entered(
    person: Person, loan: dict[str, Any]
) -> None:
    address = add(person, kind="loan", amount=None, loan=loan)
    bill = person.get(address).json
    assert bill["loan"] == loan | UNSAID
    assert bill["next"]["amount"] is not None
    changed = person.patch(address, {"name": "Car"}, "*")
    assert (changed.status, changed.json["loan"]) == (200, loan | UNSAID)


def test_lists_go_by_the_date_that_is_due_next(person: Person) -> None:
    add(person, name="later", first_due="2027-04-01")
    add(person, name="soon", first_due="2027-03-02")
    add(person, name="late", first_due="2027-02-20", owed_from="2027-02-01")
    assert listed(person) == ["late", "soon", "later"]
    assert listed(person, "?status=overdue") == ["late"]
    assert listed(person, "?due_from=2027-03-01&due_until=2027-03-31") == ["soon"]


def test_a_closed_bill_is_due_no_more(person: Person) -> None:
    old = add(person, name="old", first_due="2020-01-05", owed_from="2020-01-01")
    add(person, name="soon", first_due="2027-03-02")
    assert listed(person) == ["old", "soon"]
    closed = person.post(f"{old}/close").json
    assert (closed["status"], closed["next"]) == ("closed", None)
    assert listed(person) == ["soon", "old"]
    assert listed(person, "?due_until=2027-12-31") == ["soon"]


def test_several_statuses_are_asked_for_at_once(person: Person) -> None:
    add(person, name="today", first_due="2027-03-01")
    add(person, name="soon", first_due="2027-03-02")
    add(person, name="late", first_due="2027-02-20", owed_from="2027-02-01")
    person.post(f"{add(person, name='closed')}/close")
    assert listed(person, "?status=overdue&status=due_today") == ["late", "today"]
    assert listed(person, "?status=closed") == ["closed"]
    query = "?status=upcoming&status=overdue&limit=1"
    first = person.get(f"/v1/bills{query}").json
    rest = person.get(f"/v1/bills{query}&cursor={first['next_cursor']}").json
    assert [each["name"] for each in (*first["bills"], *rest["bills"])] == ["late", "soon"]
    assert rest["next_cursor"] is None
    refused = person.get("/v1/bills?status=overdue&status=lost")
    assert refused.status == 400
    assert [each["in"] for each in refused.json["errors"]] == ["query"]


def test_filters_by_biller_and_label(person: Person) -> None:
    add(person, name="one", label="business")
    add(person, name="two", biller="Oak Homes")
    assert listed(person, "?label=business") == ["one"]
    assert listed(person, "?biller=oak%20HOMES") == ["two"]


def test_a_list_goes_on_where_its_cursor_says(person: Person) -> None:
    names = [f"bill {number}" for number in range(5)]
    for day, name in enumerate(names, start=2):
        add(person, name=name, first_due=f"2027-03-{day:02}")
    found: list[str] = []
    cursor = ""
    for _ in range(3):
        page = person.get(f"/v1/bills?limit=2{cursor}").json
        found += [bill["name"] for bill in page["bills"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert found == names
    assert page["next_cursor"] is None


def test_nothing_is_skipped_when_a_bill_moves_between_two_pages(person: Person) -> None:
    addresses = [add(person, name=str(day), first_due=f"2027-03-{day:02}") for day in range(2, 6)]
    page = person.get("/v1/bills?limit=2").json
    person.patch(addresses[0], {"first_due": "2027-05-01"}, "*")
    rest = person.get(f"/v1/bills?limit=9&cursor={page['next_cursor']}").json["bills"]
    assert [bill["name"] for bill in rest] == ["4", "5", "2"]


def test_a_change_names_what_it_changes_and_keeps_the_rest(person: Person) -> None:
    address = add(person, plan={"lead_days": [7]})
    before = person.get(address)
    after = person.patch(
        address, {"amount": None, "plan": None, "until": "2028-01-01"}, before.etag
    )
    assert after.status == 200, after.text
    differing = {key for key in before.json if before.json[key] != after.json[key]}
    assert differing >= {"amount", "plan", "until"}
    assert differing <= {
        "amount",
        "currency",
        "plan",
        "until",
        "next",
        "occurrences",
        "terms",
        "planned_reminders",
    }


def test_what_it_costs_to_be_late_is_entered_changed_and_taken_away(person: Person) -> None:
    address = add(person, late_fee="12.5", late_apr="18.2500")
    bill = person.get(address).json
    assert (bill["late_fee"], bill["late_apr"]) == ("12.50", "18.25")
    changed = person.patch(address, {"late_apr": "0", "name": "Card"}, "*").json
    assert (changed["late_fee"], changed["late_apr"]) == ("12.50", "0")
    changed = person.patch(address, {"late_apr": None, "late_fee": None}, "*").json
    assert (changed["late_fee"], changed["late_apr"]) == (None, None)


def test_a_fee_alone_says_the_currency_of_a_bill(person: Person) -> None:
    address = add(person, amount=None, late_fee="35.00")
    changed = person.patch(address, {"name": "Card"}, "*").json
    assert (changed["amount"], changed["currency"], changed["late_fee"]) == (None, "GBP", "35.00")


def test_payments_stay_with_their_due_dates_when_those_move(person: Person) -> None:
    address = add(person)
    person.post(f"{address}/payments", {})
    moved = person.patch(address, {"first_due": "2027-03-08"}, "*").json
    assert moved["occurrences"][0]["standing"] == "paid"
    assert moved["next"]["due_on"] == "2027-04-08"


def test_a_payment_in_part_names_what_is_left(person: Person) -> None:
    address = add(person)
    paid = person.post(f"{address}/payments", {"amount": "20.50"})
    assert paid.status == 201, paid.text
    assert (paid.json["next"]["standing"], paid.json["next"]["left"]) == ("partly_paid", "100.00")


def test_a_payment_can_be_undone(person: Person) -> None:
    address = add(person)
    paid = person.post(f"{address}/payments", {}).json
    assert paid["next"]["due_on"] == "2027-04-05"
    (payment,) = paid["payments"]
    undone = person.call("DELETE", f"{address}/payments/{payment['payment_id']}")
    assert (undone.json["next"]["due_on"], undone.json["payments"]) == ("2027-03-05", [])
    assert person.call("DELETE", f"{address}/payments/{payment['payment_id']}").status == 404


def by_sms(person: Person) -> None:
    settings = person.get("/v1/settings")
    person.patch("/v1/settings", {"plan": {"channels": [{"channel": "sms"}]}}, settings.etag)


def test_a_payment_takes_its_reminders_away_and_undoing_brings_them_back(person: Person) -> None:
    by_sms(person)
    address = add(person)

    def first() -> str:
        return str(person.get(address).json["planned_reminders"][0]["at"])

    assert first() == "2027-03-02T09:00:00Z"
    payment = person.post(f"{address}/payments", {}).json["payments"][0]["payment_id"]
    assert first() == "2027-04-02T08:00:00Z"  # in London clocks are put forward in between
    person.call("DELETE", f"{address}/payments/{payment}")
    assert first() == "2027-03-02T09:00:00Z"


def test_a_statement_says_the_amount_of_one_due_date(person: Person) -> None:
    address = add(person, amount=None, currency=None)
    nothing_known = person.call("PUT", f"{address}/occurrences/0/statement", {"amount": "30.00"})
    assert nothing_known.faults().keys() == {"currency"}
    body = {"amount": "30.00", "currency": "GBP", "minimum": "5"}
    stated = person.call("PUT", f"{address}/occurrences/0/statement", body).json
    assert stated["next"]["amount"] == "30.00"
    assert stated["next"]["minimum"] == "5.00"
    assert stated["occurrences"][1]["amount"] is None


def test_a_snooze_past_the_due_date_is_asked_back(person: Person) -> None:
    address = add(person)
    asked = person.post(f"{address}/snoozes", {"until": "2027-03-08"})
    assert (asked.status, asked.json["type"]) == (422, "/v1/docs#needs-confirmation")
    again = person.post(f"{address}/snoozes", {"until": "2027-03-08", "confirmed": True})
    assert again.status == 201, again.text


def test_a_closed_bill_can_be_read_and_reminds_of_nothing(person: Person) -> None:
    address = add(person)
    closed = person.post(f"{address}/close")
    assert (closed.json["status"], closed.json["planned_reminders"]) == ("closed", [])
    assert person.get(address).json["closed_at"] == closed.json["closed_at"]


def test_a_deleted_bill_is_gone(person: Person) -> None:
    address = add(person)
    assert person.call("DELETE", address).status == 204
    assert person.get(address).status == 404
    assert person.call("DELETE", address).status == 404


CSV = "bill_id,biller,name,first_due\nrent,Oak Homes,Rent,2027-03-09\n"


def send(person: Person, text: str, query: str = "") -> Any:
    answer = person.call(
        "POST", f"/v1/bills/files/csv{query}", raw=text, headers={"content-type": "text/csv"}
    )
    assert answer.status == 200, answer.text
    return answer.json


def test_a_file_goes_in_and_its_bad_rows_are_named(person: Person) -> None:
    done = send(person, CSV + "bad id,Oak,Rent,2027-03-09\n")
    assert (done["new"], [(e["row"], e["column"]) for e in done["errors"]]) == (1, [(3, "bill_id")])
    assert listed(person) == ["Rent"]
    assert send(person, CSV)["unchanged"] == 1


def test_the_largest_amount_and_the_last_day_of_a_file_can_be_changed_later(
    person: Person,
) -> None:
    header = "bill_id,biller,name,first_due,amount,currency"
    row = "deposit,Oak Homes,Deposit,2199-12-31,9999999999999,USD"
    assert send(person, f"{header}\n{row}\n")["new"] == 1
    changed = person.patch("/v1/bills/deposit", {"name": "Key deposit"}, "*")
    assert (changed.status, changed.json["amount"]) == (200, "9999999999999.00")


def test_a_file_goes_in_as_a_whole_or_not_at_all_when_that_is_wanted(person: Person) -> None:
    done = send(person, CSV + "bad id,Oak,Rent,2027-03-09\n", "?all_or_none=true")
    assert (done["new"], len(done["errors"])) == (0, 1)
    assert listed(person) == []


def test_what_is_exported_goes_in_again_unchanged(person: Person) -> None:
    add(person, name="=1+1", plan={"lead_days": [], "channels": [{"channel": "sms"}]})
    add(person, amount=None, loan=LOANS[0], late_fee="0", late_apr="1000")
    text = person.get("/v1/bills/files/csv").text
    report = {"new": 0, "changed": 0, "unchanged": 2, "errors": [], "errors_left_off": 0}
    assert send(person, text) == report
    assert len(person.get("/v1/bills/files/json").json["bills"]) == 2


def longest_remedies() -> str:
    """A file of nearly 512 KiB, in each row but the first the longest remedy and another."""
    names = {
        code: ", ".join(getattr(holidays, code).subdivisions)
        for code in holidays.list_supported_countries()
    }
    country = max(names, key=lambda code: len(names[code]))
    good = CSV.splitlines()[1]
    header = f"{CSV.splitlines()[0]},country,subdivision,late_apr"
    bad = [f"b{n},x,x,2027-03-09,{country},x,x" for n in range(20_000)]
    return "\n".join([header, f"{good},,,", *bad])[: 512 * 1024 - 1].rpartition("\n")[0]


@pytest.mark.parametrize("query", ["", "?all_or_none=true"])
def test_a_long_report_names_the_first_errors_and_is_kept_for_a_repetition(
    person: Person, query: str
) -> None:
    text = longest_remedies()
    sent = {"content-type": "text/csv", "idempotency-key": "a-long-report"}
    first, again = (
        person.post(f"/v1/bills/files/csv{query}", raw=text, headers=sent) for _ in range(2)
    )
    assert (first.status, again.status) == (200, 200), first.text[:200]
    assert again.json == first.json
    assert first.json["new"] == (0 if query else 1)
    assert len(first.json["errors"]) == 500
    bad_rows = len(text.splitlines()) - 2
    assert first.json["errors_left_off"] == 2 * bad_rows - 500


PLANNED = CSV.splitlines()[0] + ",label,lead_days,remind_at\n"


def planned(person: Person, label: str = "", lead_days: str = "", remind_at: str = "") -> Any:
    """The label and plan of the rent, after the user's own file with these cells."""
    row = CSV.splitlines()[1]
    send(person, f"{PLANNED}{row},{label},{lead_days},{remind_at}\n")
    return label_and_plan(person)


def label_and_plan(person: Person) -> tuple[str, Any, Any]:
    rent = person.get("/v1/bills/rent").json
    plan = rent["plan"] or {}
    return rent["label"], plan.get("lead_days"), plan.get("remind_at")


def from_the_biller(person: Person, **cells: str) -> tuple[str, Any, Any]:
    """What is then known of the rent, after the biller's nightly file with these cells."""
    row = dict.fromkeys(bills_file.COLUMNS, "") | {
        "bill_id": "rent",
        "user_id": identities.user_of(person.identity) or "",
        "biller": "Oak Homes",
        "name": "Rent",
        "first_due": "2027-03-09",
        "repeats": "once",
    }
    row |= cells
    parsed = bills_file.read_bills(f"{','.join(row)}\n{','.join(row.values())}\n")
    report = import_bills(parsed.rows, now=clock.now())
    assert (parsed.errors, report.errors) == ((), [])
    return label_and_plan(person)


def test_the_users_own_file_says_what_its_cells_say_and_leaves_the_rest(person: Person) -> None:
    assert planned(person) == ("personal", None, None)
    assert planned(person, "business", "5", "08:00") == ("business", [5], "08:00")
    assert planned(person) == ("business", [5], "08:00")
    assert planned(person, "", "6") == ("business", [6], "08:00")
    assert planned(person, "personal", "", "07:00") == ("personal", [6], "07:00")


@pytest.mark.parametrize("how", ["file", "change"])
def test_what_the_user_said_of_a_bill_outlasts_its_billers_file(person: Person, how: str) -> None:
    assert from_the_biller(person, lead_days="2") == ("personal", [2], None)
    if how == "file":
        planned(person, "business", "5")
    else:
        change = {"label": "business", "plan": {"lead_days": [5]}}
        assert person.patch("/v1/bills/rent", change, "*").status == 200
    assert from_the_biller(person) == ("business", [5], None)
    said = from_the_biller(person, label="personal", lead_days="2", remind_at="08:00")
    assert said == ("business", [5], None)
    assert planned(person, "personal", "6") == ("personal", [6], None)


def test_a_plan_that_the_user_took_away_stays_away(person: Person) -> None:
    from_the_biller(person, lead_days="2")
    assert person.patch("/v1/bills/rent", {"plan": None}, "*").status == 200
    assert from_the_biller(person, lead_days="2") == ("personal", None, None)


def test_another_change_by_the_user_leaves_label_and_plan_to_the_biller(person: Person) -> None:
    from_the_biller(person, lead_days="2")
    assert person.patch("/v1/bills/rent", {"name": "Flat"}, "*").status == 200
    assert from_the_biller(person, label="business", lead_days="3") == ("business", [3], None)


# Loans and automatic payments ---------------------------------------------------------------------

LOAN = {"kind": "loan", "amount": None, "loan": LOANS[0]}


def prepay(person: Person, address: str, **fields: Any) -> Any:
    return person.post(f"{address}/prepayments", {"effect": "lower_instalment"} | fields)


def test_a_prepayment_lowers_what_is_still_to_pay_and_can_be_undone(person: Person) -> None:
    address = add(person, **LOAN)
    before = person.get(address).json["next"]["amount"]
    paid = prepay(person, address, amount="6000")
    assert paid.status == 201, paid.text
    (known,) = paid.json["prepayments"]
    assert (known["after"], known["amount"], known["effect"]) == (0, "6000.00", "lower_instalment")
    assert Decimal(paid.json["next"]["amount"]) < Decimal(before) / 2 + 1
    one = f"{address}/prepayments/{known['prepayment_id']}"
    undone = person.call("DELETE", one)
    assert undone.json["prepayments"] == []
    assert undone.json["next"]["amount"] == before
    assert person.call("DELETE", one).status == 404


def test_prepayments_stand_in_the_order_in_which_they_were_made(person: Person) -> None:
    address = add(person, **LOAN)
    for after in (3, 0):
        prepay(person, address, amount="1000", after=after)
    alike = prepay(person, address, amount="1000.00", after=3)
    assert [each["after"] for each in alike.json["prepayments"]] == [0, 3]


def test_a_prepayment_comes_after_what_is_paid_when_nobody_says(person: Person) -> None:
    address = add(person, **LOAN)
    person.post(f"{address}/payments", {})
    assert prepay(person, address, amount="1000").json["prepayments"][0]["after"] == 1


def test_a_prepayment_stays_with_the_loan_when_another_part_of_the_bill_changes(
    person: Person,
) -> None:
    address = add(person, **LOAN)
    prepay(person, address, amount="1000")
    changed = person.patch(address, {"name": "Car"}, "*")
    assert len(changed.json["prepayments"]) == 1


@pytest.mark.parametrize(
    ("loan", "fields", "at_fault"),
    [
        (LOANS[0], {"amount": "12000.01"}, "amount"),
        (LOANS[0], {"amount": "0"}, "amount"),
        (LOANS[0], {"amount": "10.001"}, "amount"),
        (LOANS[2], {"amount": "10", "effect": "shorter_term"}, "effect"),
        (LOANS[0], {"amount": "10", "after": 12}, "amount"),
        (None, {"amount": "10"}, "bill_id"),
    ],
)
def test_a_prepayment_that_cannot_be_names_its_fault(
    person: Person, loan: dict[str, Any] | None, fields: dict[str, Any], at_fault: str
) -> None:
    address = add(person, **({} if loan is None else LOAN | {"loan": loan}))
    answer = prepay(person, address, **fields)
    assert answer.status == 422, answer.text
    assert [each["field"] for each in answer.json["errors"]] == [at_fault]
    assert person.get(address).json["prepayments"] == []


def test_a_failed_debit_is_told_at_once_and_brings_the_plan_back(person: Person) -> None:
    by_sms(person)
    address = add(person, autopay=True, repeats=None)

    def planned() -> list[str]:
        return [each["at"][:16] for each in person.get(address).json["planned_reminders"]]

    assert planned() == ["2027-03-04T09:00"], "to keep the money in the account"
    failed = person.post(f"{address}/failed-debits", {})
    assert failed.status == 201, failed.text
    assert [each["occurrence"] for each in failed.json["failed_debits"]] == [0]
    at_once, *days = planned()
    assert at_once == "2027-03-01T12:01", "the next minute"
    assert days[:2] == ["2027-03-02T09:00", "2027-03-04T09:00"]


def test_what_was_debited_is_presumed_paid_and_a_failed_debit_is_of_the_last_one(
    person: Person,
) -> None:
    debited = add(person, first_due="2026-01-10", owed_from="2026-01-01", autopay=True)
    before = person.get(debited).json
    assert (before["status"], before["next"]["number"]) == ("upcoming", 14)
    assert not any(each["overdue"] for each in before["occurrences"])
    after = person.post(f"{debited}/failed-debits", {}).json
    assert (after["status"], after["next"]["number"]) == ("overdue", 13)
    assert [each["number"] for each in after["occurrences"] if each["overdue"]] == [13]


def test_a_failed_debit_is_of_a_due_date_of_a_bill_that_is_paid_automatically(
    person: Person,
) -> None:
    by_hand = person.post(f"{add(person)}/failed-debits", {})
    once = add(person, autopay=True, repeats=None)
    never = person.post(f"{once}/failed-debits", {"occurrence": 1})
    person.post(f"{once}/payments", {})
    paid = person.post(f"{once}/failed-debits", {})
    for answer, at_fault in ((by_hand, "bill_id"), (never, "occurrence"), (paid, "occurrence")):
        assert answer.status == 422, answer.text
        assert [each["field"] for each in answer.json["errors"]] == [at_fault]
