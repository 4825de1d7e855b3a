"""The import command: what is good goes in, what is bad is named with its remedy."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from bill_reminders.cli.__main__ import main
from bill_reminders.commands.bills import MOST_OPEN_BILLS
from bill_reminders.delivery.claims import claim_next
from bill_reminders.domain.bills import Bill, MuteReason
from bill_reminders.domain.enums import Channel, Label
from bill_reminders.domain.loans import Effect, Loan, Method, Prepayment, RateChange
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.people import (
    NO_CHANGE,
    Language,
    Plan,
    PlanChange,
    StoppedBy,
    User,
)
from bill_reminders.files import bills as bills_file
from bill_reminders.files import users as users_file
from bill_reminders.storage import accounts, history, tables
from bill_reminders.storage.history import Feedback
from tests.adapters.conftest import SetClock
from tests.support import account_changes, wire
from tests.support.account_changes import record_payment
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
        arguments = ["import", "--stack", name, *more]
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
    assert 0 <= schedule("anna").shard < 16


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


def test_the_report_of_thousands_of_bad_rows_is_bounded(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = [BILLS[1] | {"bill_id": f"b{number}", "repeats": "now"} for number in range(1500)]
    assert run(*files(USERS, bad)) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1003
    assert lines[1000].endswith("500 more errors: correct these and import again")
    assert lines[-1].endswith("1500 bad rows")


# What a user set by themselves --------------------------------------------------------------------


def the_bill(bill_id: str = "rent") -> Bill:
    bill = accounts.read("anna", now=NINE).bill(bill_id)
    assert bill is not None
    return bill


def anna() -> User:
    return accounts.read("anna", now=NINE).user


def rent(**cells: str) -> list[dict[str, str]]:
    return [BILLS[0] | cells]


def test_empty_cells_leave_the_plan_and_the_label_of_a_bill_that_is_known(
    run: Run, files: Files
) -> None:
    run(*files(bills=rent(lead_days="5", channels="sms+email@1", label="business")))
    before = the_bill()
    run(*files(bills=rent(name="Flat")))
    assert the_bill() == replace(before, name="Flat")


def test_filled_cells_change_what_they_say_of_a_plan_and_leave_the_rest(
    run: Run, files: Files
) -> None:
    run(*files(bills=rent(lead_days="5", overdue_days="2", channels="sms+email@1")))
    run(*files(bills=rent(lead_days="6", channels="email", label="business")))
    assert the_bill().plan_change == PlanChange((6,), (2,), channels=(Channel.EMAIL,))
    assert the_bill().label is Label.BUSINESS
    run(*files(bills=rent(label="personal")))
    assert the_bill().label is Label.PERSONAL


@pytest.mark.parametrize("own", [PlanChange(lead_days=(9,)), NO_CHANGE])
def test_the_plan_that_a_user_gave_a_bill_outlasts_the_next_file(
    run: Run, files: Files, own: PlanChange
) -> None:
    run(*files(bills=rent(remind_at="08:00")))
    account_changes.change_plans("anna", "rent", lambda user, bill: (user.plan, own), now=ENTERED)
    for cells in ({}, {"remind_at": "07:00", "lead_days": "2"}):
        run(*files(bills=rent(name="Flat", label="business", **cells)))
        assert the_bill().plan_change == own
    assert (the_bill().name, the_bill().label) == ("Flat", Label.BUSINESS)


def paid(number: int, of: str) -> None:
    part = Money(Decimal(of), "USD")
    account_changes.record_payment(
        "anna", "rent", number, payment_id=f"{number}", amount=part, now=ENTERED
    )


HAPPENINGS: dict[str, Callable[[], Any]] = {
    "a payment": lambda: paid(0, "1200"),
    "a payment in part": lambda: paid(1, "300"),
    "an undone payment": lambda: (
        paid(0, "1200"),
        account_changes.undo_payment("anna", "rent", "0", now=ENTERED),
    ),
    "a statement": lambda: account_changes.record_statement(
        "anna", "rent", Statement(1, Money(Decimal(1300), "USD")), now=ENTERED
    ),
    "a snooze": lambda: account_changes.snooze(
        "anna", "rent", 0, date(2027, 3, 6), confirmed=True, now=ENTERED
    ),
    "a debit that failed": lambda: account_changes.record_failed_debit(
        "anna", "rent", 0, "event-1", now=ENTERED
    ),
    "its end": lambda: account_changes.close_bill("anna", "rent", now=ENTERED),
    **{
        reason.value: partial(account_changes.mute, "anna", "rent", reason, now=ENTERED)
        for reason in MuteReason
    },
}
NEXT_DATES: dict[str, dict[str, str]] = {
    "the same dates": {},
    "from the next date on": {"first_due": "2027-04-04"},
    "another day of the month": {"first_due": "2027-03-06"},
}


@pytest.mark.parametrize("dates", NEXT_DATES)
@pytest.mark.parametrize("what", HAPPENINGS)
def test_what_happened_to_a_bill_outlasts_the_next_file(
    run: Run, files: Files, what: str, dates: str
) -> None:
    run(*files(bills=rent()))
    entered = the_bill()
    HAPPENINGS[what]()
    before = the_bill()
    assert before != entered
    run(*files(bills=rent(name="Flat", autopay="yes", **NEXT_DATES[dates])))
    after = the_bill()
    kept = replace(before, name="Flat", autopay=True)
    # of what was paid before the terms stay what they were
    terms = {name: getattr(after, name) for name in ("terms_from", "terms_begin", "earlier_terms")}
    assert after == replace(kept, recurrence=after.recurrence, **terms)
    assert after.first_unpaid(NINE.date()) == before.first_unpaid(NINE.date())


def test_a_higher_amount_opens_no_due_date_that_was_paid_before(
    run: Run, files: Files, set_clock: SetClock
) -> None:
    run(*files(bills=rent(first_due="2027-02-04")))
    for number in range(3):
        paid(number, "1200")
    set_clock(datetime(2027, 3, 20, tzinfo=UTC))
    run(*files(bills=rent(first_due="2027-02-04", amount="1250.00")))
    assert [the_bill().is_closed(number) for number in range(3)] == [True, True, True]
    assert the_bill().owed(3).left == Money(Decimal(1250), "USD")
    before = the_bill()
    run(*files(bills=rent(first_due="2027-02-04", amount="1250.00")))
    assert the_bill() == before
    run(*files(bills=rent(first_due="2027-02-04", amount="1250.00", currency="EUR")))
    assert [the_bill().is_closed(number) for number in range(3)] == [True, True, True]


LOAN = {
    "amount": "",
    "loan_method": "equal_instalment",
    "principal": "12000",
    "rate": "6",
    "instalments": "24",
}


def test_a_prepayment_outlasts_another_rate(run: Run, files: Files) -> None:
    run(*files(bills=rent(**LOAN)))
    early = Prepayment(2, Decimal(3000), Effect.LOWER_INSTALMENT)
    account_changes.record_prepayment("anna", "rent", early, now=ENTERED)
    run(*files(bills=rent(**LOAN | {"rate": "4.8"})))
    loan = the_bill().loan
    assert loan is not None
    assert (loan.rate, loan.prepayments) == (Decimal("0.004"), (early,))


def test_a_file_that_says_no_changes_of_the_rate_leaves_those_that_are_known(
    run: Run, files: Files
) -> None:
    run(*files(bills=rent(**LOAN, rate_changes="4.5 after 3")))
    run(*files(bills=rent(**LOAN, name="Flat")))
    changes = (RateChange(3, Decimal("0.00375")),)
    assert (the_bill().name, the_bill().loan) == ("Flat", replace(a_loan(), rate_changes=changes))
    run(*files(bills=rent(**LOAN | {"rate": "4.8"})))
    assert the_bill().loan == replace(a_loan(), rate=Decimal("0.004"))


def a_loan() -> Loan:
    return Loan(Money(Decimal(12000), "USD"), Decimal("0.005"), 24, Method.EQUAL_INSTALMENT)


@pytest.mark.parametrize(
    "cells",
    [
        pytest.param({"principal": "9000", "instalments": "22"}, id="what is left"),
        pytest.param({"instalments": "20"}, id="a shorter term"),
        pytest.param({"loan_method": "interest_only"}, id="a method that cannot be"),
    ],
)
def test_a_loan_that_is_another_one_now_knows_no_earlier_prepayment(
    run: Run, files: Files, cells: dict[str, str]
) -> None:
    run(*files(bills=rent(**LOAN)))
    early = Prepayment(2, Decimal(3000), Effect.SHORTER_TERM)
    account_changes.record_prepayment("anna", "rent", early, now=ENTERED)
    assert run(*files(bills=rent(**LOAN | cells))) == 0
    loan = the_bill().loan
    assert loan is not None
    assert loan.prepayments == ()


def test_what_a_user_said_of_a_reminder_outlasts_the_next_file(run: Run, files: Files) -> None:
    run(*files())
    said = Feedback("too_late", False, "sooner", ENTERED)
    (reminder,) = claim_next("anna", Channel.SMS, now=NINE).reminders[:1]
    history.give_feedback("anna", reminder.key, said)
    run(*files(bills=rent(name="Flat"), users=[USERS[0] | {"language": "zh-Hans"}, USERS[1]]))
    assert history.feedback_on("anna", reminder.key) == said


OWN_SETTINGS: dict[str, Any] = {
    "language": Language.TRADITIONAL_CHINESE,
    "zone": ZoneInfo("Asia/Taipei"),
    "plan": Plan(lead_days=(9,), remind_at=time(18)),
    "quiet_hours": QuietHours(time(21), time(7)),
    "paused_until": date(2027, 2, 9),
}


@pytest.mark.parametrize("name", OWN_SETTINGS)
def test_a_setting_that_a_user_changed_outlasts_the_next_file_and_the_others_follow_it(
    run: Run, files: Files, name: str
) -> None:
    run(*files())
    own = {name: OWN_SETTINGS[name]}
    account_changes.change_user("anna", lambda user: replace(user, **own), now=ENTERED)
    changes = {
        "language": "zh-Hans",
        "time_zone": "Europe/London",
        "lead_days": "4",
        "quiet_hours": "22:00-08:00",
        "paused_until": "2027-02-05",
    }
    for _ in range(2):
        run(*files(users=[USERS[0] | changes, USERS[1]]))
        theirs = {
            "language": Language.SIMPLIFIED_CHINESE,
            "zone": ZoneInfo("Europe/London"),
            "plan": Plan(lead_days=(4,)),
            "quiet_hours": QuietHours(time(22), time(8)),
            "paused_until": date(2027, 2, 5),
        }
        known = anna()
        assert {each: getattr(known, each) for each in theirs} == theirs | own


def test_a_pause_that_a_user_ended_stays_ended(run: Run, files: Files) -> None:
    paused = [USERS[0] | {"paused_until": "2027-03-09"}, USERS[1]]
    run(*files(users=paused))
    account_changes.change_user("anna", lambda user: replace(user, paused_until=None), now=ENTERED)
    run(*files(users=paused))
    assert anna().paused_until is None


def test_a_plan_whose_channels_have_lost_their_addresses_takes_those_of_the_file(
    run: Run, files: Files
) -> None:
    run(*files())
    own = Plan(lead_days=(9,))
    account_changes.change_user("anna", lambda user: replace(user, plan=own), now=ENTERED)
    moved = {"user_id": "anna", "channels": "email", "email": "anna@example.com"}
    run(*files(users=[moved, USERS[1]]))
    assert anna().plan == replace(own, channels=(Channel.EMAIL,))


@pytest.mark.parametrize("by", StoppedBy)
def test_a_stop_outlasts_the_next_file(run: Run, files: Files, by: StoppedBy) -> None:
    run(*files())
    account_changes.stop("anna", Channel.SMS, by=by, now=ENTERED)
    run(*files(users=[USERS[0] | {"language": "zh-Hans"}, USERS[1]]))
    stopped = anna().addresses[Channel.SMS]
    assert (stopped.stopped_at, stopped.stopped_by) == (ENTERED, by)


def test_a_stop_waits_for_an_address_that_a_file_takes_away_and_brings_back(
    run: Run, files: Files
) -> None:
    run(*files())
    account_changes.stop("anna", Channel.SMS, now=ENTERED)
    run(*files(users=[USERS[0] | {"phone": "", "email": "anna@example.com"}, USERS[1]]))
    run(*files())
    assert anna().addresses[Channel.SMS].stopped_at == ENTERED


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


def test_a_user_with_too_many_bills_keeps_no_other_users_out(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    many = [BILLS[0] | {"bill_id": f"rent-{number}"} for number in range(MOST_OPEN_BILLS + 1)]
    assert run(*files(bills=[*many, BILLS[2]])) == 1
    told = capsys.readouterr().out
    assert "bills.csv, row 2, user_id: the user would have more than 500 open bills" in told
    assert "bills: 1 new; 501 bad rows" in told
    assert accounts.read("anna", now=NINE).bills == ()


def test_a_bill_with_too_many_reminders_keeps_no_other_bill_out(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    far = BILLS[0] | {"repeats": "every day", "lead_days": "365", "overdue_days": "1"}
    assert run(*files(bills=[far, *BILLS[1:]])) == 1
    told = capsys.readouterr().out
    assert "bills.csv, row 2, lead_days: one bill would have more than 400 reminders" in told
    assert "bills: 2 new; 1 bad rows" in told


def test_a_users_plan_that_makes_too_many_reminders_of_their_bills_is_a_bad_row(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*files(bills=[BILLS[0] | {"repeats": "every day"}, *BILLS[1:]])) == 0
    users = [USERS[0] | {"lead_days": "365", "overdue_days": "1"}, USERS[1] | {"lead_days": "5"}]
    assert run(*files(users, [])) == 1
    told = capsys.readouterr().out
    assert "users.csv, row 2, lead_days: one bill would have more than 400 reminders" in told
    assert accounts.read("anna", now=NINE).user.plan.lead_days != (365,)
    assert accounts.read("ben", now=NINE).user.plan.lead_days == (5,)


def test_a_plan_of_more_than_twenty_days_is_a_bad_row(
    run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    days = "+".join(map(str, range(1, 22)))
    users = [USERS[0] | {"lead_days": days, "overdue_days": days}, USERS[1]]
    assert run(*files(users, [])) == 1
    told = capsys.readouterr().out
    for column in ("lead_days", "overdue_days"):
        assert f"row 2, {column}: more than 20 days: keep at most 20 of them" in told


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


@pytest.mark.parametrize(
    "known",
    [
        pytest.param({"CustomUserData": "anna@old"}, id="of a former backend"),
        pytest.param({"Enabled": "false"}, id="disabled"),
        pytest.param({"CustomUserData": "anna@old", "Enabled": "false"}, id="both"),
    ],
)
def test_a_push_token_that_sns_knows_already_is_taken_and_enabled(
    run: Run, files: Files, application: str, stack: MotoStack, known: dict[str, str]
) -> None:
    sns = stack.client("sns")
    endpoint = sns.create_platform_endpoint(
        PlatformApplicationArn=application,
        Token=TOKEN,
        CustomUserData=known.get("CustomUserData", ""),
    )["EndpointArn"]
    sns.set_endpoint_attributes(
        EndpointArn=endpoint, Attributes={"Enabled": known.get("Enabled", "true")}
    )
    users, _ = files([PUSH_USER, USERS[1]])
    assert run(users, None, "--push-application", application) == 0
    address = accounts.read("anna", now=NINE).user.address(Channel.PUSH)
    assert address is not None
    assert address.value == endpoint
    kept = sns.get_endpoint_attributes(EndpointArn=endpoint)["Attributes"]
    assert (kept["Enabled"], kept["Token"]) == ("true", TOKEN)


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
    users, bills = files()
    if refused == "Query":
        run(users, None)
        capsys.readouterr()
    denied = wire.json_error("AccessDeniedException", message="not authorized")
    with wire.before(tables.connection.client, refused, denied):
        assert run(users, bills) == 2
    assert "AccessDenied" in told_in_a_sentence(capsys)


def test_a_number_of_a_country_that_sms_do_not_go_to_is_named_with_a_remedy(
    stack: MotoStack, run: Run, files: Files, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = '{"GB": {"sender_id": "Lantern"}}'
    stack.client("ssm").put_parameter(
        Name=stack.ids["SmsOrigins"], Value=stored, Type="String", Overwrite=True
    )
    french = {"user_id": "claire", "channels": "sms", "phone": "+33612345678"}
    users, _ = files(users=[*USERS, french])
    assert run(users, None) == 1
    told = capsys.readouterr().out
    assert "phone" in told and "SmsCountries" in told
    assert "+336" not in told
    assert accounts.exists("anna")
    assert not accounts.exists("claire")
