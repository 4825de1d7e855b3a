"""Receipts of providers: first, twice, late, out of order, contradictory or forged, each message
ends in the right state, and an address that is dead is not written to again."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime, timedelta
from functools import partial
from io import StringIO
from itertools import permutations
from typing import Any
from unittest.mock import patch

import pytest

from bill_reminders import clock
from bill_reminders.delivery import direct_rows, receipts
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address, Attestation, Join, Plan, PlanChange, StoppedBy
from bill_reminders.storage import accounts, tables
from bill_reminders.storage.tables import LedgerItem
from tests.adapters.conftest import SetClock
from tests.support import account_changes, wire
from tests.support import receipts as forms
from tests.support.entered import NINE, enter, ledger_of, wakes_at
from tests.support.functions import Context, sample_event, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import EMAIL, ENDPOINT, PHONE, a_bill, a_user
from tests.support.permissions import allowed, watched
from tests.support.queues import waiting

SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
TODAY = date(2027, 3, 1)
LAST_PATIENCE = 3
ADDRESSES = {Channel.SMS: PHONE, Channel.EMAIL: EMAIL, Channel.PUSH: ENDPOINT}


class Died(BaseException):
    """The process is gone: nothing of ours may catch it."""


class Stage:
    def __init__(self, stack: MotoStack, set_clock: SetClock) -> None:
        self.stack = stack
        self.set_clock = set_clock
        stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
        self.receiver = stack.function("ReadReceipts")
        self.log = StringIO()

    def sent(self, channel: Channel, *bill_ids: str, act: wire.Act | None = None) -> LedgerItem:
        """A message that went out, or of which `act` decides; its row."""
        enter(a_user(channels=(channel,)), *map(due_today, bill_ids or ("rent",)))
        self.wake_up(channel, act)
        return message()

    def wake_up(self, channel: Channel, act: wire.Act | None = None) -> None:
        module = self.stack.function(f"Send{channel.value.capitalize()}")
        event = sqs_event(WakeUp("somebody", NINE).body())
        if channel is Channel.EMAIL:
            client, operation = module.reminders.provider, "SendEmail"
        else:
            client, operation = module.reminders.provider, "Publish"
        if act is None and channel is Channel.PUSH:
            act = wire.answers(
                200,
                "<PublishResponse><PublishResult><MessageId>push-1</MessageId></PublishResult>"
                "</PublishResponse>",
            )
        if act is None:
            module.handler(event, Context())
            return
        with wire.before(client, operation, act), suppress(Died):
            module.handler(event, Context())

    def receive(self, *bodies: str, receives: int = LAST_PATIENCE) -> list[str]:
        """Hand receipts over; those that shall come back."""
        answer = self.receiver.handler(sqs_event(*bodies, receives=receives), Context())
        return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]

    def sweep(self) -> None:
        self.stack.function("Settle").handler(sample_event("reconcile"), Context())


@pytest.fixture
def stage(stack: MotoStack, set_clock: SetClock) -> Iterator[Stage]:
    """Whatever happens, no address stands in a line of the log afterwards."""
    set_clock(NINE + 5 * SECOND)
    stage = Stage(stack, set_clock)
    with logged(stage.receiver.logger) as lines:
        stage.log = lines
        yield stage
    for address in (PHONE, PHONE.lstrip("+"), EMAIL, ENDPOINT):
        assert address not in lines.getvalue()


def due_today(bill_id: str) -> Bill:
    return a_bill(bill_id=bill_id, due_on=TODAY, plan_change=PlanChange(lead_days=(0,)))


def message() -> LedgerItem:
    (row,) = (row for row in ledger_of("somebody") if row.message_key in (row.key, None))
    return row


def state() -> tuple[str, str | None]:
    return message().state, message().reason


def address(channel: Channel) -> Address:
    return accounts.read("somebody", now=NINE).user.addresses[channel]


def just_after() -> datetime:
    """When a provider takes the message that was claimed."""
    at: datetime = message().recorded_at
    return at + SECOND


def on_our_clock(at: datetime = NINE) -> datetime:
    """What the provider's own clock, which nobody moves, says at that instant of ours."""
    return at - clock.offset()


def email(kind: str, row: LedgerItem, **more: Any) -> str:
    assert row.owner is not None
    known = {"tag": row.owner, "address": EMAIL, "at": on_our_clock()}
    return forms.of_email(kind, **known | more)


def bounce(row: LedgerItem, kind: str = "Permanent", **more: Any) -> str:
    return email("Bounce", row, **{"bounceType": kind, "bounceSubType": "General"} | more)


def complaint(row: LedgerItem, **more: Any) -> str:
    return email("Complaint", row, **more)


def text(row: LedgerItem | None = None, *, at: datetime = NINE, **more: Any) -> str:
    name = "sms-9" if row is None else row.provider_id
    known = {"number": PHONE, "provider_id": name, "at": on_our_clock(at)}
    return forms.of_sms(**known | more)


# What each says ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "details", "expected", "by"),
    [
        ("Send", {}, ("sent", None), None),
        ("Delivery", {}, ("delivered", None), None),
        ("Reject", {"reason": "Bad content"}, ("failed", "rejected"), None),
        ("Bounce", {"bounceType": "Permanent"}, ("bounced", "bounced"), StoppedBy.BOUNCED),
        ("Bounce", {"bounceType": "Transient"}, ("expired", "bounced_for_now"), None),
        ("Bounce", {"bounceType": "Undetermined"}, ("expired", "bounced_for_now"), None),
        ("Complaint", {}, ("complained", "complained"), StoppedBy.COMPLAINT),
        ("Complaint", {"complaintFeedbackType": "not-spam"}, ("sent", None), None),
        ("DeliveryDelay", {"delayType": "MailboxFull"}, ("sent", None), None),
        ("Open", {}, ("sent", None), None),
    ],
)
def test_what_ses_says_of_an_email(
    stage: Stage,
    kind: str,
    details: dict[str, str],
    expected: tuple[str, str | None],
    by: StoppedBy | None,
) -> None:
    row = stage.sent(Channel.EMAIL)
    assert stage.receive(email(kind, row, **details)) == []
    assert state() == expected
    stopped = address(Channel.EMAIL)
    assert (stopped.stopped_at is not None, stopped.stopped_by if by else None) == (bool(by), by)
    assert message().settle_at is None


@pytest.mark.parametrize(
    ("line", "expected", "by"),
    [
        ({}, ("delivered", None), None),
        ({"ack": False}, ("sent", None), None),
        (
            {"status": "FAILURE", "said": "Invalid phone number"},
            ("bounced", "no_such_number"),
            StoppedBy.BOUNCED,
        ),
        (
            {"status": "FAILURE", "said": "Phone number is opted out"},
            ("failed", "opted_out"),
            StoppedBy.PROVIDER,
        ),
        (
            {"status": "FAILURE", "said": "Phone is currently unreachable/unavailable"},
            ("expired", "unreachable"),
            None,
        ),
        (
            {"status": "FAILURE", "said": "Phone has blocked SMS"},
            ("failed", "blocked_by_phone"),
            None,
        ),
        ({"status": "FAILURE", "said": "something new"}, ("failed", "not_delivered"), None),
    ],
)
def test_what_the_log_says_of_an_sms(
    stage: Stage, line: dict[str, Any], expected: tuple[str, str | None], by: StoppedBy | None
) -> None:
    row = stage.sent(Channel.SMS)
    assert stage.receive(text(row, **line)) == []
    assert state() == expected
    stopped = address(Channel.SMS)
    assert (stopped.stopped_at is not None, stopped.stopped_by if by else None) == (bool(by), by)


@pytest.mark.parametrize(
    ("why", "expected", "is_stopped"),
    [
        ("InvalidPlatformToken", ("bounced", "device_is_gone"), True),
        ("EndpointDisabled", ("bounced", "device_is_gone"), True),
        ("Throttled", ("failed", "not_delivered"), False),
    ],
)
def test_what_sns_says_of_a_device(
    stage: Stage, why: str, expected: tuple[str, str], is_stopped: bool
) -> None:
    stage.sent(Channel.PUSH)
    receipt = forms.of_device(endpoint=ENDPOINT, provider_id="push-1", at=NINE, why=why)
    assert stage.receive(receipt) == []
    assert state() == expected
    assert (address(Channel.PUSH).stopped_at is not None) is is_stopped


# Whenever they come ------------------------------------------------------------------------------


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_in_any_order_and_twice_they_end_in_one_state(stage: Stage, order: tuple[int, ...]) -> None:
    row = stage.sent(Channel.EMAIL)
    all_four = [email("Send", row), email("Delivery", row), bounce(row), complaint(row)]
    ordered = [all_four[place] for place in order]
    assert stage.receive(*ordered, *ordered) == []
    assert state() == ("complained", "complained")


def test_a_receipt_of_a_message_that_was_never_marked_settles_it(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL, act=wire.raises(Died()))
    assert row.state == "claimed"
    stage.receive(email("Send", row, provider_id="ses-7"))
    assert (message().state, message().provider_id) == ("sent", "ses-7")
    stage.set_clock(NINE + HOUR)
    stage.sweep()
    assert message().state == "sent"


def test_it_settles_what_is_unknown_and_nothing_is_sent_again(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL, act=wire.raises(wire.TIMEOUT))
    assert row.state == "unknown"
    stage.receive(email("Delivery", row))
    assert state() == ("delivered", None)
    stage.set_clock(NINE + HOUR)
    stage.sweep()
    assert state() == ("delivered", None)


def test_it_comes_before_the_second_attempt_and_makes_that_needless(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL, act=wire.raises(wire.TIMEOUT))
    stage.set_clock(NINE + 11 * MINUTE)
    stage.sweep()
    assert message().state == "waiting"
    stage.receive(email("Delivery", row))
    assert message().state == "delivered"
    stage.set_clock(NINE + 13 * MINUTE)
    stage.wake_up(Channel.EMAIL, wire.raises(AssertionError()))
    assert (message().state, message().attempt) == ("delivered", 1)


def test_a_bounce_before_the_second_attempt_makes_that_needless_too(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL, act=wire.raises(wire.TIMEOUT))
    stage.set_clock(NINE + 11 * MINUTE)
    stage.sweep()
    assert message().state == "waiting"
    assert stage.receive(bounce(row)) == []
    assert (message().state, message().attempt) == ("bounced", 1)
    assert address(Channel.EMAIL).stopped_by is StoppedBy.BOUNCED


def test_the_first_attempts_receipt_says_nothing_of_the_second(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL, act=wire.raises(wire.TIMEOUT))
    stage.set_clock(NINE + 11 * MINUTE)
    stage.sweep()
    stage.set_clock(NINE + 13 * MINUTE)
    stage.wake_up(Channel.EMAIL)
    assert (message().state, message().attempt) == ("sent", 2)
    assert stage.receive(email("Send", row)) == []
    assert '"foreign":1' in stage.log.getvalue()
    stage.receive(bounce(row))
    assert message().state == "sent"
    assert address(Channel.EMAIL).stopped_by is StoppedBy.BOUNCED, "the mailbox is dead anyway"


def test_a_message_that_is_not_known_yet_is_waited_for(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    early = text(row, provider_id="of-a-mark-to-come")
    for receives in range(1, LAST_PATIENCE):
        assert stage.receive(early, receives=receives) == ["message-0"]
    assert stage.receive(early, receives=LAST_PATIENCE) == []
    assert message().state == "sent"


# Without a name ----------------------------------------------------------------------------------


def test_an_sms_of_which_nobody_knows_is_settled_by_its_number(stage: Stage) -> None:
    stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT))
    stage.receive(text(at=just_after()))
    assert (message().state, message().provider_id) == ("delivered", "sms-9")
    stage.receive(text(status="FAILURE", said="Invalid phone number"))
    assert message().state == "bounced"


@pytest.mark.parametrize("owner", ["0" * 32, "f" * 32])
def test_what_another_claim_takes_over_meanwhile_is_not_touched(stage: Stage, owner: str) -> None:
    row = stage.sent(Channel.EMAIL)
    reads = iter(range(10))

    def taken_over(_: object) -> None:
        if next(reads) == 1:  # the row was read, the account comes next
            LedgerItem(row.user_id, row.key).update([LedgerItem.owner.set(owner)])

    with wire.before(tables.connection.client, "GetItem", taken_over):
        assert stage.receive(bounce(row)) == []
    assert (message().state, message().owner) == ("sent", owner)
    assert '"outcomes":{"known":1}' in stage.log.getvalue()


@pytest.mark.parametrize("owner", ["0" * 32, "f" * 32])
def test_nor_what_it_takes_over_after_the_account_was_read(stage: Stage, owner: str) -> None:
    row = stage.sent(Channel.EMAIL)

    def taken_over() -> None:
        LedgerItem(row.user_id, row.key).update([LedgerItem.owner.set(owner)])

    with wire.before_call(tables.connection.client, "TransactWriteItems", taken_over):
        assert stage.receive(bounce(row)) == []
    assert (message().state, message().owner) == ("sent", owner)


@pytest.mark.parametrize(("owner", "attempt"), [("0" * 32, 1), ("f" * 32, 1), (None, 0), (None, 2)])
def test_a_refusal_says_nothing_of_what_another_claim_took_over(
    stage: Stage, owner: str | None, attempt: int
) -> None:
    """The provider refuses the address of a claim that is no longer its sender's own."""

    def taken_over_and_refused(request: object) -> Any:
        row = message()
        changes = [LedgerItem.attempt.set(attempt)]
        LedgerItem(row.user_id, row.key).update(
            [*changes, LedgerItem.owner.set(owner)] if owner else changes
        )
        return refused(request)

    refused = wire.json_error("BadRequestException")
    with logged(stage.stack.function("SendEmail").logger) as lines:
        stage.sent(Channel.EMAIL, act=taken_over_and_refused)
    assert (message().state, message().attempt) == ("claimed", attempt)
    assert '"failed_nudges":0' in lines.getvalue()


def test_nor_of_what_it_takes_over_after_the_account_was_read(stage: Stage) -> None:
    def taken_over(_: object) -> None:
        for row in ledger_of("somebody"):  # none is there yet when it is claimed
            LedgerItem(row.user_id, row.key).update([LedgerItem.owner.set("0" * 32)])

    with wire.before(tables.connection.client, "TransactWriteItems", taken_over):
        stage.sent(Channel.EMAIL, act=wire.json_error("BadRequestException"))
    assert (message().state, message().owner) == ("claimed", "0" * 32)


@pytest.mark.parametrize("off", [-3 * SECOND, 14 * SECOND])
def test_nor_by_one_of_another_application_that_was_taken_seconds_away(
    stage: Stage, off: timedelta
) -> None:
    claimed_at = stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT)).recorded_at
    stage.receive(text(at=claimed_at + off))
    assert (message().state, message().provider_id) == ("unknown", None)
    assert '"outcomes":{"foreign":1}' in stage.log.getvalue()


def test_nor_by_one_that_went_as_what_we_never_send(stage: Stage) -> None:
    stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT))
    stage.receive(text(at=just_after(), sms_type="Promotional"))
    assert message().state == "unknown"
    stage.receive(text(at=just_after()))
    assert message().state == "delivered", "our own still does"


@pytest.mark.parametrize("ack", [True, False])
@pytest.mark.parametrize(
    "later",
    [
        {"status": "FAILURE", "said": "Invalid phone number"},
        {"status": "FAILURE", "said": "No quota left for account"},
        {},
    ],
    ids=["bad", "of the account", "good"],
)
def test_nor_by_a_second_one_once_the_first_has_named_it(
    stage: Stage, later: dict[str, Any], ack: bool
) -> None:
    """Both were read while it was unknown; the first says its word before the second."""
    stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT))
    row = message()
    at = just_after()
    first, second = text(at=at, ack=ack), text(at=at, provider_id="theirs", **later)
    with patch.object(receipts, "only_unknown", lambda *_, **__: row):
        stage.receive(first)
        stage.receive(second)
    said = "delivered" if ack else "sent"
    assert (message().state, message().provider_id) == (said, "sms-9")


@pytest.mark.parametrize("off", [-2 * MINUTE, 4 * MINUTE])
def test_but_not_by_one_of_another_time(stage: Stage, off: timedelta) -> None:
    stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT))
    stage.receive(text(at=NINE + off))
    assert message().state == "unknown"


def test_nor_when_two_may_be_meant(stage: Stage) -> None:
    stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT))
    first = message()
    twin = LedgerItem.get("somebody", first.key)
    twin.key, twin.owner = f"{first.key}-twin", "another"
    twin.save()
    stage.receive(text(at=just_after()))
    assert {row.state for row in ledger_of("somebody")} == {"unknown"}


def test_nor_by_one_to_another_number(stage: Stage) -> None:
    stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT))
    stage.receive(text(number="+447700900199", at=just_after()))
    assert message().state == "unknown"


def test_a_message_that_the_index_does_not_show_is_found_among_its_users(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = stage.sent(Channel.EMAIL)
    monkeypatch.setattr(LedgerItem.by_receipt, "query", lambda receipt_id: [])
    assert stage.receive(bounce(row), receives=LAST_PATIENCE - 1) == ["message-0"]
    assert state()[0] == "sent"
    stage.receive(bounce(row))
    assert state()[0] == "bounced"
    assert not address(Channel.EMAIL).usable


def test_the_log_counts_what_receipts_did(stage: Stage) -> None:
    def outcomes(*bodies: str) -> dict[str, int]:
        at = stage.log.tell()
        stage.receive(*bodies)
        (line,) = (each for each in stage.log.getvalue()[at:].splitlines() if "outcomes" in each)
        counted: dict[str, int] = json.loads(line)["outcomes"]
        return counted

    row = stage.sent(Channel.EMAIL)
    foreign = forms.bounce(tag="0" * 32, address=EMAIL, at=NINE)
    assert outcomes(bounce(row), bounce(row), foreign) == {"settled": 1, "known": 1, "foreign": 1}


def test_the_log_tells_what_was_settled_by_its_number_alone(stage: Stage) -> None:
    stage.sent(Channel.SMS, act=wire.raises(wire.TIMEOUT))
    stage.receive(text(at=just_after()))
    assert '"outcomes":{"guessed":1}' in stage.log.getvalue()


# Fallback ----------------------------------------------------------------------------------------


def stands_in(stage: Stage, *bill_ids: str) -> LedgerItem:
    """A message by e-mail to somebody for whom SMS stands in; its row."""
    plan = Plan(channels=(Channel.EMAIL, Channel.SMS), joins=(Join(Channel.SMS, None),))
    user = a_user(channels=plan.channels, plan=plan)
    enter(user, *map(due_today, bill_ids))
    assert wakes_at("somebody", Channel.SMS) is None
    stage.wake_up(Channel.EMAIL)
    return message()


@pytest.mark.parametrize(
    ("said", "state"), [(bounce, "bounced"), (partial(bounce, kind="Transient"), "expired")]
)
def test_what_came_back_goes_by_the_channel_that_stands_in_and_once(
    stage: Stage, said: Callable[[LedgerItem], str], state: str
) -> None:
    row = stands_in(stage, "rent")
    stage.receive(said(row), said(row))
    assert wakes_at("somebody", Channel.SMS) == NINE + MINUTE
    stage.set_clock(NINE + MINUTE)
    stage.wake_up(Channel.SMS)
    stage.wake_up(Channel.SMS, wire.raises(AssertionError()))
    states = {row.channel: row.state for row in ledger_of("somebody") if row.trigger == "lead:0"}
    assert states == {"email": state, "sms": "sent"}


def test_all_of_a_digest_that_came_back_go_by_it_as_one(stage: Stage) -> None:
    row = stands_in(stage, "rent", "power")
    stage.receive(bounce(row))
    stage.set_clock(NINE + MINUTE)
    stage.wake_up(Channel.SMS)
    by_sms = [row for row in ledger_of("somebody") if row.channel == "sms"]
    assert sorted(row.state for row in by_sms) == ["in_digest", "sent"]


def test_what_arrived_wakes_nobody(stage: Stage) -> None:
    row = stands_in(stage, "rent")
    stage.receive(email("Delivery", row), complaint(row))
    assert wakes_at("somebody", Channel.SMS) == NINE + timedelta(days=1)  # the overdue notice
    assert not address(Channel.EMAIL).usable


# Dead addresses ----------------------------------------------------------------------------------


def test_nothing_more_goes_to_a_dead_address_until_its_owner_confirms_it_anew(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    stage.receive(bounce(row))
    stage.set_clock(NINE + timedelta(days=1))
    stage.wake_up(Channel.EMAIL, wire.raises(AssertionError()))
    states = {row.trigger: (row.state, row.reason) for row in ledger_of("somebody")}
    assert states == {"lead:0": ("bounced", "bounced"), "overdue:1": ("skipped", "no_address")}


def test_who_confirms_it_later_is_not_stopped_by_a_receipt_that_comes_late(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    stage.receive(bounce(row))
    anew = Address(EMAIL, Attestation.by_code(NINE + HOUR))
    account_changes.change_user(
        "somebody", lambda user: user.with_address(Channel.EMAIL, anew), now=NINE + HOUR
    )
    stage.receive(bounce(row), complaint(row))
    assert address(Channel.EMAIL).usable


def test_a_receipt_that_tells_nothing_new_of_its_message_still_stops_the_address(
    stage: Stage,
) -> None:
    row = stage.sent(Channel.EMAIL)
    stage.receive(bounce(row))
    anew = Address(EMAIL, Attestation.by_code(NINE + MINUTE))
    account_changes.change_user(
        "somebody", lambda user: user.with_address(Channel.EMAIL, anew), now=NINE + MINUTE
    )
    assert address(Channel.EMAIL).usable
    stage.receive(bounce(row, at=on_our_clock(NINE + HOUR)))
    assert not address(Channel.EMAIL).usable


def test_what_did_not_arrive_has_told_nobody_how_to_stop(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    assert Channel.EMAIL in accounts.read("somebody", now=NINE).welcomed
    stage.receive(bounce(row, kind="Transient"))
    assert Channel.EMAIL not in accounts.read("somebody", now=NINE).welcomed


def test_an_address_that_was_changed_since_is_left_alone(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    other = Address("other@example.com", address(Channel.EMAIL).attestation)
    account_changes.change_user(
        "somebody", lambda user: user.with_address(Channel.EMAIL, other), now=NINE + MINUTE
    )
    stage.receive(bounce(row))
    assert state()[0] == "bounced"
    assert address(Channel.EMAIL).usable


def test_the_row_the_address_and_the_schedule_change_together(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    version = accounts.read("somebody", now=NINE).version
    busy = wire.json_error("ProvisionedThroughputExceededException")
    with wire.before(tables.connection.client, "TransactWriteItems", busy):
        assert stage.receive(bounce(row)) == []
    assert len(waiting(stage.stack, "Receipts")) == 1
    assert state()[0] == "sent"
    assert address(Channel.EMAIL).usable
    assert stage.receive(bounce(row)) == []
    assert accounts.read("somebody", now=NINE).version == version + 1


def test_a_code_that_bounced_says_so(stage: Stage) -> None:
    enter(a_user(channels=(Channel.EMAIL,)))
    direct_rows.claim(
        "somebody", "code:one", Channel.EMAIL, life=accounts.life_of("somebody"), now=NINE
    )
    receipt = forms.bounce(tag="code-one", address=EMAIL, at=NINE)
    stage.receive(receipt)
    assert state() == ("bounced", "bounced")
    assert address(Channel.EMAIL).stopped_by is StoppedBy.BOUNCED


def test_of_a_digest_the_message_says_it_for_all(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL, "rent", "power")
    stage.receive(email("Delivery", row))
    assert sorted(row.state for row in ledger_of("somebody")) == ["delivered", "in_digest"]


# The log of SMS ----------------------------------------------------------------------------------


def test_lines_of_the_log_are_queued_each_by_itself(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    lines = [
        forms.log_line(number=PHONE, provider_id=row.provider_id or "", at=NINE),
        *("{}" for _ in range(11)),
    ]
    assert stage.receiver.handler(forms.log_event(*lines), Context()) is None
    bodies = queued(stage)
    assert len(bodies) == 12
    assert len(stage.receive(*bodies)) == 11, "what is no receipt goes to the dead letters alone"
    assert state()[0] == "delivered"


def test_a_log_that_could_not_be_queued_comes_back_from_the_dead_letters(stage: Stage) -> None:
    row = stage.sent(Channel.SMS)
    event = forms.log_event(
        forms.log_line(number=PHONE, provider_id=row.provider_id or "", at=NINE)
    )
    letter = json.dumps(
        {"requestContext": {"condition": "RetriesExhausted"}, "requestPayload": event}
    )
    assert stage.receive(letter) == []
    assert stage.receive(*queued(stage)) == []
    assert state()[0] == "delivered"


def test_cloudwatch_tries_the_subscription_out(stage: Stage) -> None:
    stage.receiver.handler(forms.log_event(kind="CONTROL_MESSAGE"), Context())
    assert queued(stage) == []


def queued(stage: Stage) -> list[str]:
    sqs, url = stage.stack.client("sqs"), stage.stack.ids["Receipts"]
    found: list[str] = []
    while batch := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += [each["Body"] for each in batch]
    return found


# What is none ------------------------------------------------------------------------------------

HUGE = "x" * 256 * 1024


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "{broken",
        "{" + HUGE,
        json.dumps({"Message": "{" + HUGE}),
        json.dumps({"Message": "{}"}),
        json.dumps({"Message": None}),
        json.dumps({"sms_log": 7}),
        json.dumps({"sms_log": "{}"}),
        json.dumps({"requestPayload": {"awslogs": {"data": "not base64"}}}),
        json.dumps({"requestPayload": {"awslogs": {"data": "aGVsbG8="}}}),
        forms.notification({"eventType": "Delivery", "mail": {}}),
        forms.notification({"eventType": "Delivery", "mail": {"tags": {"message_id": "one"}}}),
        forms.notification({"eventType": ["Delivery"], "mail": []}),
        forms.notification({"EventType": "DeliveryFailure"}, topic=forms.DEVICE_TOPIC),
        forms.of_email("Delivery", tag="a b", address=EMAIL, at=NINE),
        forms.of_email("Bounce", tag="tag", address=EMAIL, at=NINE),
        forms.of_sms(number=PHONE, provider_id="x", at=NINE, status="PERHAPS"),
        forms.of_sms(number=7, provider_id="x", at=NINE),
    ],
)
def test_what_is_no_receipt_comes_back_and_its_siblings_are_read(stage: Stage, body: str) -> None:
    row = stage.sent(Channel.EMAIL)
    assert stage.receive(body, email("Delivery", row)) == ["message-0"]
    assert state()[0] == "delivered"


def test_a_receipt_that_names_nobodys_message_does_nothing(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    before = row.serialize()
    forged = forms.bounce(tag="0" * 32, address="nobody@example.com", at=NINE)
    of_another_channel = forms.of_sms(number=PHONE, provider_id=row.owner, at=NINE)
    assert stage.receive(forged, of_another_channel) == []
    assert message().serialize() == before
    assert address(Channel.EMAIL).usable


def test_a_users_other_reminders_go_on(stage: Stage) -> None:
    row = stage.sent(Channel.EMAIL)
    stage.receive(email("Delivery", row))
    assert wakes_at("somebody", Channel.EMAIL) == NINE + timedelta(days=1)


def test_the_role_allows_what_receipts_need_and_no_more(
    stack: MotoStack, set_clock: SetClock
) -> None:
    set_clock(NINE + 5 * SECOND)
    with watched(stack) as used:
        stage = Stage(stack, set_clock)
        row = stage.sent(Channel.EMAIL)
        with stage.stack.working("ReadReceipts"):
            stage.receiver.handler(forms.log_event("{}"), Context())
            stage.receive(
                email("Delivery", row),
                bounce(row),
                text(),
                text(status="FAILURE", said="something new"),
                forms.bounce(tag="0" * 32, address=EMAIL, at=NINE),
            )
    runtime = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    permitted = {pair for pair in allowed("ReadReceipts") if pair[0] not in runtime}
    made = {
        ("sqs:SendMessage", "") if pair[0] == "sqs:SendMessageBatch" else pair
        for pair in used["ReadReceipts"]
    }
    seldom = {("secretsmanager:GetSecretValue", "")}  # once a process
    assert sorted(made - permitted) == []
    assert sorted(permitted - made - seldom) == []
