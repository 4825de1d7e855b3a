"""Who may join an account that a biller made: numbers change hands, and whoever reads a code today
need not be the person whose bills these are."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import pytest

from bill_reminders.delivery import direct_rows
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.bills import MuteReason
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Address, Attestation, StoppedBy
from bill_reminders.storage import accounts, identities, link_codes, tables
from bill_reminders.storage.addresses import owner_of
from bill_reminders.storage.tables import LedgerItem
from tests.api.conftest import SetClock
from tests.api.test_contacts import (
    EMAIL,
    PHONE,
    add,
    code_sent_to,
    confirm,
    confirmed,
    contacts_of,
    join,
    person,
    sms_to,
    user_id_of,
)
from tests.support import account_changes
from tests.support.api import Person
from tests.support.entered import IN_THREE_DAYS, NINE, enter, schedule
from tests.support.functions import Context, sqs_event
from tests.support.moto_stack import MotoStack
from tests.support.people import a_bill, a_user

NOW = datetime(2027, 2, 1, 12, 5, tzinfo=UTC)
LONG_AGO = NOW - timedelta(days=400)
LATELY = NOW - timedelta(days=300)
OLD = Attestation("Branch desk", LONG_AGO, "form 7")
NEW = Attestation("Branch desk", LATELY, "form 8")


@pytest.fixture(autouse=True)
def _ready(stack: MotoStack, set_clock: SetClock) -> None:
    made = stack.client("sns").create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "x"}
    )
    stack.ids["GooglePushApplicationArn"] = made["PlatformApplicationArn"]
    set_clock(NOW)


def imported(
    attestation: Attestation | None = NEW,
    address: str = PHONE,
    *,
    others: dict[Channel, Address] | None = None,
    user_id: str = "imported",
) -> str:
    """An account that a biller made, with a bill that is reminded of by SMS at NINE."""
    channel = Channel.EMAIL if "@" in address else Channel.SMS
    held = {channel: Address(address, attestation), **(others or {})}
    user = replace(a_user(user_id, channels=tuple(held)), addresses=MappingProxyType(held))
    enter(user, a_bill(user_id, due_on=IN_THREE_DAYS))
    return user_id


def delivered(user_id: str, *, at: datetime, channel: Channel = Channel.SMS) -> None:
    """A message went to the user's address on `channel` and arrived at `at`."""
    key = f"{direct_rows.TEST}{at:%Y%m%d}"
    direct_rows.claim(user_id, key, channel, life=accounts.life_of(user_id), now=at)
    direct_rows.mark(user_id, key, State.SENT, now=at, provider_id="p")
    LedgerItem(user_id, key).update(
        [LedgerItem.state.set(State.DELIVERED.value), LedgerItem.settled_at.set(at)]
    )


def welcomed(user_id: str, *, at: datetime, channel: Channel = Channel.SMS) -> None:
    schedule(user_id).update([tables.welcomed_at(channel).set(at)])


def stopped(by: StoppedBy) -> Callable[[], None]:
    return lambda: _stop(by)


def _stop(by: StoppedBy) -> None:
    imported()
    account_changes.stop("imported", Channel.SMS, by=by, now=NOW)


def _never_attested() -> None:
    imported(None)


def _attested_long_ago() -> None:
    imported(OLD)


def _delivered_long_ago() -> None:
    imported(OLD)
    welcomed("imported", at=LONG_AGO)
    delivered("imported", at=LONG_AGO)


def _delivered_to_an_earlier_number() -> None:
    imported(OLD)
    delivered("imported", at=LATELY)
    welcomed("imported", at=NOW - timedelta(days=100))


def _delivered_on_another_channel() -> None:
    imported(OLD, others={Channel.EMAIL: Address(EMAIL, OLD)})
    welcomed("imported", at=LONG_AGO, channel=Channel.EMAIL)
    delivered("imported", at=LATELY, channel=Channel.EMAIL)


def _sent_and_not_delivered() -> None:
    imported(OLD)
    welcomed("imported", at=LONG_AGO)
    direct_rows.claim(
        "imported", "test:1", Channel.SMS, life=accounts.life_of("imported"), now=LATELY
    )
    direct_rows.mark("imported", "test:1", State.SENT, now=LATELY, provider_id="p")


def _not_mine() -> None:
    imported()
    account_changes.mute("imported", "bill", MuteReason.NOT_MINE, now=NOW)


def _another_contact_was_stopped_by_a_page_lately() -> None:
    """As by who reads the number, and with its code: nobody would hear of the joining."""
    imported(others={Channel.EMAIL: Address(EMAIL, NEW)})
    account_changes.stop("imported", Channel.EMAIL, by=StoppedBy.PAGE, now=NOW - timedelta(days=29))


@pytest.mark.parametrize(
    "held",
    [
        _another_contact_was_stopped_by_a_page_lately,
        _never_attested,
        _attested_long_ago,
        _delivered_long_ago,
        _delivered_to_an_earlier_number,
        _delivered_on_another_channel,
        _sent_and_not_delivered,
        _not_mine,
        *map(stopped, StoppedBy),
    ],
)
def test_a_stranger_who_confirms_a_number_does_not_get_into_the_account_of_its_earlier_owner(
    stack: MotoStack, held: Callable[[], None]
) -> None:
    held()
    stranger = person(stack, "stranger")
    own, added = user_id_of(stranger), add(stranger)
    done = confirm(stranger, added, code_sent_to(PHONE))
    assert done.status == 200, done.text
    assert done.json["joined"] is False
    assert user_id_of(stranger) == own
    assert identities.signed_in_as("imported") is None
    assert stranger.get("/v1/bills").json["bills"] == []
    assert contacts_of(stranger) == {PHONE: "confirmed"}


def test_nothing_of_the_account_goes_to_a_number_that_is_a_strangers_by_now(
    stack: MotoStack, set_clock: SetClock
) -> None:
    imported(OLD)
    confirmed(person(stack, "stranger"))
    sent = len(sms_to(PHONE))
    remind(stack, "imported", set_clock)
    assert len(sms_to(PHONE)) == sent


def remind(stack: MotoStack, user_id: str, set_clock: SetClock) -> None:
    set_clock(NINE + timedelta(seconds=5))
    answer = stack.function("SendSms").handler(sqs_event(WakeUp(user_id, NINE).body()), Context())
    assert answer["batchItemFailures"] == []


def test_an_account_whose_number_is_not_proof_enough_is_joined_by_its_link_code(
    stack: MotoStack,
) -> None:
    imported(OLD)
    owner = Person(stack, "owner")
    assert join(owner, link_codes.create("imported", now=NOW)).status == 200
    assert user_id_of(owner) == "imported"


@pytest.mark.parametrize("address", [PHONE, EMAIL])
def test_who_confirms_their_number_first_and_joins_by_link_code_then_still_gets_reminders(
    stack: MotoStack, set_clock: SetClock, address: str
) -> None:
    imported(OLD, address)
    owner = confirmed(person(stack, "owner"), address)
    assert user_id_of(owner) != "imported"
    assert join(owner, link_codes.create("imported", now=NOW)).status == 200
    assert contacts_of(owner) == {address: "confirmed"}
    channels = owner.get("/v1/settings").json["plan"]["channels"]
    assert [each["channel"] for each in channels] == ["sms" if address == PHONE else "email"]


def test_a_stop_is_not_lifted_by_joining(stack: MotoStack) -> None:
    imported(OLD, EMAIL)
    owner = confirmed(person(stack, "owner"))
    account_changes.stop(user_id_of(owner), Channel.SMS, now=NOW)
    assert join(owner, link_codes.create("imported", now=NOW)).status == 200
    assert contacts_of(owner) == {EMAIL: "attested"}
    known = owner_of(Channel.SMS, PHONE)
    assert known is not None
    assert known.stopped_at == NOW


@pytest.mark.parametrize("address", [PHONE, EMAIL])
def test_an_address_that_was_attested_within_a_year_opens_its_account(
    stack: MotoStack, address: str
) -> None:
    imported(NEW, address)
    owner = person(stack, "owner")
    done = confirm(owner, add(owner, address), code_sent_to(address))
    assert done.json["joined"] is True
    assert user_id_of(owner) == "imported"


def test_an_address_that_something_was_delivered_to_within_a_year_opens_its_account(
    stack: MotoStack,
) -> None:
    imported(OLD)
    welcomed("imported", at=LONG_AGO)
    delivered("imported", at=LATELY)
    owner = confirmed(person(stack, "owner"))
    assert user_id_of(owner) == "imported"


def test_a_bill_that_is_its_users_after_all_bars_nobody(stack: MotoStack) -> None:
    _not_mine()
    account_changes.unmute("imported", "bill", now=NOW)
    owner = confirmed(person(stack, "owner"))
    assert user_id_of(owner) == "imported"


# Codes that are older than a confirmation ---------------------------------------------------------


def test_a_code_that_is_older_than_the_last_confirmation_does_not_win_a_number_back(
    stack: MotoStack,
) -> None:
    ann, bob = person(stack), person(stack, "bob")
    asked, code = add(ann), code_sent_to(PHONE)
    confirmed(bob)
    late = confirm(ann, asked, code)
    assert late.status == 409, late.text
    assert contacts_of(bob) == {PHONE: "confirmed"}
    assert confirm(ann, add(ann), code_sent_to(PHONE)).status == 200
    assert contacts_of(bob) == {}


def test_a_code_is_older_also_when_the_holder_confirms_once_more(stack: MotoStack) -> None:
    bob = confirmed(person(stack, "bob"))
    ann = person(stack)
    asked, code = add(ann), code_sent_to(PHONE)
    confirmed(bob)
    assert confirm(ann, asked, code).status == 409
    assert contacts_of(bob) == {PHONE: "confirmed"}


def test_a_code_is_older_also_when_the_last_one_opened_an_imported_account(
    stack: MotoStack,
) -> None:
    imported()
    ann, bob = person(stack), person(stack, "bob")
    asked, code = add(ann), code_sent_to(PHONE)
    confirmed(bob)
    assert user_id_of(bob) == "imported"
    assert confirm(ann, asked, code).status == 409
    assert contacts_of(bob) == {PHONE: "confirmed"}


def test_a_code_is_older_also_when_the_number_was_given_up_since(stack: MotoStack) -> None:
    ann, bob = person(stack), person(stack, "bob")
    asked, code = add(ann), code_sent_to(PHONE)
    confirmed(bob)
    (held,) = bob.get("/v1/contacts").json["contacts"]
    assert bob.call("DELETE", f"/v1/contacts/{held['contact_id']}").status == 204
    assert confirm(ann, asked, code).status == 409
    assert contacts_of(ann) == {PHONE: "pending"}


def test_of_three_codes_the_latest_confirmation_makes_the_others_old(stack: MotoStack) -> None:
    ann, bob, cat = person(stack), person(stack, "bob"), person(stack, "cat")
    first, code = add(ann), code_sent_to(PHONE)
    second, of_bob = add(bob), code_sent_to(PHONE)
    confirmed(cat)
    assert confirm(ann, first, code).status == 409
    assert confirm(bob, second, of_bob).status == 409
    assert contacts_of(cat) == {PHONE: "confirmed"}
