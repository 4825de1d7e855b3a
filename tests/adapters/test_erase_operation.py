"""Whoever runs a stack erases an imported person by the biller's id, as the user could."""

import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD, LEFT, NOT_DONE
from bill_reminders.domain.enums import Channel
from bill_reminders.storage import accounts, identities, saving, tables
from tests.adapters.conftest import SetClock
from tests.support import account_changes, wire
from tests.support.api import Person
from tests.support.entered import ENTERED
from tests.support.functions import Context, sqs_event
from tests.support.moto_stack import STACK, MotoStack
from tests.support.people import PHONE, a_user, bill_due_today

IMPORTED = "customer-17"


@pytest.fixture(autouse=True)
def _imported(stack: MotoStack, set_clock: SetClock) -> None:
    set_clock(ENTERED)
    saving.save_user(a_user(IMPORTED, channels=[Channel.SMS]), shards=4, now=ENTERED)
    saving.save_user(a_user("customer-18", channels=[Channel.EMAIL]), shards=4, now=ENTERED)
    for user_id in (IMPORTED, "customer-18"):
        saving.save_bills(user_id, [bill_due_today(user_id)], now=ENTERED)


def run(*flags: str, user_id: str = IMPORTED) -> int:
    return main(["erase", "--stack", STACK, "--user", user_id, *flags])


def messages(stack: MotoStack) -> list[str]:
    sqs = stack.client("sqs")
    answer = sqs.receive_message(QueueUrl=stack.ids["JobsQueue"], MaxNumberOfMessages=10)
    return [each["Body"] for each in answer.get("Messages", ())]


def work(stack: MotoStack) -> None:
    """Let run_jobs do what waits in its queue."""
    bodies = messages(stack)
    assert bodies
    answer = stack.function("RunJobs").handler(sqs_event(*bodies), Context())
    assert answer == {"batchItemFailures": []}


def about(stack: MotoStack, user_id: str) -> list[str]:
    """The tables that still hold something of somebody."""
    tables = ("Schedules", "Users", "Bills", "Ledger", "Identities", "Addresses", "Links")
    client = stack.client("dynamodb")
    return [
        table
        for table in tables
        if any(user_id in str(item) for item in client.scan(TableName=stack.ids[table])["Items"])
    ]


def test_an_imported_person_is_erased_by_the_billers_id(
    stack: MotoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--delay", "0") == GOOD
    said = capsys.readouterr().out
    assert f"{IMPORTED}: nothing goes out any more" in said
    assert "35 days" in said
    assert not accounts.exists(IMPORTED)
    assert "Bills" in about(stack, IMPORTED)
    work(stack)
    assert about(stack, IMPORTED) == []
    assert set(about(stack, "customer-18")) >= {"Schedules", "Users", "Bills"}


def test_running_it_again_says_how_far_it_is(
    stack: MotoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--delay", "0")
    capsys.readouterr()
    assert run("--delay", "0") == GOOD
    assert "still being deleted" in capsys.readouterr().out
    work(stack)
    assert run() == GOOD
    assert "erased on 2027-02-01" in capsys.readouterr().out
    assert messages(stack) == []


def test_an_erasure_that_died_before_it_began_is_done_by_its_job(
    stack: MotoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    reset = wire.raises(wire.RESET)

    def refuse_to_begin(request: AWSPreparedRequest) -> AWSResponse | None:
        writes = wire.content(request)["TransactItems"]
        return reset(request) if any("Delete" in each for each in writes) else None

    with wire.before(tables.connection.client, "TransactWriteItems", refuse_to_begin):
        assert run("--delay", "0") == NOT_DONE
    assert accounts.exists(IMPORTED)
    work(stack)
    assert about(stack, IMPORTED) == []


def test_a_customer_who_was_imported_again_meanwhile_is_left_alone(stack: MotoStack) -> None:
    run("--delay", "0")
    saving.save_user(a_user(IMPORTED), shards=4, now=ENTERED)
    work(stack)
    assert accounts.exists(IMPORTED)


def test_who_was_never_here_is_said_to_be_nobody(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(user_id="customer-99") == LEFT
    assert "there is no user customer-99" in capsys.readouterr().out


def test_somebody_who_signs_in_is_erased_with_their_way_in(
    stack: MotoStack, capsys: pytest.CaptureFixture[str]
) -> None:
    ann = Person(stack, "ann")
    identities.join(ann.identity, IMPORTED, made_by="request", now=ENTERED)
    assert run("--delay", "0") == GOOD
    assert ann.get("/v1/settings").status == 404
    work(stack)
    assert about(stack, IMPORTED) == []
    assert run() == GOOD
    assert "its provider" in capsys.readouterr().out


def test_a_stop_outlives_an_erasure_by_an_operator(stack: MotoStack) -> None:
    account_changes.stop(IMPORTED, Channel.SMS, now=ENTERED)
    phone = accounts.read(IMPORTED, now=ENTERED).user.addresses[Channel.SMS].value
    run("--delay", "0")
    work(stack)
    kept = stack.client("dynamodb").scan(TableName=stack.ids["Addresses"])["Items"]
    assert any("stopped_at" in item for item in kept)
    assert phone not in str(kept)


def test_what_is_said_holds_no_bill_and_no_address(capsys: pytest.CaptureFixture[str]) -> None:
    run("--delay", "0")
    said = "".join(capsys.readouterr())
    for secret in ("Lantern", "Credit card", "120.50", PHONE, "+999"):
        assert secret not in said


def test_no_user_is_erased_without_being_named() -> None:
    with pytest.raises(SystemExit):
        main(["erase", "--stack", STACK])
    assert main(["erase", "--stack", "another", "--user", IMPORTED]) == NOT_DONE
    assert accounts.exists(IMPORTED)
