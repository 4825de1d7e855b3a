"""What is entered reads back, whatever it is: between JSON, cells, bills and table items."""

import csv
import io
from datetime import date
from typing import Any

from hypothesis import given

from bill_reminders.api.bills import BillChange, BillFields, fields_view, merged, read_fields
from bill_reminders.api.plans import PlanFields, cells_of
from bill_reminders.api.settings import SettingsChange, changed
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.people import User
from bill_reminders.files.bills import OWN_COLUMNS, read_own_bills
from bill_reminders.files.export import write_bills
from bill_reminders.files.plans import plan_change
from bill_reminders.files.rows import Row
from bill_reminders.files.users import COLUMNS, read_users
from bill_reminders.pages.view import plan_cells
from bill_reminders.storage.rows import bill_from, bill_item, user_from, user_item
from bill_reminders.storage.tables import BillItem, UserItem
from tests.support.bodies import bill_bodies, settings_changes
from tests.support.examples import examples
from tests.support.people import a_user

TODAY = date(2027, 3, 1)

MANY = examples(120)


def entered(body: dict[str, Any]) -> Bill:
    row = read_fields(BillFields.model_validate(body), user_id="somebody", bill_id="bill")
    return row.bill(TODAY)


def stored(bill: Bill) -> Bill:
    """The bill as a table gives it back."""
    item = BillItem()
    item.deserialize(bill_item(bill).serialize())
    return bill_from(item)


@given(bill_bodies())
def test_the_bodies_name_every_field_of_a_bill(body: dict[str, Any]) -> None:
    assert body.keys() == BillFields.model_fields.keys()


@given(settings_changes())
def test_the_bodies_name_every_setting(change: dict[str, Any]) -> None:
    assert change.keys() == SettingsChange.model_fields.keys()


@MANY
@given(bill_bodies())
def test_a_bill_reads_in_json_as_it_was_entered(body: dict[str, Any]) -> None:
    assert fields_view(entered(body)).model_dump() == body


@MANY
@given(bill_bodies())
def test_a_bill_comes_out_of_its_table_as_it_went_in(body: dict[str, Any]) -> None:
    bill = entered(body)
    assert stored(bill) == bill
    assert fields_view(stored(bill)).model_dump() == body


@MANY
@given(bill_bodies())
def test_a_bill_comes_out_of_a_file_as_it_went_in(body: dict[str, Any]) -> None:
    bill = entered(body)
    text = write_bills([bill])
    assert text.splitlines()[0].split(",") == list(OWN_COLUMNS)
    parsed = read_own_bills(text, "somebody")
    assert parsed.errors == ()
    (again,) = (row.bill(TODAY) for row in parsed.rows)
    assert again == bill
    assert write_bills([again]) == text


@MANY
@given(bill_bodies())
def test_a_change_of_nothing_leaves_a_bill_as_it_was(body: dict[str, Any]) -> None:
    bill = entered(body)
    fields = merged(bill, BillChange.model_validate({"label": body["label"]}))
    assert read_fields(fields, user_id="somebody", bill_id="bill").bill(TODAY) == bill


@given(bill_bodies())
def test_the_plan_of_a_bill_reads_back_from_the_fields_of_its_page(body: dict[str, Any]) -> None:
    change = entered(body).plan_change
    assert plan_change(Row(0, plan_cells(change))) == change


def with_settings(change: dict[str, Any]) -> User:
    return changed(a_user(), SettingsChange.model_validate(change))


@given(settings_changes())
def test_settings_come_out_of_their_table_as_they_went_in(change: dict[str, Any]) -> None:
    user = with_settings(change)
    item = UserItem()
    item.deserialize(user_item(user).serialize())
    assert user_from(item) == user


@given(settings_changes())
def test_settings_mean_the_same_in_a_file_and_in_json(change: dict[str, Any]) -> None:
    quiet = change["quiet_hours"]
    cells = cells_of(PlanFields.model_validate(change["plan"])) | {
        "user_id": "somebody",
        "language": change["language"],
        "time_zone": change["time_zone"],
        "quiet_hours": "" if quiet is None else f"{quiet['start']}-{quiet['end']}",
        "paused_until": change["paused_until"] or "",
    }
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS)
    writer.writeheader()
    writer.writerow(cells)
    parsed = read_users(text.getvalue())
    assert parsed.errors == ()
    filed, set_so = parsed.rows[0].user, with_settings(change)
    assert (filed.language, filed.zone, filed.plan) == (set_so.language, set_so.zone, set_so.plan)
    assert filed.quiet_hours == set_so.quiet_hours
    assert filed.paused_until == set_so.paused_until
