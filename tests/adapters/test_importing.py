"""The import command: what is good goes in, what is bad is named with its remedy."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bill_reminders.domain.terms import Channel
from bill_reminders.files import bills as bills_file
from bill_reminders.files import users as users_file
from bill_reminders.importing.__main__ import main
from bill_reminders.storage import accounts, tables
from bill_reminders.storage.happenings import record_payment
from tests.adapters.conftest import SetClock
from tests.support import wire
from tests.support.entered import ENTERED, NINE, schedule, wakes_at
from tests.support.moto_stack import STACK, MotoStack
from tests.support.people import EMAIL, PHONE
from tests.support.template import ROOT

TOKEN = "token-of-a-device-of-anna"
USERS = [
    {"user_id": "anna", "channels": "sms", "phone": PHONE},
    {"user_id": "ben", "channels": "email", "email": EMAIL, "time_zone": "Europe/London"},
]
BILLS = [
    {"bill_id": "rent", "user_id": "anna", "amount": "1200.00", "repeats": "every month"},
    {"bill_id": "power", "user_id": "anna", "amount": "80.10"},
    {"bill_id": "rent", "user_id": "ben", "amount": "", "currency": ""},
]
A_USER = {
    "language": "en",
    "time_zone": "UTC",
    "attested_by": "Branch desk",
    "attested_at": "2027-01-01",
    "evidence": "form 7",
}
A_BILL = {
    "biller": "Lantern Bank",
    "name": "Loan",
    "currency": "USD",
    "first_due": "2027-03-04",
    "repeats": "once",
}

Run = Callable[..., int]
Files = Callable[..., tuple[Path, Path]]


def csv_text(columns: tuple[str, ...], rows: list[dict[str, str]], usual: dict[str, str]) -> str:
    filled = (usual | row for row in rows)
    lines = [",".join(row.get(column, "") for column in columns) for row in filled]
    return "\n".join([",".join(columns), *lines, ""])


@pytest.fixture
def files(tmp_path: Path) -> Files:
    def write(users: list[Any] = USERS, bills: list[Any] = BILLS) -> tuple[Path, Path]:
        of_users, of_bills = tmp_path / "users.csv", tmp_path / "bills.csv"
        of_users.write_text(csv_text(users_file.COLUMNS, users, A_USER))
        of_bills.write_text(csv_text(bills_file.COLUMNS, bills, A_BILL))
        return of_users, of_bills

    return write


@pytest.fixture
def run(stack: MotoStack, set_clock: SetClock) -> Run:
    """The command on the stack, in February 2027."""
    set_clock(ENTERED)

    def command(users: Path | None, bills: Path | None, *more: str, name: str = STACK) -> int:
        arguments = ["--stack", name, *more]
        arguments += [] if users is None else ["--users", str(users)]
        arguments += [] if bills is None else ["--bills", str(bills)]
        return main(arguments)

    return command


def with_row(rows: list[dict[str, str]], **row: str) -> list[dict[str, str]]:
    return [*rows, row]


# Good files --------------------------------------------------------------------------------------


def test_good_files_go_in_and_wake_their_users(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*files()) == 0
    assert capsys.readouterr().out.splitlines() == [
        "users: 2 new; 0 bad rows",
        "bills: 3 new; 0 bad rows",
    ]
    anna = accounts.read("anna", now=NINE)
    assert {bill.bill_id for bill in anna.bills} == {"rent", "power"}
    assert {bill.owed_from for bill in anna.bills} == {date(2027, 2, 1)}
    assert anna.user.address(Channel.SMS) is not None
    assert wakes_at("anna") == NINE
    assert wakes_at("ben", Channel.EMAIL) == NINE
    assert 0 <= schedule("anna").shard < 4


def test_the_samples_go_in(run: Run, application: str) -> None:
    samples = ROOT / "samples"
    application_given = ("--push-application", application)
    assert run(samples / "users.csv", samples / "bills.csv", *application_given) == 0


def test_importing_again_changes_nothing(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*files())
    record_payment("anna", "rent", 0, payment_id="payment", now=ENTERED)
    versions = {name: schedule(name).version for name in ("anna", "ben")}
    capsys.readouterr()
    assert run(*files()) == 0
    assert capsys.readouterr().out.splitlines() == [
        "users: 2 unchanged; 0 bad rows",
        "bills: 3 unchanged; 0 bad rows",
    ]
    assert {name: schedule(name).version for name in ("anna", "ben")} == versions
    rent = accounts.read("anna", now=NINE).bill("rent")
    assert rent is not None
    assert rent.is_closed(0)


def test_importing_again_says_what_changed(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    run(*files())
    capsys.readouterr()
    users = [USERS[0] | {"time_zone": "Asia/Tokyo"}, USERS[1]]
    bills = [BILLS[0] | {"name": "Rent"}, *BILLS[1:], BILLS[1] | {"bill_id": "water"}]
    assert run(*files(users, bills)) == 0
    assert capsys.readouterr().out.splitlines() == [
        "users: 1 changed, 1 unchanged; 0 bad rows",
        "bills: 1 changed, 1 new, 2 unchanged; 0 bad rows",
    ]


# Bad rows ----------------------------------------------------------------------------------------


def test_bad_rows_are_named_with_their_remedy_and_the_others_go_in(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    users, bills = files(
        with_row(USERS, user_id="carl", channels="fax", phone="202 555 0177"),
        with_row(BILLS, bill_id="late", user_id="anna", first_due="2027-02-30"),
    )
    assert run(users, bills) == 1
    *errors, of_users, of_bills = capsys.readouterr().out.splitlines()
    assert [error.partition(": ")[0] for error in errors] == [
        f"{users}, row 4, channels",
        f"{users}, row 4, phone",
        f"{bills}, row 5, first_due",
    ]
    assert "write sms, push and email" in errors[0]
    assert "write + and the country code" in errors[1]
    assert "write YYYY-MM-DD" in errors[2]
    assert of_users == "users: 2 new; 1 bad rows"
    assert of_bills == "bills: 3 new; 1 bad rows"
    assert not accounts.exists("carl")
    assert accounts.read("anna", now=NINE).bill("late") is None


@pytest.mark.parametrize("bad", ["users", "bills"])
def test_all_or_none_imports_none_when_a_row_is_bad(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str], bad: str
) -> None:
    users = with_row(USERS, user_id="carl", channels="fax") if bad == "users" else USERS
    bills = with_row(BILLS, bill_id="late", user_id="nobody") if bad == "bills" else BILLS
    assert run(*files(users, bills), "--all-or-none") == 1
    told = capsys.readouterr().out.splitlines()
    assert told[-1].startswith("nothing was imported")
    assert f"{bad}.csv, row" in told[0]
    assert not accounts.exists("anna")


def test_all_or_none_imports_all_when_every_row_is_good(run: Run, files: Files) -> None:
    assert run(*files(), "--all-or-none") == 0
    assert len(accounts.read("anna", now=NINE).bills) == 2


def test_bills_of_unknown_users_are_named_and_the_others_go_in(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    users, bills = files(bills=with_row(BILLS, bill_id="rent", user_id="nobody"))
    assert run(users, None) == 0
    capsys.readouterr()
    assert run(None, bills) == 1
    error, counts = capsys.readouterr().out.splitlines()
    assert error.startswith(f"{bills}, row 5, user_id: no such user: import the user first")
    assert counts == "bills: 3 new; 1 bad rows"


def test_the_bills_of_a_user_whose_own_row_is_bad_wait_for_it(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    users = [USERS[0] | {"language": "xx"}, USERS[1]]
    assert run(*files(users)) == 1
    told = capsys.readouterr().out
    assert "row 2, language" in told
    assert "bills.csv, row 2, user_id: no such user" in told
    assert "bills.csv, row 3, user_id: no such user" in told
    assert "bills: 1 new; 2 bad rows" in told


def test_no_address_and_no_amount_is_repeated(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    users = [USERS[0] | {"phone": f"{PHONE}9999"}, USERS[1] | {"email": f"{EMAIL}@x"}]
    run(*files(users, [BILLS[0] | {"amount": "1200.005"}]))
    streams = capsys.readouterr()
    told = streams.out + streams.err
    assert told.count("row") >= 3
    for private in (PHONE, EMAIL, "1200"):
        assert private not in told


# Push tokens -------------------------------------------------------------------------------------


@pytest.fixture
def application(stack: MotoStack) -> str:
    answer = stack.client("sns").create_platform_application(
        Name="app", Platform="GCM", Attributes={}
    )
    return str(answer["PlatformApplicationArn"])


PUSH_USER = {"user_id": "anna", "channels": "push", "push_token": TOKEN}


def test_a_push_token_becomes_an_endpoint_and_the_same_one_again(
    run: Run, files: Files, application: str, capsys: pytest.CaptureFixture[str]
) -> None:
    users, _ = files([PUSH_USER])
    assert run(users, None, "--push-application", application) == 0
    address = accounts.read("anna", now=NINE).user.address(Channel.PUSH)
    assert address is not None
    assert ":endpoint/GCM/app/" in address.value
    capsys.readouterr()
    assert run(users, None, "--push-application", application) == 0
    assert "1 unchanged" in capsys.readouterr().out


def test_a_push_token_without_an_application_is_a_bad_row(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    users, _ = files([PUSH_USER, USERS[1]])
    assert run(users, None) == 1
    told = capsys.readouterr().out
    assert "row 2, push_token: needs --push-application" in told
    assert TOKEN not in told
    assert not accounts.exists("anna")
    assert accounts.exists("ben")


def test_a_push_token_that_sns_refuses_is_a_bad_row(
    run: Run, files: Files, application: str, capsys: pytest.CaptureFixture[str]
) -> None:
    users, _ = files([PUSH_USER, USERS[1]])
    assert run(users, None, "--push-application", f"{application}-of-nobody") == 1
    assert "row 2, push_token: SNS refuses it" in capsys.readouterr().out
    assert not accounts.exists("anna")
    assert accounts.exists("ben")


# Nothing could be done ---------------------------------------------------------------------------


def told_in_a_sentence(capsys: pytest.CaptureFixture[str]) -> str:
    streams = capsys.readouterr()
    assert len(streams.err.splitlines()) == 1
    assert "Traceback" not in streams.err
    return streams.err


def test_an_unknown_stack_is_named_with_how_to_find_the_right_one(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*files(), name="elsewhere") == 2
    told = told_in_a_sentence(capsys)
    assert "there is no stack 'elsewhere'" in told
    assert "list-stacks" in told


def test_a_stack_of_something_else_is_left_alone(
    stack: MotoStack, run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    other = (
        '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}},'
        ' "Outputs": {"Queue": {"Value": {"Ref": "Queue"}}}}'
    )
    stack.client("cloudformation").create_stack(StackName="other", TemplateBody=other)
    assert run(*files(), name="other") == 2
    assert "is not a stack of this product" in told_in_a_sentence(capsys)


def test_a_stack_without_outputs_is_left_alone(
    stack: MotoStack, run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    other = '{"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}'
    stack.client("cloudformation").create_stack(StackName="other", TemplateBody=other)
    assert run(*files(), name="other") == 2
    assert "is not a stack of this product" in told_in_a_sentence(capsys)


@pytest.mark.parametrize("missing", ["users", "bills"])
def test_a_missing_file_is_named_and_nothing_is_imported(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    users, bills = files()
    (users if missing == "users" else bills).unlink()
    assert run(users, bills) == 2
    assert f"{missing}.csv" in told_in_a_sentence(capsys)
    assert not accounts.exists("anna")


def test_a_file_in_another_encoding_says_how_to_save_it(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    users, bills = files()
    users.write_bytes("user_id\n\xe4".encode("latin-1"))
    assert run(users, bills) == 2
    assert "UTF-8" in told_in_a_sentence(capsys)
    assert not accounts.exists("anna")


def test_no_file_at_all_shows_how_the_command_is_used(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        run(None, None)
    assert stopped.value.code == 2
    assert "--users or --bills" in capsys.readouterr().err


@pytest.mark.parametrize("refused", ["TransactWriteItems", "Query"])
def test_tables_that_refuse_us_are_told_in_a_sentence(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str], refused: str
) -> None:
    denied = wire.json_error("AccessDeniedException", message="not authorized")
    with wire.before(tables.connection.client, refused, denied):
        if refused == "Query":
            users, bills = files()
            run(users, None)
            capsys.readouterr()
            assert run(None, bills) == 2
        else:
            assert run(*files()) == 2
    assert "AccessDenied" in told_in_a_sentence(capsys)
