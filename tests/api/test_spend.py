"""What strangers can make us spend: a total of all SMS, countries, quotas, and a closed door."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address
from bill_reminders.storage import contacts, identities, link_codes
from bill_reminders.storage.access_tables import LimitItem
from tests.api.conftest import SetClock
from tests.support.api import Person, Reply
from tests.support.entered import enter
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, a_user
from tests.support.template import template

NOON = datetime(2027, 2, 1, 12, 5, tzinfo=UTC)
DAY = timedelta(days=1)
GERMAN, JERSEY, BRITISH, FRENCH = "+4915123456789", "+447797712345", "+447700900123", "+33612345678"


@pytest.fixture(autouse=True)
def _at_noon(set_clock: SetClock) -> None:
    set_clock(NOON)


def deploy(stack: MotoStack, **parameters: object) -> None:
    """Deploy with other parameters than the defaults, before any function starts."""
    stack.ids.update({name: str(value) for name, value in parameters.items()})


def origins(stack: MotoStack, value: str) -> None:
    name = stack.ids["SmsOrigins"]
    stack.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)


def person(stack: MotoStack, number: int = 0) -> Person:
    """Somebody who registered by themselves, each from a place of their own."""
    return Person(stack, f"person-{number}", f"198.51.100.{number}").registered()


def imported(stack: MotoStack, name: str) -> Person:
    """Somebody with an account that a biller made, and who signs in to it."""
    enter(a_user(name))
    who = Person(stack, name, "203.0.113.5")
    identities.join(who.identity, name, made_by="a-request", now=NOON)
    return who


def phone(number: int) -> str:
    return f"+120255501{number:02}"


def ask(who: Person, address: str) -> Reply:
    channel = "email" if "@" in address else "sms"
    return who.post("/v1/contacts", {"channel": channel, "address": address})


def numbers_written_to() -> list[str]:
    sent = get_backend("sns")[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
    return [number for number, _ in sent.values()]


def counters(stack: MotoStack) -> set[str]:
    items = stack.client("dynamodb").scan(TableName=stack.ids["Limits"])["Items"]
    return {item["counter"]["S"].partition("#")[0] for item in items}


# The total of all SMS ----------------------------------------------------------------------------


def test_codes_of_many_accounts_end_at_the_total_of_all_sms(
    stack: MotoStack, set_clock: SetClock
) -> None:
    deploy(stack, SmsPartsPerDay=5, SmsShareOfSelfRegistered=100)
    answers = [ask(person(stack, number), phone(number)) for number in range(8)]
    assert [each.status for each in answers] == [201] * 5 + [429] * 3
    assert len(numbers_written_to()) == 5
    refused = answers[-1]
    assert 11 * 3600 <= int(refused.headers["retry-after"]) <= 12 * 3600
    assert "tomorrow" in refused.json["detail"]
    assert phone(7) not in refused.text
    set_clock(NOON + DAY)
    assert ask(person(stack, 9), phone(9)).status == 201


def test_a_code_that_was_refused_at_the_total_waits_for_nothing(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=1, SmsShareOfSelfRegistered=100)
    ask(person(stack, 0), phone(0))
    late = person(stack, 1)
    assert ask(late, phone(1)).status == 429
    assert late.get("/v1/contacts").json["contacts"] == []


def test_who_registered_by_themselves_leaves_the_rest_to_imported_users(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=8, SmsShareOfSelfRegistered=50)
    answers = [ask(person(stack, number), phone(number)).status for number in range(6)]
    assert answers == [201] * 4 + [429] * 2
    known = imported(stack, "imported")
    assert [ask(known, phone(number)).status for number in range(10, 15)] == [201] * 4 + [429]


def test_test_messages_count_towards_the_total(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=2, SmsShareOfSelfRegistered=100)
    who = person(stack)
    contacts.take(user_id(who), Channel.SMS, phone(0), now=NOON)
    tried = [who.post("/v1/test-messages", {"channel": "sms"}).status for _ in range(3)]
    assert tried == [201, 201, 429]


def test_codes_by_email_go_on_at_the_total_of_all_sms(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=1, SmsShareOfSelfRegistered=100)
    ask(person(stack, 0), phone(0))
    assert ask(person(stack, 1), "somebody@example.com").status == 201


def test_from_four_fifths_of_the_total_on_an_alarm_hears_of_it(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=5, SmsShareOfSelfRegistered=100)
    words = alarm_words("SmsTotalAlarm")
    with logged(stack.function("ApiSettings").logger) as lines:
        for number in range(3):
            ask(person(stack, number), phone(number))
        assert words not in lines.getvalue()
        ask(person(stack, 3), phone(3))
    assert words in lines.getvalue()


def alarm_words(alarm: str) -> str:
    """What the alarm looks for in a log."""
    return f'"{template()["Resources"][alarm]["Properties"]["MetricName"]}":1'


def user_id(who: Person) -> str:
    found = identities.user_of(who.identity)
    assert found is not None
    return found


# Quotas of who registered by themselves ----------------------------------------------------------


def test_who_registered_by_themselves_gets_few_codes_by_sms_a_day(
    stack: MotoStack, set_clock: SetClock
) -> None:
    who, answers = person(stack), []
    for number in range(7):
        set_clock(NOON + timedelta(minutes=30 * number))
        answers.append(ask(who, phone(number)).status)
    assert answers == [201] * 5 + [429] * 2
    assert ask(who, "somebody@example.com").status == 201


def test_who_registered_by_themselves_gets_few_test_messages_by_sms_a_day(
    stack: MotoStack, set_clock: SetClock
) -> None:
    who = person(stack)
    contacts.take(user_id(who), Channel.SMS, phone(0), now=NOON)
    contacts.take(user_id(who), Channel.EMAIL, "somebody@example.com", now=NOON)
    answers = []
    for number in range(7):
        set_clock(NOON + timedelta(minutes=30 * number))
        answers.append(who.post("/v1/test-messages", {"channel": "sms"}).status)
    assert answers == [201] * 5 + [429] * 2
    assert who.post("/v1/test-messages", {"channel": "email"}).status == 201


def test_an_imported_user_keeps_the_wider_limits(stack: MotoStack, set_clock: SetClock) -> None:
    known, answers = imported(stack, "imported"), []
    for number in range(7):
        set_clock(NOON + timedelta(minutes=30 * number))
        answers.append(ask(known, phone(number)).status)
    assert answers == [201] * 7


# Countries ---------------------------------------------------------------------------------------

COUNTRIES: dict[str, tuple[str, str, str, int]] = {
    "named": ("DE", "{}", GERMAN, 201),
    "one of several": ("FR,DE", "{}", GERMAN, 201),
    "not named": ("FR", "{}", GERMAN, 422),
    "shares a calling code with one that is named": ("GB", "{}", JERSEY, 422),
    "named by itself": ("GB,JE", "{}", JERSEY, 201),
    "kept for fiction": ("GB", "{}", BRITISH, 201),
    "with a sender id": ("", '{"DE": {"sender_id": "Lantern"}}', GERMAN, 201),
    "with a number": ("", '{"DE": {"number": "+4915199999999"}}', GERMAN, 201),
    "beside those with a sender id": ("", '{"DE": {"sender_id": "Lantern"}}', FRENCH, 422),
    "with neither id nor number": (
        "",
        '{"DE": {"sender_id": "L"}, "FR": {"entity_id": "1"}}',
        FRENCH,
        422,
    ),
    "nothing is stored": ("", "{}", FRENCH, 201),
    "the parameter goes before what is stored": (
        "FR",
        '{"DE": {"sender_id": "Lantern"}}',
        GERMAN,
        422,
    ),
}


@pytest.mark.parametrize("case", COUNTRIES)
def test_codes_go_to_numbers_of_allowed_countries_alone(stack: MotoStack, case: str) -> None:
    allowed, stored, number, status = COUNTRIES[case]
    deploy(stack, SmsCountries=allowed)
    origins(stack, stored)
    answer = ask(person(stack), number)
    assert answer.status == status, answer.text
    assert numbers_written_to() == ([number] if status == 201 else [])
    if status == 422:
        assert "country" in answer.faults()["address"]
        assert number not in answer.text


def test_a_refused_country_uses_up_nobodys_codes(stack: MotoStack) -> None:
    deploy(stack, SmsCountries="FR")
    who = person(stack)
    for _ in range(12):
        assert ask(who, GERMAN).status == 422
    assert not {each for each in counters(stack) if each.startswith(("codes", "sms"))}
    assert who.get("/v1/contacts").json["contacts"] == []
    assert ask(who, FRENCH).status == 201


def test_a_test_message_goes_to_no_number_of_another_country(stack: MotoStack) -> None:
    deploy(stack, SmsCountries="FR")
    enter(a_user("german").with_address(Channel.SMS, Address(GERMAN, ATTESTED)))
    who = Person(stack, "german")
    identities.join(who.identity, "german", made_by="a-request", now=NOON)
    answer = who.post("/v1/test-messages", {"channel": "sms"})
    assert answer.status == 409
    assert "country" in answer.json["detail"]
    assert numbers_written_to() == []


# A closed door -----------------------------------------------------------------------------------

NEW: dict[str, Any] = {"language": "en", "time_zone": "UTC"}


def test_nobody_creates_an_account_while_sign_up_is_closed(stack: MotoStack) -> None:
    deploy(stack, SignUp="closed")
    stranger = Person(stack, "stranger")
    answer = stranger.post("/v1/account", NEW)
    assert answer.status == 403
    assert answer.json["type"] == "/v1/docs#sign-up-closed"
    assert "/v1/account/join" in answer.json["detail"]
    assert identities.user_of(stranger.identity) is None


def test_an_imported_account_is_joined_while_sign_up_is_closed(stack: MotoStack) -> None:
    deploy(stack, SignUp="closed")
    enter(a_user("imported"))
    code = link_codes.create("imported", now=NOON)
    guest = Person(stack, "guest")
    assert guest.post("/v1/account/join", {"link_code": code}).status == 200
    assert guest.get("/v1/settings").status == 200


@pytest.mark.parametrize(
    ("sign_up", "path"), [("open", "/v1/account"), ("closed", "/v1/account/join")]
)
def test_setup_says_whether_sign_up_is_open(stack: MotoStack, sign_up: str, path: str) -> None:
    deploy(stack, SignUp=sign_up)
    setup = Person(stack, "stranger").get("/v1/setup").json
    assert setup["sign_up"] == sign_up
    assert (setup["steps"][0]["step"], setup["steps"][0]["path"]) == ("account", path)


def test_the_counter_of_all_sms_is_one_a_day_and_names_nobody(stack: MotoStack) -> None:
    deploy(stack, SmsPartsPerDay=5)
    ask(person(stack), phone(0))
    item = LimitItem.get("sms parts#2027-02-01", consistent_read=True)
    assert item.asked == 1
    assert datetime.fromtimestamp(item.expires_at, UTC) > NOON + DAY
