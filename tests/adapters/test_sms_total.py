"""Reminders by SMS within the day's total: what is above it waits, in the index, and goes later."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.backends import get_backend

from bill_reminders.channels.sms.text import segments
from bill_reminders.delivery import claims
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address, User
from bill_reminders.files.plans import channels
from bill_reminders.storage import rows, tables
from bill_reminders.storage.access_tables import LimitItem
from bill_reminders.storage.tables import LedgerItem, UserItem
from tests.adapters.conftest import SetClock
from tests.support.entered import IN_THREE_DAYS, NINE, enter, ledger_of, schedule, wakes_at
from tests.support.functions import Context, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, a_bill, a_user
from tests.support.queues import waiting

ACCOUNT, REGION = "123456789012", "us-east-1"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
GERMAN = "+4915123456789"


@pytest.fixture(autouse=True)
def _at_nine(set_clock: SetClock) -> None:
    set_clock(NINE + timedelta(seconds=5))


def deploy(stack: MotoStack, **parameters: object) -> None:
    """As a deployment does: processes that start from now on have these parameters."""
    stack.ids.update({name: str(value) for name, value in parameters.items()})
    stack._functions.pop("SendSms", None)


def due(user_id: str, **changes: Any) -> str:
    enter(a_user(user_id, **changes), a_bill(user_id, "b", due_on=IN_THREE_DAYS))
    return user_id


def wake_up(stack: MotoStack, *user_ids: str, minute: datetime = NINE) -> None:
    event = sqs_event(*(WakeUp(user_id, minute).body() for user_id in user_ids))
    answer = stack.function("SendSms").handler(event, Context())
    assert answer == {"batchItemFailures": []}


def texts() -> list[str]:
    return [text for _, text in get_backend("sns")[ACCOUNT][REGION].sms_messages.values()]


def parts() -> int:
    return sum(map(segments, texts()))


def counted(day: str = "2027-03-01") -> int:
    return LimitItem.get(f"sms parts#{day}", consistent_read=True).asked


def test_reminders_end_at_the_total_of_all_sms(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=6)
    everybody = [due(f"user-{number}") for number in range(12)]
    for number in range(0, 12, 4):
        wake_up(stack, *everybody[number : number + 4])
    assert 0 < parts() <= 6
    assert counted() <= 6


def test_what_is_above_the_total_stays_in_the_index_unclaimed(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=1)
    wake_up(stack, due("first"))
    wake_up(stack, due("second"))
    wake_up(stack, due("third"))
    waiting = [user_id for user_id in ("first", "second", "third") if not sent(user_id)]
    assert len(waiting) >= 2
    assert "third" in waiting
    assert ledger_of("third") == []
    assert wakes_at("third") == NINE


def sent(user_id: str) -> bool:
    return any(row.state == "sent" for row in ledger_of(user_id))


def test_what_waited_at_the_total_goes_once_on_a_later_day(
    stack: MotoStack, set_clock: SetClock
) -> None:
    deploy(stack, SmsPartsPerDay=2)
    everybody = [due(f"user-{number}") for number in range(4)]
    for user_id in everybody:
        wake_up(stack, user_id)
    assert not all(map(sent, everybody))
    for day in (1, 2):
        set_clock(NINE + day * DAY)
        deploy(stack, SmsPartsPerDay=20)
        for user_id in everybody:
            wake_up(stack, user_id, minute=NINE + day * DAY)
    assert all(map(sent, everybody))
    assert len(texts()) == sum(
        row.state == "sent" for user_id in everybody for row in ledger_of(user_id)
    )


def test_a_process_that_goes_on_takes_the_next_days_total(
    stack: MotoStack, set_clock: SetClock
) -> None:
    deploy(stack, SmsPartsPerDay=2)
    for user_id in ("one", "two", "three"):
        wake_up(stack, due(user_id))
    before = parts()
    set_clock(NINE + DAY)
    wake_up(stack, "three", minute=NINE + DAY)
    assert parts() > before


def test_a_raised_total_is_used_at_once(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=1)
    for user_id in ("one", "two", "three"):
        wake_up(stack, due(user_id))
    assert not sent("three")
    deploy(stack, SmsPartsPerDay=100)
    wake_up(stack, "three")
    assert sent("three")


def test_a_batch_asks_for_its_parts_in_one_call(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=1000)
    everybody = [due(f"user-{number}") for number in range(10)]
    calls: list[str] = []

    def note(params: dict[str, Any], model: Any, **_: Any) -> None:
        body = json.loads(params["body"])
        if body.get("TableName") == stack.ids["Limits"]:
            calls.append(model.name)

    events = tables.connection.client.meta.events
    events.register("before-call.dynamodb", note)
    try:
        wake_up(stack, *everybody)
    finally:
        events.unregister("before-call.dynamodb", note)
    assert len(texts()) == 10
    assert calls == ["UpdateItem"]


def test_of_a_small_total_a_batch_leaves_room_for_others(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=20)
    wake_up(stack, due("first"))
    assert counted() <= 4


def test_processes_that_send_little_keep_little_of_the_total(stack: MotoStack) -> None:
    """Quiet hours of a day see many processes, of which each sends a message or two."""
    for number in range(10):
        deploy(stack, SmsPartsPerDay=1000)
        wake_up(stack, due(f"user-{number}"))
    assert len(texts()) == 10
    assert counted() <= 20


def test_email_goes_on_at_the_total_of_all_sms(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=1)
    wake_up(stack, due("first"))
    wake_up(stack, due("second"))
    stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
    writes = due("writes", channels=(Channel.EMAIL,))
    event = sqs_event(WakeUp(writes, NINE).body())
    assert stack.function("SendEmail").handler(event, Context()) == {"batchItemFailures": []}
    assert sent("writes")


def test_the_log_tells_of_four_fifths_of_the_total(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=1000)
    with logged(stack.function("SendSms").logger) as lines:
        wake_up(stack, due("first"))
        assert "most of today's SMS are used" not in lines.getvalue()
        LimitItem("sms parts#2027-03-01").update([LimitItem.asked.set(900)])
        wake_up(stack, due("second"), due("third"), due("fourth"))
        assert "most of today's SMS are used" in lines.getvalue()


# Who registered by themselves --------------------------------------------------------------------


def registered_by_themselves(user_id: str) -> User:
    return replace(a_user(user_id), self_registered=True)


def test_who_registered_by_themselves_waits_while_imported_users_are_served(
    stack: MotoStack,
) -> None:
    deploy(stack, SmsPartsPerDay=1000, SmsShareOfSelfRegistered=10)
    wake_up(stack, due("warm"))
    LimitItem("sms parts#2027-03-01").update([LimitItem.asked.set(500)])
    deploy(stack)
    enter(registered_by_themselves("self"), a_bill("self", "b", due_on=IN_THREE_DAYS))
    wake_up(stack, "self", due("imported"))
    assert sent("imported")
    assert ledger_of("self") == [], "nothing was claimed"
    wakes = wakes_at("self")
    assert wakes is not None
    assert NINE + 0.8 * HOUR <= wakes <= NINE + 1.3 * HOUR


def test_who_registered_by_themselves_is_served_while_there_is_room(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=1000, SmsShareOfSelfRegistered=10)
    enter(registered_by_themselves("self"), a_bill("self", "b", due_on=IN_THREE_DAYS))
    wake_up(stack, "self")
    assert sent("self")


@pytest.mark.parametrize(("by_themselves", "goes"), [(True, False), (False, True)])
def test_who_registered_by_themselves_gets_ten_sms_a_day(
    stack: MotoStack, by_themselves: bool, goes: bool
) -> None:
    user = replace(a_user("busy"), self_registered=by_themselves)
    enter(user, a_bill("busy", "b", due_on=IN_THREE_DAYS))
    counted_on, messages = tables.counted_on(Channel.SMS), tables.messages(Channel.SMS)
    schedule("busy").update([counted_on.set(NINE.date()), messages.set(10)])
    wake_up(stack, "busy")
    assert sent("busy") is goes
    if not goes:
        assert wakes_at("busy") == datetime(2027, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("user_id", "stored", "by_themselves"),
    [
        ("u0123456789abcdef01234567", None, True),
        ("u0123456789abcdef01234567", False, False),
        ("u0123456789abcdef01234567", True, True),
        ("customer-17", None, False),
        ("u0123456789abcdef0123456", None, False),
        ("u0123456789ABCDEF01234567", None, False),
        ("customer-17", True, True),
    ],
)
def test_an_item_from_before_counts_as_imported_if_a_biller_named_it(
    user_id: str, stored: bool | None, by_themselves: bool
) -> None:
    item: UserItem = rows.user_item(a_user(user_id))
    item.self_registered = stored
    read = rows.user_from(item)
    assert read.self_registered is by_themselves
    assert rows.user_from(rows.user_item(read)).self_registered is by_themselves


# Countries ---------------------------------------------------------------------------------------


def test_a_reminder_to_another_country_fails_and_its_fallback_goes(stack: MotoStack) -> None:
    deploy(stack, SmsCountries="GB,US")
    user = a_user("german", channels=(Channel.SMS, Channel.EMAIL))
    user = user.with_address(Channel.SMS, Address(GERMAN, ATTESTED))
    wanted, joins = channels("sms+email@fallback")
    enter(
        replace(user, plan=replace(user.plan, channels=wanted, joins=joins)),
        a_bill("german", "b", due_on=IN_THREE_DAYS),
    )
    assert wakes_at("german", Channel.EMAIL) is None
    wake_up(stack, "german")
    assert texts() == []
    (row,) = [row for row in ledger_of("german") if row.channel == "sms"]
    assert (row.state, row.reason) == ("failed", "country_not_allowed")
    wakes = wakes_at("german", Channel.EMAIL)
    assert wakes is not None and wakes <= NINE + timedelta(minutes=2)
    known: LedgerItem = row
    assert GERMAN not in str(known.attribute_values)


def test_a_reminder_to_another_country_stops_no_address(stack: MotoStack) -> None:
    deploy(stack, SmsCountries="GB,US")
    enter(
        a_user("german").with_address(Channel.SMS, Address(GERMAN, ATTESTED)),
        a_bill("german", "b", due_on=IN_THREE_DAYS),
    )
    wake_up(stack, "german")
    assert UserItem.get("german", consistent_read=True).sms.stopped_at is None
    deploy(stack, SmsCountries="DE")
    wake_up(stack, "german", minute=NINE)
    assert texts() == [], "one failed reminder is not tried again"


def test_who_was_put_aside_is_not_lost_to_a_redrive_while_the_total_is_used_up(
    stack: MotoStack, set_clock: SetClock
) -> None:
    """The index does not hold them: their wake-up goes back to its queue."""
    deploy(stack, SmsPartsPerDay=2)
    for user_id in ("one", "two"):
        wake_up(stack, due(user_id))
    due("aside")
    assert claims.quarantine("aside", Channel.SMS) == NINE
    set_clock(NINE + HOUR)
    wake_up(stack, "aside")
    assert not sent("aside")
    assert waiting(stack, "SmsNudges") == [WakeUp("aside", NINE).body()]
