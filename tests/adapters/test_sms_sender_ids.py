"""The parameter SmsOrigins: read once a batch, carried by what is sent, in no reminder's way."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from moto.backends import get_backend

from bill_reminders.channels import providers
from bill_reminders.channels.one_off import Direct
from bill_reminders.channels.sms.parameters import SmsParameters
from bill_reminders.channels.sms.sender import DirectSms
from bill_reminders.delivery import direct
from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.ledger import State
from bill_reminders.domain.people import Address, Language
from bill_reminders.messages.notices import Sender
from bill_reminders.storage import accounts
from tests.adapters.conftest import SetClock
from tests.support.direct import code
from tests.support.entered import IN_THREE_DAYS, NINE, enter
from tests.support.functions import Context, counted_calls, sqs_event
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, a_bill, a_user

BRITISH, AMERICAN, INDIAN = "+447700900123", "+12025550123", "+919000000000"
INDIA = '{"IN": {"sender_id": "LNTRNB", "entity_id": "110", "templates": {"1": "1107", "41": "9"}}}'

Attributes = dict[str, str]


@pytest.fixture
def write(stack: MotoStack) -> Callable[[str], None]:
    def put(value: str) -> None:
        name = stack.ids["SmsOrigins"]
        stack.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

    return put


@pytest.fixture(autouse=True)
def at_nine(set_clock: SetClock) -> None:
    set_clock(NINE + timedelta(seconds=5))


def noted(sns: Any) -> list[Attributes]:
    """The attributes of every message that `sns` sends from now on."""
    seen: list[Attributes] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        given = params["MessageAttributes"].items()
        seen.append({name: each["StringValue"] for name, each in given})

    sns.meta.events.register("provide-client-params.sns.Publish", note)
    return seen


def wake_up(stack: MotoStack, *numbers: str) -> list[Attributes]:
    """What is sent to a user of each number, in one batch."""
    for number in numbers:
        user = a_user(number[1:]).with_address(Channel.SMS, Address(number, ATTESTED))
        enter(user, a_bill(number[1:], "bill", due_on=IN_THREE_DAYS))
    seen = noted(stack.function("SendSms").reminders.provider)
    event = sqs_event(*(WakeUp(number[1:], NINE).body() for number in numbers))
    assert stack.function("SendSms").handler(event, Context()) == {"batchItemFailures": []}
    return seen


def texts() -> list[str]:
    messages = get_backend("sns")["123456789012"]["us-east-1"].sms_messages.values()
    return [text for _, text in messages]


def test_each_sms_comes_from_the_origin_of_its_country(
    stack: MotoStack, write: Callable[[str], None]
) -> None:
    write('{"GB": {"sender_id": "Lantern"}, "US": {"number": "+12025550100", "two_way": true}}')
    british, american = wake_up(stack, BRITISH, AMERICAN)
    assert british["AWS.SNS.SMS.SenderID"] == "Lantern"
    assert american["AWS.MM.SMS.OriginationNumber"] == "+12025550100"
    to_british, to_american = texts()
    assert "Reply" not in to_british
    assert "Reply PAID or SNOOZE." in to_american


def test_a_registered_wording_carries_its_ids(
    stack: MotoStack, write: Callable[[str], None]
) -> None:
    write(INDIA.replace('"1"', '"21"'))  # the first message has a number of its own
    (attributes,) = wake_up(stack, INDIAN)
    assert attributes["AWS.MM.SMS.EntityId"] == "110"
    assert attributes["AWS.MM.SMS.TemplateId"] == "1107"
    assert attributes["AWS.SNS.SMS.SenderID"] == "LNTRNB"


def test_origins_are_read_once_a_batch_whatever_they_hold(
    stack: MotoStack, write: Callable[[str], None]
) -> None:
    write("{")
    with counted_calls(stack.function("SendSms").reminders.sender_ids._ssm) as calls:
        sent = wake_up(stack, BRITISH, AMERICAN)
    assert calls == ["GetParameter"]
    assert sent == [{"AWS.SNS.SMS.SMSType": "Transactional"}] * 2, "sent without, not stopped"


def test_a_code_comes_from_the_same_origin(stack: MotoStack, write: Callable[[str], None]) -> None:
    write(INDIA)
    enter(a_user())
    seen = noted(providers.shared("sns"))
    state = direct.send(
        Direct(
            "somebody",
            "code:1",
            Channel.SMS,
            INDIAN,
            lambda: code(
                Language.ENGLISH,
                Channel.SMS,
                to=INDIAN,
                sender=Sender("Lantern", ""),
                code="123456",
                minutes=10,
            ),
            self_registered=False,
            life=accounts.life_of("somebody"),
        ),
        {Channel.SMS: DirectSms(SmsParameters(stack.ids["SmsOrigins"], 10, 100))},
        now=NINE,
    )
    assert state is State.SENT
    assert seen[0]["AWS.MM.SMS.TemplateId"] == "9"
    assert texts() == ["Lantern: 123456 is your code, valid 10 min. Tell nobody."]
