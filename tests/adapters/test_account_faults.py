"""A receipt that names the account, and not the address, as the cause: the reminder waits and is
sent once the account works again; what a provider says of an address that is gone stops it; and
nothing counts that came through a topic which is not its own."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bill_reminders.delivery import direct_rows
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import StoppedBy
from bill_reminders.storage import accounts, tables
from bill_reminders.storage.access_tables import SameTextItem
from bill_reminders.storage.tables import LedgerItem
from tests.adapters.conftest import SetClock
from tests.adapters.test_receipts import (
    Stage,
    address,
    bounce,
    email,
    just_after,
    message,
    on_our_clock,
    state,
    text,
)
from tests.support import account_changes, wire
from tests.support import receipts as forms
from tests.support.entered import NINE, enter, ledger_of, wakes_at
from tests.support.functions import Context, sample_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import EMAIL, ENDPOINT, PHONE, a_user
from tests.support.queues import waiting

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
NO_QUOTA = "No quota left for account"
FAULT = '"message":"account at fault, reminders wait"'


@pytest.fixture
def stage(stack: MotoStack, set_clock: SetClock) -> Iterator[Stage]:
    """Whatever happens, no address stands in a line of the log afterwards."""
    set_clock(NINE + 5 * SECOND)
    stage = Stage(stack, set_clock)
    with logged(stage.receiver.logger) as lines:
        stage.log = lines
        yield stage
    for private in (PHONE, PHONE.lstrip("+"), EMAIL, ENDPOINT):
        assert private not in lines.getvalue()


def failure(said: str, row: LedgerItem | None = None, **more: Any) -> str:
    return text(row, status="FAILURE", said=said, **more)


def stopped_by(channel: Channel) -> StoppedBy | None:
    known = address(channel)
    return None if known.stopped_at is None else known.stopped_by


# SMS: the account is at fault --------------------------------------------------------------------

OF_THE_ACCOUNT = [NO_QUOTA, "No origination entities available to send"]


@pytest.mark.parametrize("said", OF_THE_ACCOUNT)
def test_what_the_account_is_to_blame_for_waits_and_is_sent_later(stage: Stage, said: str) -> None:
    row = stage.sent(Channel.SMS)
    assert stage.receive(failure(said, row)) == []
    waiting = message()
    assert waiting.state == "waiting"
    assert waiting.not_before is not None
    assert 7 * MINUTE <= waiting.not_before - NINE <= HOUR
    assert wakes_at("somebody", Channel.SMS) == waiting.not_before
    assert address(Channel.SMS).usable
    assert Channel.SMS not in accounts.read("somebody", now=NINE).welcomed
    stage.set_clock(waiting.not_before + SECOND)
    stage.wake_up(Channel.SMS)
    again = message()
    assert (again.state, again.attempt, again.reason) == ("sent", 2, None)
    assert again.provider_id != row.provider_id


def test_it_is_asked_again_about_once_an_hour_while_the_reminder_helps(stage: Stage) -> None:
    row, now, tries = stage.sent(Channel.SMS), NINE, 0
    while message().state == "sent":
        tries += 1
        # the provider's clock stands where the row was sent
        stage.receive(failure(NO_QUOTA, message(), at=now))
        later = message().not_before
        if later is None:
            break
        assert 7 * MINUTE <= later - now <= 92 * MINUTE
        now = later
        stage.set_clock(now + SECOND)
        stage.wake_up(Channel.SMS)
    assert 10 <= tries <= 30
    assert (message().state, message().reason) == ("skipped", "expired")
    assert row.due_on is not None
    assert now.date() > row.due_on


def test_a_row_that_waits_is_kept_as_long_again(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    kept = row.expires_at
    row.update([LedgerItem.expires_at.set(1)])
    stage.receive(failure(NO_QUOTA, row))
    assert (message().state, message().expires_at) == ("waiting", kept)


def test_all_of_a_digest_wait_and_go_out_together(stage: Stage) -> None:
    row = stage.sent(Channel.SMS, "rent", "power", "water")
    stage.receive(failure(NO_QUOTA, row))
    rows = ledger_of("somebody")
    assert {each.state for each in rows} == {"waiting"}
    (later,) = {each.not_before for each in rows}
    assert later is not None
    stage.set_clock(later + SECOND)
    stage.wake_up(Channel.SMS)
    assert sorted(each.state for each in ledger_of("somebody")) == [
        "in_digest",
        "in_digest",
        "sent",
    ]


def test_what_was_paid_meanwhile_is_not_sent(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    account_changes.record_payment("somebody", "rent", payment_id="paid", now=NINE + MINUTE)
    stage.receive(failure(NO_QUOTA, row))
    stage.set_clock(NINE + 2 * HOUR)
    stage.wake_up(Channel.SMS, wire.raises(AssertionError()))
    assert (message().state, message().reason) == ("skipped", "withdrawn")


def test_the_same_receipt_again_moves_nothing(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    stage.receive(failure(NO_QUOTA, row))
    before, version = message().serialize(), accounts.read("somebody", now=NINE).version
    stage.receive(failure(NO_QUOTA, row), failure(NO_QUOTA, row))
    assert message().serialize() == before
    assert accounts.read("somebody", now=NINE).version == version


def test_nor_when_it_comes_after_the_next_attempt(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    late = failure(NO_QUOTA, row)
    stage.receive(late)
    later = message().not_before
    assert later is not None
    stage.set_clock(later + SECOND)
    stage.wake_up(Channel.SMS)
    before = message().serialize()
    assert stage.receive(late) == []
    assert message().serialize() == before


def test_nor_does_it_then_mean_another_message_of_that_minute(stage: Stage) -> None:
    """What nobody knows may have arrived, so no receipt of another message may give it back."""
    row = stage.sent(Channel.SMS)
    late = failure(NO_QUOTA, row)
    stage.receive(late)
    later = message().not_before
    assert later is not None
    stage.set_clock(later + SECOND)
    stage.wake_up(Channel.SMS)
    other = LedgerItem.get("somebody", message().key)
    other.key, other.owner, other.state = f"{other.key}-other", "another", "unknown"
    other.message_key, other.provider_id, other.receipt_id = other.key, None, None
    other.recorded_at = NINE
    other.save()
    stage.receive(late)
    assert LedgerItem.get("somebody", other.key).state == "unknown"


def test_what_arrived_knows_better(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    stage.receive(text(row), failure(NO_QUOTA, row))
    assert state() == ("delivered", None)


def test_what_nobody_knew_was_not_sent_after_all(stage: Stage) -> None:
    stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT))
    assert message().state == "unknown"
    stage.receive(failure(NO_QUOTA, at=just_after()))
    assert (message().state, message().resends, message().settle_at) == ("waiting", None, None)


def test_a_code_that_was_not_sent_says_so_and_is_asked_for_again(stage: Stage) -> None:
    enter(a_user(channels=(Channel.SMS,)))
    direct_rows.claim(
        "somebody", "code:one", Channel.SMS, life=accounts.life_of("somebody"), now=NINE
    )
    direct_rows.mark("somebody", "code:one", State.SENT, now=NINE, provider_id="sms-of-code")
    stage.receive(failure(NO_QUOTA, provider_id="sms-of-code"))
    assert state() == ("failed", "quota")
    assert FAULT in stage.log.getvalue()


def test_row_and_schedule_change_together(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    busy = wire.json_error("ProvisionedThroughputExceededException")
    with wire.before(tables.connection.client, "TransactWriteItems", busy):
        assert stage.receive(failure(NO_QUOTA, row)) == []
    assert len(waiting(stage.stack, "Receipts")) == 1
    assert state()[0] == "sent"
    assert stage.receive(failure(NO_QUOTA, row)) == []
    assert state()[0] == "waiting"


@pytest.mark.parametrize("owner", ["0" * 32, "f" * 32])
def test_what_another_claim_took_over_meanwhile_is_left_to_it(stage: Stage, owner: str) -> None:
    row = stage.sent(Channel.SMS)

    def taken_over() -> None:
        LedgerItem(row.user_id, row.key).update([LedgerItem.owner.set(owner)])

    with wire.before_call(tables.connection.client, "TransactWriteItems", taken_over):
        assert stage.receive(failure(NO_QUOTA, row)) == []
    assert (message().state, message().owner) == ("sent", owner)


def test_a_batch_says_once_that_the_account_is_at_fault(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    other = failure(NO_QUOTA, provider_id="of-another-user", number="+447700900199")
    stage.receive(failure(NO_QUOTA, row), other)
    (line,) = (each for each in stage.log.getvalue().splitlines() if FAULT in each)
    said = json.loads(line)
    assert (said["level"], said["channel"], said["reason"]) == ("ERROR", "sms", "quota")
    assert said["receipts"] == 2


# SMS: a text that nobody has seen ----------------------------------------------------------------

NEW = "Carrier said 4711: not today"


def number(last: int) -> str:
    return f"+4477009001{last:02}"


def strangers(*lasts: int, said: str = NEW) -> list[str]:
    """Receipts of SMS to so many numbers, of other stacks in the account."""
    return [failure(said, provider_id=f"stranger-{last}", number=number(last)) for last in lasts]


def test_it_is_the_numbers_fault_until_it_came_for_five_of_them(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    stage.receive(*strangers(1, 2, 3))
    assert FAULT not in stage.log.getvalue()
    stage.receive(failure(NEW, row))
    assert state() == ("failed", "not_delivered")
    stage.receive(*strangers(4))
    assert FAULT in stage.log.getvalue()


def test_from_the_fifth_on_it_is_the_accounts(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    stage.receive(*strangers(1, 2, 3, 4))
    assert FAULT not in stage.log.getvalue()
    stage.receive(failure("carrier  said 99 : NOT today!", row))
    assert state() == ("waiting", "same_for_many")
    assert address(Channel.SMS).usable


@pytest.mark.parametrize(
    "others",
    [
        strangers(1, 1, 1, 1, 2, 2, 3, 3),
        [*strangers(1, 2, 3), *strangers(4, 5, 6, said="Carrier said something else")],
    ],
)
def test_neither_repetitions_nor_other_texts_count(stage: Stage, others: list[str]) -> None:
    row = stage.sent(Channel.SMS)
    stage.receive(*others)
    stage.receive(*others)
    stage.receive(failure(NEW, row))
    assert state() == ("failed", "not_delivered")


@pytest.mark.parametrize(("later", "expected"), [(59 * MINUTE, "waiting"), (61 * MINUTE, "failed")])
def test_only_those_of_an_hour_count(stage: Stage, later: timedelta, expected: str) -> None:
    row = stage.sent(Channel.SMS)
    stage.receive(*strangers(1, 2, 3, 4))
    stage.set_clock(NINE + later)
    stage.receive(failure(NEW, row))
    assert state()[0] == expected


@pytest.mark.parametrize(
    "said", ["Phone has blocked SMS", "Unknown error attempting to reach phone"]
)
def test_a_text_that_is_documented_stays_what_it_says(stage: Stage, said: str) -> None:
    row = stage.sent(Channel.SMS)
    stage.receive(*strangers(*range(1, 9), said=said))
    stage.receive(failure(said, row))
    assert state()[0] == "failed"
    assert FAULT not in stage.log.getvalue()


def test_neither_text_nor_number_is_kept(stage: Stage) -> None:
    stage.receive(*strangers(1, 2, 3, 4, 5, said=f"No route to {PHONE} today"))
    (item,) = SameTextItem.scan()
    kept = json.dumps(item.serialize())
    assert len(item.seen) == 5
    for private in ("route", PHONE, PHONE.lstrip("+"), number(1), number(1).lstrip("+")):
        assert private not in kept


def test_what_is_counted_is_forgotten(stage: Stage) -> None:
    stage.receive(*strangers(1))
    (item,) = SameTextItem.scan()
    assert (NINE + HOUR).timestamp() <= item.expires_at <= (NINE + 3 * HOUR).timestamp()


def test_a_table_that_does_not_answer_brings_the_receipt_back(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    busy = wire.json_error("ProvisionedThroughputExceededException")
    with wire.before(tables.connection.client, "UpdateItem", busy):
        assert stage.receive(failure(NEW, row)) == []
    assert len(waiting(stage.stack, "Receipts")) == 1
    assert state()[0] == "sent"


def test_two_that_come_at_once_are_both_counted(stage: Stage) -> None:
    stage.receive(*strangers(1, 2, 3))
    fourth = strangers(4)

    def meanwhile() -> None:
        stage.receive(*fourth)

    with wire.before_call(tables.connection.client, "UpdateItem", meanwhile):
        stage.receive(*strangers(5))
    assert FAULT in stage.log.getvalue()


# Push --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("why", "said"),
    [
        ("EndpointNotFound", "Endpoint was not found"),
        ("DeliveryFailedPerm", "Unregistered"),
    ],
)
def test_a_device_that_is_gone_is_stopped(stage: Stage, why: str, said: str) -> None:
    stage.sent(Channel.PUSH)
    receipt = forms.of_device(endpoint=ENDPOINT, provider_id="push-1", at=NINE, why=why, said=said)
    assert stage.receive(receipt) == []
    assert state() == ("bounced", "device_is_gone")
    assert stopped_by(Channel.PUSH) is StoppedBy.BOUNCED


def test_an_endpoint_that_was_deleted_is_stopped_without_a_message(stage: Stage) -> None:
    stage.sent(Channel.PUSH)
    gone = forms.of_deleted_endpoint(endpoint=ENDPOINT, at=on_our_clock(NINE + MINUTE))
    assert stage.receive(gone, gone) == []
    assert state()[0] == "sent"
    assert stopped_by(Channel.PUSH) is StoppedBy.BOUNCED


def test_credentials_of_the_app_that_ran_out_are_the_accounts(stage: Stage) -> None:
    stage.sent(Channel.PUSH)
    receipt = forms.of_device(
        endpoint=ENDPOINT,
        provider_id="push-1",
        at=NINE,
        why="DeliveryFailedPerm",
        said="Platform credentials are expired",
    )
    assert stage.receive(receipt) == []
    assert message().state == "waiting"
    assert address(Channel.PUSH).usable
    assert FAULT in stage.log.getvalue()


def test_what_nobody_knows_of_five_devices_is_the_accounts_too(stage: Stage) -> None:
    stage.sent(Channel.PUSH)

    def failed(endpoint: str, provider_id: str) -> str:
        return forms.of_device(
            endpoint=endpoint, provider_id=provider_id, at=NINE, why="DeliveryFailedPerm"
        )

    stage.receive(*(failed(f"{ENDPOINT}-{n}", f"other-{n}") for n in range(4)))
    stage.receive(failed(ENDPOINT, "push-1"))
    assert message().state == "waiting"


# E-mail ------------------------------------------------------------------------------------------


def test_a_mailbox_that_refuses_an_unproven_sender_is_not_gone(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    recipients = [{"emailAddress": EMAIL, "status": "5.7.26", "action": "failed"}]
    assert stage.receive(bounce(row, bouncedRecipients=recipients)) == []
    assert message().state == "waiting"
    assert address(Channel.EMAIL).usable
    assert FAULT in stage.log.getvalue()


def test_what_ses_said_before_it_does_not_end_the_wait_when_it_comes_late(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    recipients = [{"emailAddress": EMAIL, "status": "5.7.26", "action": "failed"}]
    stage.receive(bounce(row, bouncedRecipients=recipients), email("Send", row))
    assert message().state == "waiting"
    later = message().not_before
    assert later is not None
    stage.set_clock(later + SECOND)
    stage.wake_up(Channel.EMAIL)
    assert (message().state, message().attempt) == ("sent", 2)


# Plain texts -------------------------------------------------------------------------------------

VALIDATED = "Successfully validated SNS topic for Amazon SES event publishing."


@pytest.mark.parametrize(
    "body",
    [
        forms.published(VALIDATED),
        forms.published(VALIDATED, kind="SubscriptionConfirmation"),
        VALIDATED,
    ],
)
@pytest.mark.parametrize("receives", [1, 5])
def test_a_text_that_a_provider_publishes_changes_nothing_and_is_no_dead_letter(
    stage: Stage, body: str, receives: int
) -> None:
    row = stage.sent(Channel.EMAIL)
    before = message().serialize()
    assert stage.receive(body, receives=receives) == []
    assert message().serialize() == before
    assert "a text that is no receipt" in stage.log.getvalue()
    assert "validated" not in stage.log.getvalue()
    assert stage.receive(email("Delivery", row)) == []
    assert state()[0] == "delivered"


# Topics ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["Bounce", "Complaint"])
def test_a_forged_bounce_through_the_topic_of_devices_changes_nothing(
    stage: Stage, kind: str
) -> None:
    row = stage.sent(Channel.EMAIL)
    forged = email(kind, row, topic=forms.DEVICE_TOPIC, bounceType="Permanent")
    before = message().serialize()
    assert stage.receive(forged) == ["message-0"]
    assert message().serialize() == before
    assert address(Channel.EMAIL).usable
    assert "from a topic that is not its own" in stage.log.getvalue()


def test_nor_does_a_device_that_is_gone_through_that_of_mails(stage: Stage) -> None:
    stage.sent(Channel.PUSH)
    forged = forms.of_device(
        endpoint=ENDPOINT, provider_id="push-1", at=NINE, topic=forms.EMAIL_TOPIC
    )
    assert stage.receive(forged) == ["message-0"]
    assert state()[0] == "sent"
    assert address(Channel.PUSH).usable


def test_the_sample_event_can_be_tried_anywhere(stage: Stage) -> None:
    answer = stage.receiver.handler(sample_event("read_receipts"), Context())
    assert answer == {"batchItemFailures": []}
