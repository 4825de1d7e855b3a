"""Replies to SMS, on the tables: what they do, once, whatever happens in between."""

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from bill_reminders.channels import providers
from bill_reminders.delivery import claims
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Statement
from bill_reminders.domain.people import Address, StoppedBy
from bill_reminders.domain.recurrence import Recurrence, Unit
from bill_reminders.storage import accounts, addresses, erasure, tables
from bill_reminders.storage.access_tables import AddressItem, ConversationItem
from bill_reminders.storage.addresses import address_hash
from bill_reminders.storage.saving import save_bills, save_user
from bill_reminders.storage.tables import LedgerItem
from tests.adapters.conftest import SetClock
from tests.support import account_changes, wire
from tests.support.entered import IN_THREE_DAYS, NINE, SHARDS, enter, ledger_of
from tests.support.functions import Context, sample_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import PHONE, a_bill, a_user
from tests.support.permissions import allowed, watched
from tests.support.queues import waiting
from tests.support.sms_replies import OUR_NUMBER, Phone, envelope

SECOND, MINUTE, HOUR, DAY = (
    timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1),
)  # fmt: skip
PRIVATE = (PHONE, PHONE.lstrip("+"), OUR_NUMBER.lstrip("+"), "Lantern", "Credit card", "120.5")


@pytest.fixture
def phone(stack: MotoStack, set_clock: SetClock) -> Phone:
    set_clock(NINE + MINUTE)
    return Phone(stack)


@pytest.fixture(autouse=True)
def log(stack: MotoStack) -> Iterator[io.StringIO]:
    """What the function logs. After every test here: not a word of a person or a bill in it."""
    with logged(stack.function("ReadReplies").logger) as lines:
        yield lines
    assert [word for word in PRIVATE if word in lines.getvalue()] == []


def told_of(*bills: Bill, **user: Any) -> None:
    """Somebody whom an SMS at NINE told of bills due in three days."""
    enter(a_user(**user), *(bills or (a_bill(due_on=IN_THREE_DAYS),)))
    claim = claims.claim_next("somebody", Channel.SMS, now=NINE)
    assert claim.reminders
    claims.mark(claim, State.SENT, now=NINE, provider_id="p")


CARD = a_bill(bill_id="card", due_on=IN_THREE_DAYS)
RENT = a_bill(bill_id="rent", due_on=IN_THREE_DAYS, biller="Paper Crane", name="Rent")


def somebody() -> Account:
    return accounts.read("somebody", now=NINE)


def paid() -> list[str]:
    return [bill.bill_id for bill in somebody().bills if bill.payments]


def snoozed() -> dict[str, date]:
    return {b.bill_id: each.until for b in somebody().bills for each in b.snoozes}


def address() -> Address:
    return somebody().user.addresses[Channel.SMS]


def due_at(instant: Any) -> int:
    return len(accounts.read("somebody", now=instant).decide(Channel.SMS, instant).due)


def test_paid_is_noted_answered_and_silences_the_bill(phone: Phone) -> None:
    told_of()
    assert due_at(NINE + 2 * DAY) == 1
    assert phone.write("I paid") == (
        "Bill reminders: Lantern Bank Credit card is noted as paid. To take that back, reply UNDO."
    )
    assert paid() == ["bill"]
    assert due_at(NINE + 2 * DAY) == 0


def test_undo_takes_back_what_the_last_reply_did_once(phone: Phone) -> None:
    told_of()
    phone.write("PAID")
    assert "taken back" in phone.write("undo")
    assert paid() == []
    assert due_at(NINE + 2 * DAY) == 1
    assert "Replies: PAID" in phone.write("undo")
    phone.write("snooze")
    assert snoozed() == {"bill": date(2027, 3, 2)}
    assert "taken back" in phone.write("撤銷")
    assert snoozed() == {}


def test_undo_reaches_no_further_than_a_day(phone: Phone, set_clock: SetClock) -> None:
    told_of()
    phone.write("PAID")
    set_clock(NINE + DAY + HOUR)
    assert "Replies: PAID" in phone.write("undo")
    assert paid() == ["bill"]


def test_with_two_bills_due_it_asks_which_and_takes_the_number(phone: Phone) -> None:
    told_of(CARD, RENT)
    asked = phone.write("paid")
    assert "1: Lantern Bank Credit card (Mar 4); 2: Paper Crane Rent (Mar 4)" in asked
    assert paid() == []
    assert "Rent is noted as paid" in phone.write("2")
    assert paid() == ["rent"]
    assert "Credit card is noted as paid" in phone.write("no. 1")
    assert paid() == ["card", "rent"]


def test_a_number_that_names_nothing_changes_nothing(phone: Phone, set_clock: SetClock) -> None:
    told_of(CARD, RENT)
    assert "Replies: PAID" in phone.write("2")  # nothing was asked
    phone.write("snooze")
    assert "Replies: PAID" in phone.write("3")
    assert "Which one" in phone.write("paid 3")
    set_clock(NINE + DAY + HOUR)
    assert "Replies: PAID" in phone.write("1")  # that question is over
    assert (paid(), snoozed()) == ([], {})


def test_an_amount_or_a_number_without_a_question_is_never_taken_for_all_of_it(
    phone: Phone,
) -> None:
    told_of()
    for text in ("paid $50", "paid 50", "paid half", "not paid", "paid?"):
        phone.write(text)
    assert paid() == []


def test_it_means_what_an_sms_told_of_before_what_is_still_to_come(phone: Phone) -> None:
    later = a_bill(bill_id="later", due_on=IN_THREE_DAYS + 9 * DAY)
    told_of(CARD, later)
    phone.write("paid")
    assert paid() == ["card"]
    phone.write("paid")  # nothing else was told of: early, but clear
    assert paid() == ["card", "later"]
    assert "No bill is waiting" in phone.write("paid")


def test_two_months_unpaid_are_one_bill_and_the_older_month_is_meant(
    phone: Phone, set_clock: SetClock
) -> None:
    told_of(replace(CARD, recurrence=Recurrence(IN_THREE_DAYS, 1, Unit.MONTH)))
    set_clock(NINE + 35 * DAY)
    phone.write("paid")
    (bill,) = somebody().bills
    assert [payment.occurrence for payment in bill.payments] == [0]


def test_snooze_reminds_tomorrow(phone: Phone) -> None:
    told_of()
    assert "we remind you again on Tue, Mar 2" in phone.write("明天")
    assert snoozed() == {"bill": date(2027, 3, 2)}
    assert due_at(NINE + DAY) == 1


def test_past_the_due_date_snooze_wants_a_second_yes(phone: Phone, set_clock: SetClock) -> None:
    told_of()
    set_clock(NINE + 3 * DAY)
    asked = phone.write("snooze")
    assert "is due on Thu, Mar 4. To be reminded after that, reply SNOOZE again." in asked
    assert snoozed() == {}
    assert "we remind you again on Fri, Mar 5" in phone.write("SNOOZE")
    assert snoozed() == {"bill": date(2027, 3, 5)}


def test_the_same_reply_handed_over_again_is_no_second_yes(
    phone: Phone, set_clock: SetClock
) -> None:
    told_of()
    set_clock(NINE + 3 * DAY)
    body = envelope("snooze", message_id="one")
    phone.hand_over(body)
    LedgerItem("somebody", "reply:one").delete()  # as if it had died before it answered
    phone.hand_over(body, body)
    assert snoozed() == {}


def test_list_tells_what_is_open_the_nearest_first(phone: Phone) -> None:
    told_of(CARD, RENT)
    listed = phone.write("LIST")
    assert listed.index("Credit card, $120.50, due in 3 days") < listed.index("Rent")
    phone.write("paid")
    phone.write("1")
    assert "Credit card" not in phone.write("查詢")
    phone.write("paid")
    assert "No bill is waiting" in phone.write("list")


def test_a_silenced_bill_is_neither_listed_nor_meant(phone: Phone) -> None:
    told_of(CARD, RENT)
    account_changes.close_bill("somebody", "rent", now=NINE)
    assert "Rent" not in phone.write("list")
    phone.write("paid")
    assert paid() == ["card"]


def test_help_says_the_words_and_whom_to_write_to(phone: Phone) -> None:
    told_of()
    answer = phone.write("?")
    assert "PAID, SNOOZE, LIST, UNDO, STOP" in answer
    assert "unsubscribe@example.com" in answer


# STOP


def test_stop_is_kept_confirmed_once_and_wins_over_everything(
    phone: Phone, set_clock: SetClock
) -> None:
    told_of()
    assert "You get no more SMS from us" in phone.write("Paid. STOP")
    assert not address().usable
    assert address().stopped_by is StoppedBy.REPLY
    assert due_at(NINE + 2 * DAY) == 0
    set_clock(NINE + 2 * MINUTE)
    assert phone.write("stop") == ""
    assert phone.write("list") == ""
    assert "PAID" in phone.write("help")
    phone.write("paid")
    assert paid() == ["bill"]  # noted, without an answer
    assert phone.messages()[-1].startswith("Bill reminders: Bill reminders. Replies")


def test_start_takes_it_back(phone: Phone, set_clock: SetClock) -> None:
    told_of()
    phone.write("退订")
    set_clock(NINE + 2 * MINUTE)
    assert "You get our SMS again" in phone.write("恢复")
    assert address().usable
    assert due_at(NINE + 2 * DAY) == 1


def test_an_older_start_that_arrives_late_lifts_no_stop(phone: Phone, set_clock: SetClock) -> None:
    told_of()
    set_clock(NINE + 5 * MINUTE)
    phone.write("STOP", at=NINE + 2 * MINUTE)
    phone.write("STOP", at=NINE + 4 * MINUTE)  # said again: that one counts
    assert phone.write("START", at=NINE + 3 * MINUTE) == ""
    assert not address().usable
    assert "again" in phone.write("START", at=NINE + 4 * MINUTE + SECOND)


def test_stop_on_the_page_is_lifted_by_start_too(phone: Phone) -> None:
    told_of()
    account_changes.stop("somebody", Channel.SMS, by=StoppedBy.PAGE, now=NINE)
    assert "again" in phone.write("START")
    assert address().usable


def test_a_stop_from_a_number_that_is_nobodys_is_kept_for_its_next_owner(phone: Phone) -> None:
    assert phone.write("STOP") == ""
    known = addresses.owner_of(Channel.SMS, PHONE)
    assert known is not None and known.user_id is None and known.stopped_at == NINE + MINUTE
    save_user(a_user(), shards=SHARDS, now=NINE)  # a biller's file knows nothing of it
    assert not address().usable


def test_start_from_a_number_that_is_nobodys_forgets_its_stop(
    phone: Phone, set_clock: SetClock
) -> None:
    phone.write("STOP")
    phone.write("START", at=NINE)  # an older word
    assert addresses.owner_of(Channel.SMS, PHONE) is not None
    set_clock(NINE + HOUR)
    assert phone.write("START") == ""
    assert addresses.owner_of(Channel.SMS, PHONE) is None


def test_a_stop_outlives_the_erasure_of_its_user(phone: Phone) -> None:
    told_of()
    phone.write("paid")
    phone.write("STOP")
    erasure.erase("somebody")
    assert list(ConversationItem.query("somebody")) == []
    assert ledger_of("somebody") == []
    item = AddressItem.get(address_hash(Channel.SMS, PHONE))
    assert item.stopped_at is not None and item.user_id is None


# Foreign, forged, repeated


def test_a_foreign_number_does_nothing_and_hears_nothing(phone: Phone) -> None:
    told_of()
    stranger = Phone(phone.stack, "+12025550177")
    for text in ("paid", "snooze", "list", "help", "undo", "1", "START"):
        assert stranger.write(text) == ""
    assert (paid(), snoozed()) == ([], {})


def test_a_reply_to_a_number_that_is_not_ours_does_nothing_but_stop(
    phone: Phone, log: io.StringIO
) -> None:
    told_of()
    assert phone.write("paid", recipient="+12025550199") == ""
    assert paid() == []
    assert "SmsOrigins" in log.getvalue()
    phone.write("STOP", recipient="+12025550199")
    assert not address().usable


def test_a_repeated_reply_does_nothing(phone: Phone) -> None:
    told_of(CARD, RENT)
    phone.write("paid 1", message_id="a")
    body = envelope("1", message_id="b")
    phone.hand_over(body)
    count = len(phone.messages())
    phone.hand_over(body, body)
    assert paid() == ["card"]
    account_changes.undo_payment("somebody", "card", "sms-b", now=NINE)
    phone.hand_over(body)
    assert paid() == []
    assert len(phone.messages()) == count


def handed_over_again(phone: Phone, body: str) -> None:
    """Days later from the dead letters, or after an answer that was refused: nothing is left that
    a conversation remembers."""
    for item in ConversationItem.query("somebody"):
        item.delete()
    without_an_answer(json.loads(json.loads(body)["Message"])["inboundMessageId"])
    phone.hand_over(body)


def without_an_answer(message_id: str) -> None:
    LedgerItem("somebody", f"reply:{message_id}").delete()


def test_a_paid_handed_over_again_pays_no_other_bill(phone: Phone) -> None:
    told_of(CARD)
    body = envelope("paid", message_id="a")
    phone.hand_over(body)
    save_bills("somebody", [lambda _: RENT], now=NINE)
    handed_over_again(phone, body)
    assert paid() == ["card"]
    phone.write("paid")  # another reply came in between
    assert paid() == ["card", "rent"]
    account_changes.undo_payment("somebody", "rent", paid_by("rent"), now=NINE)
    without_an_answer("a")
    phone.hand_over(body)
    assert paid() == ["card"]


def paid_by(bill_id: str) -> str:
    (payment,) = next(bill for bill in somebody().bills if bill.bill_id == bill_id).payments
    return payment.payment_id


def test_a_payment_that_has_the_id_of_a_reply_is_what_it_did(phone: Phone) -> None:
    """As those before notes were kept for each reply."""
    told_of(CARD, RENT)
    account_changes.record_payment("somebody", "card", payment_id="sms-a", now=NINE)
    assert "card is noted as paid" in phone.write("paid", message_id="a")
    assert paid() == ["card"]


def test_what_was_taken_back_since_is_not_done_again(phone: Phone) -> None:
    told_of(CARD)
    body = envelope("paid", message_id="a")
    phone.hand_over(body)
    phone.write("undo")
    save_bills("somebody", [lambda _: RENT], now=NINE)
    handed_over_again(phone, body)
    assert paid() == []
    account_changes.delete_bill("somebody", "card", now=NINE)
    handed_over_again(phone, body)
    assert paid() == []


def test_a_snooze_handed_over_again_silences_no_other_bill(phone: Phone) -> None:
    told_of(CARD)
    body = envelope("snooze", message_id="a")
    phone.hand_over(body)
    account_changes.undo_snooze("somebody", "card", 0, now=NINE)
    save_bills("somebody", [lambda _: RENT], now=NINE)
    handed_over_again(phone, body)
    assert snoozed() == {}


def test_an_undo_handed_over_again_takes_nothing_else_back(phone: Phone) -> None:
    told_of(CARD, RENT)
    phone.write("paid")
    phone.write("1")
    body = envelope("undo", message_id="a")
    phone.hand_over(body)
    assert paid() == []
    phone.write("paid")
    phone.write("2")
    without_an_answer("a")
    phone.hand_over(body)
    assert paid() == ["rent"]


def test_an_undo_takes_back_nothing_that_was_said_after_it(phone: Phone) -> None:
    told_of(CARD)
    phone.write("paid", at=NINE + MINUTE)
    assert "Replies: PAID" in phone.write("undo", at=NINE)
    assert paid() == ["card"]


def test_a_number_answers_no_question_that_was_asked_after_it(
    phone: Phone, set_clock: SetClock
) -> None:
    told_of(CARD, RENT)
    phone.write("paid")
    set_clock(NINE + 5 * MINUTE)
    phone.write("snooze")
    phone.write("2", at=NINE + 2 * MINUTE)
    assert (paid(), snoozed()) == ([], {})


def test_a_second_yes_is_said_after_the_question(phone: Phone, set_clock: SetClock) -> None:
    told_of()
    set_clock(NINE + 3 * DAY + 5 * MINUTE)
    phone.write("snooze")
    phone.write("snooze", at=NINE + 3 * DAY)  # kept back since before the question
    assert snoozed() == {}


@pytest.mark.parametrize("text", ["paid", "paid 1", "snooze", "undo", "START", "已还"])
def test_a_reply_older_than_a_day_asks_and_does_nothing_by_itself(
    phone: Phone, set_clock: SetClock, text: str
) -> None:
    told_of()
    if text == "START":
        phone.write("STOP")
    if text == "undo":
        phone.write("paid")
    before = somebody()
    set_clock(NINE + DAY + 2 * MINUTE)
    phone.new_messages()
    body = envelope(text, at=NINE + MINUTE + SECOND)
    phone.hand_over(body)
    assert phone.new_messages() == (
        "Bill reminders: Your reply of Mon, Mar 1 reached us late and changed nothing. "
        "If you still mean it, please send it again."
    )
    assert somebody() == before
    phone.hand_over(body)
    assert phone.new_messages() == ""
    assert phone.write(text.removesuffix(" 1"))
    assert somebody() != before or text == "undo"  # paid more than a day ago


def test_an_old_reply_asks_nothing_in_quiet_hours_and_is_kept(
    phone: Phone, set_clock: SetClock
) -> None:
    told_of(quiet_hours=QuietHours(time(22), time(8)))
    set_clock(NINE + DAY + 18 * HOUR)
    late = envelope("paid", message_id="a", at=NINE)
    assert phone.hand_over(late) == []
    assert phone.new_messages() == ""
    assert waiting(phone.stack, "Replies") == [late]
    set_clock(NINE + 2 * DAY)
    assert phone.hand_over(late) == []
    assert "send it again" in phone.new_messages()
    assert waiting(phone.stack, "Replies") == []
    assert paid() == []


def test_many_old_replies_are_no_reason_to_ask_many_times(
    phone: Phone, set_clock: SetClock
) -> None:
    told_of()
    set_clock(NINE + 2 * DAY)
    phone.hand_over(*[envelope("paid", at=NINE) for _ in range(5)])
    assert len(phone.messages()) == 3


def test_an_old_reply_is_not_asked_about_where_it_was_done_or_stopped(
    phone: Phone, set_clock: SetClock
) -> None:
    told_of()
    phone.write("paid", message_id="a", at=NINE)
    set_clock(NINE + 2 * DAY)
    handed_over_again(phone, envelope("paid", message_id="a", at=NINE))
    assert phone.new_messages() == ""
    phone.write("STOP")
    assert phone.write("snooze", at=NINE) == ""
    assert phone.write("START", at=NINE) == ""
    assert snoozed() == {} and not address().usable


def test_stop_counts_at_any_age(phone: Phone, set_clock: SetClock) -> None:
    told_of()
    set_clock(NINE + 20 * DAY)
    assert phone.write("STOP", at=NINE) == ""  # an answer explains nothing any more
    assert not address().usable
    stranger = Phone(phone.stack, "+12025550177")
    stranger.write("STOP", at=NINE)
    stranger.write("START", at=NINE + DAY)
    assert addresses.owner_of(Channel.SMS, stranger.number) is not None


def test_the_stops_of_a_batch_are_taken_first(phone: Phone) -> None:
    """What takes long, or ends the function, comes after them."""
    told_of()
    stranger = Phone(phone.stack, "+12025550177")
    bodies = [
        "no reply",
        envelope("paid"),
        envelope("LIST"),
        envelope("退订", sender="+12025550177"),
    ]
    died_at_the_first_other_reply = calls_of(
        lambda: phone.hand_over(*bodies),
        2,  # the STOP reads an owner and keeps the word
    )
    assert died_at_the_first_other_reply == 2
    assert paid() == []
    known = addresses.owner_of(Channel.SMS, stranger.number)
    assert known is not None and known.stopped_at is not None


def test_a_reaction_stops_nothing_pays_nothing_and_is_not_answered(phone: Phone) -> None:
    told_of()
    for text in (
        "Liked “Bill reminders: Lantern Bank Credit card, $120.50, is due. Reply PAID or SNOOZE. "
        "To stop: reply STOP or tell Lantern Bank.”",
        "Removed a like from “… To stop: reply STOP …”", "👍 to “… Reply PAID …”", "赞了“…退订”",
        "Liked an image",
    ):  # fmt: skip
        assert phone.write(text) == ""
    assert paid() == [] and address().usable
    assert "no more SMS" in phone.write("Liked “… reply STOP …” stop")


def test_who_says_that_the_number_is_wrong_is_stopped(phone: Phone) -> None:
    told_of()
    assert "no more SMS" in phone.write("Sorry, wrong number")
    assert not address().usable


@pytest.mark.parametrize(
    "body",
    [
        "no JSON", "[]", "{}", '{"Message": 1, "Timestamp": "x"}',
        '{"Message": "{}", "Timestamp": "2027-03-01T09:00:00Z"}',
        '{"Message": "[]", "Timestamp": "2027-03-01T09:00:00Z"}',
        '{"Message": null}',
        json.dumps({"Message": json.dumps({"inboundMessageId": "x" * 99, "originationNumber": PHONE,
                    "destinationNumber": OUR_NUMBER, "messageBody": "STOP"}),
                    "Timestamp": "2027-03-01T09:00:00Z"}),
        json.dumps({"Message": json.dumps({"inboundMessageId": "x", "originationNumber": PHONE,
                    "destinationNumber": OUR_NUMBER, "messageBody": None}),
                    "Timestamp": "2027-03-01T09:00:00Z"}),
        json.dumps({"Message": json.dumps({"inboundMessageId": "x", "originationNumber": PHONE,
                    "destinationNumber": OUR_NUMBER, "messageBody": "STOP"}),
                    "Timestamp": "2027-03-01T09:00:00"}),
    ],
)  # fmt: skip
def test_what_is_no_reply_comes_back_alone(phone: Phone, body: str, log: io.StringIO) -> None:
    told_of()
    assert phone.hand_over(envelope("list"), body, envelope("paid")) == ["message-1"]
    assert paid() == ["bill"]
    assert "not a reply" in log.getvalue()


def test_the_sample_event_of_the_console_is_read(phone: Phone) -> None:
    handler = phone.stack.function("ReadReplies").handler
    assert handler(sample_event("read_replies"), Context()) == {"batchItemFailures": []}


# Answers


def test_two_machines_do_not_talk_to_each_other_for_ever(phone: Phone) -> None:
    told_of()
    for _ in range(5):
        phone.write("I am out of office")
    assert len(phone.messages()) == 3
    for _ in range(30):
        phone.write("list")
    assert len(phone.messages()) == 20
    assert "no more SMS" in phone.write("STOP")


def test_an_answer_that_comes_too_late_is_not_given(phone: Phone, set_clock: SetClock) -> None:
    told_of()
    set_clock(NINE + 2 * HOUR)
    assert phone.write("paid", at=NINE) == ""
    assert paid() == ["bill"]


def test_an_answer_that_is_refused_is_asked_for_again(phone: Phone) -> None:
    told_of()
    phone.write("list")  # makes the clients
    body = envelope("paid")
    sns = providers.shared("sns")
    with wire.before(sns, "Publish", wire.xml_error("Throttled", status=400)):
        assert phone.hand_over(body) == []
    assert waiting(phone.stack, "Replies") == [body]
    assert paid() == ["bill"]
    phone.new_messages()
    assert phone.hand_over(body) == []
    assert "noted as paid" in phone.new_messages()
    with wire.before(sns, "Publish", wire.raises(wire.TIMEOUT)):
        assert phone.hand_over(envelope("list")) == []  # unknown, and never sent twice
    assert phone.new_messages() == ""


# Whatever happens in between

STORIES: dict[str, tuple[tuple[str, ...], Callable[[], object]]] = {
    "paid": (("paid 2", "PAID", "2"), lambda: (paid(), snoozed())),
    "snooze": (("snooze", "1"), lambda: (paid(), snoozed())),
    "undo": (("paid", "1", "undo"), lambda: (paid(), snoozed())),
    "stop": (("list", "STOP"), lambda: (address().stopped_at, address().stopped_by)),
    "start": (("STOP", "START"), lambda: address().stopped_at),
}


@pytest.mark.parametrize("story", STORIES)
def test_a_crash_between_any_two_calls_ends_as_if_there_had_been_none(
    story: str, set_clock: SetClock, stack: MotoStack
) -> None:
    """The last reply of a story is interrupted at each call to AWS in turn, then handed over again:
    the tables say what they would have said, and no answer goes out twice."""
    texts, outcome = STORIES[story]

    def play(run: str, dies_at: int | None) -> tuple[object, int, int]:
        erasure.erase("somebody")
        for item in AddressItem.scan():
            item.delete()
        set_clock(NINE + MINUTE)
        phone = Phone(stack)
        told_of(CARD, RENT)
        for place, text in enumerate(texts[:-1]):
            phone.write(text, message_id=f"{run}-{place}", at=NINE + MINUTE)
        before = len(phone.messages())
        last = envelope(texts[-1], message_id=f"{run}-last", at=NINE + 2 * MINUTE)
        calls = calls_of(lambda: phone.hand_over(last), dies_at)
        phone.hand_over(last)
        phone.hand_over(last)
        return outcome(), len(phone.messages()) - before, calls

    expected, answers, calls = play("whole", None)
    assert answers == 1 and calls > 5
    for number in range(calls):
        got, answered, _ = play(f"dies-{number}", number)
        assert got == expected, number
        assert answered <= 1, number


def calls_of(act: Callable[[], object], dies_at: int | None) -> int:
    """Run `act` and count its calls to AWS; the process dies when its call `dies_at` would leave,
    which is also after AWS has acted on the one before."""
    calls = 0

    def leaves(**_: Any) -> None:
        nonlocal calls
        if calls == dies_at:
            raise Dead
        calls += 1

    emitters = [
        client.meta.events
        for client in (tables.connection.client, providers.shared("sns"), providers.shared("ssm"))
    ]
    for emitter in emitters:
        emitter.register_first("before-send", leaves)
    try:
        with suppress(Dead):
            act()
    finally:
        for emitter in emitters:
            emitter.unregister("before-send", leaves)
    return calls


class Dead(BaseException):
    """The process is gone: nothing of ours may catch it."""


def test_the_role_allows_what_replies_need_and_no_more(
    stack: MotoStack, set_clock: SetClock
) -> None:
    set_clock(NINE + MINUTE)
    with watched(stack) as used:
        phone = Phone(stack)
        stack.function("ReadReplies").sender_ids.refresh()
        told_of(CARD, RENT)
        for text in ("paid", "1", "undo", "STOP", "START", "list", *["hm"] * 4):
            phone.write(text)
        stranger = Phone(stack, "+12025550177")
        stranger.write("STOP")
        stranger.write("START")
        body = envelope("list")
        with wire.before(providers.shared("sns"), "Publish", wire.xml_error("Throttled")):
            phone.hand_over(body)
    runtime = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
    permitted = {pair for pair in allowed("ReadReplies") if pair[0] not in runtime}
    seldom = {("secretsmanager:GetSecretValue", "")}  # once a process, which all functions are here
    assert sorted(used["ReadReplies"] - permitted) == []
    assert sorted(permitted - used["ReadReplies"] - seldom) == []


# A card, of which a newer statement has taken in what was left


MONTHLY_CARD = a_bill(
    bill_id="card",
    statement_day=15,
    due_on=IN_THREE_DAYS,
    recurrence=Recurrence(IN_THREE_DAYS, 1, Unit.MONTH),
    statements=(Statement(0, Money(Decimal(500), "USD"), Decimal(25)),),
)
NEWER = Statement(1, Money(Decimal(710), "USD"), Decimal(30))


@pytest.mark.parametrize("minimum", [None, "25.00"], ids=["missed", "met"])
def test_paid_of_a_card_closes_the_newest_statement(
    phone: Phone, set_clock: SetClock, minimum: str | None
) -> None:
    told_of(MONTHLY_CARD)
    if minimum is not None:
        part = Money(Decimal(minimum), "USD")
        account_changes.record_payment(
            "somebody", "card", 0, payment_id="m", amount=part, now=NINE + MINUTE
        )
    later = NINE + 10 * DAY
    account_changes.record_statement("somebody", "card", NEWER, now=later)
    set_clock(later)
    listed = phone.write("list")
    assert "710.00" in listed
    assert ("minimum payment of $25.00" in listed) is (minimum is None)
    assert "500.00" not in listed
    assert "noted as paid" in phone.write("PAID")
    (card,) = somebody().bills
    assert [each.occurrence for each in card.payments if each.amount is None] == [1]
    assert card.first_open(date(2027, 3, 15)) == 2


def test_a_number_that_was_asked_about_before_the_newer_statement_means_that_one(
    phone: Phone, set_clock: SetClock
) -> None:
    told_of(MONTHLY_CARD, RENT)
    set_clock(NINE + 6 * DAY)
    phone.write("paid")
    account_changes.record_statement("somebody", "card", NEWER, now=NINE + 6 * DAY + MINUTE)
    phone.write("1")
    (card,) = [bill for bill in somebody().bills if bill.bill_id == "card"]
    assert [each.occurrence for each in card.payments] == [1]
