"""Attacks on what we spend and on our name as a sender, by HTTP: each is refused.

At a day of their own, so that the other tests' codes and these do not count for each other.
"""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import boto3
import pytest

from bill_reminders.storage.access_tables import LimitItem
from local.stack import Stack
from tests.stack.people import NOW
from tests.support.api import Reply
from tests.support.http import Front

THAT_DAY = NOW + timedelta(days=40)
TOTAL = f"sms parts#{THAT_DAY.date()}"
JERSEY, LONDON = "+447797712345", "+447700900123"


@pytest.fixture(autouse=True)
def _that_day(stack: Stack, at_nine: None) -> None:
    stack.set_clock(THAT_DAY)


@pytest.fixture
def britain_alone(stack: Stack) -> Iterator[None]:
    """The only sender ID is for the United Kingdom."""
    name, ssm = stack.outputs["SmsOriginsParameter"], boto3.client("ssm")
    before = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    stored = '{"GB": {"sender_id": "Lantern"}}'
    ssm.put_parameter(Name=name, Value=stored, Overwrite=True)
    yield
    ssm.put_parameter(Name=name, Value=before, Overwrite=True)


@pytest.fixture
def used_up() -> Iterator[None]:
    """As many SMS went out that day as may."""
    LimitItem(TOTAL).update([LimitItem.asked.set(20_000), LimitItem.expires_at.set(2**31)])
    yield
    LimitItem(TOTAL).delete()


def stranger(stack: Stack) -> Front:
    token = stack.token(f"{uuid4().hex}@example.com")
    return Front(stack.api, token).registered()


def ask(who: Front, address: str) -> Reply:
    channel = "email" if "@" in address else "sms"
    return who.post("/v1/contacts", {"channel": channel, "address": address})


def test_a_number_beside_the_allowed_country_gets_no_code(
    stack: Stack, britain_alone: None
) -> None:
    refused = ask(stranger(stack), JERSEY)
    assert refused.status == 422
    assert "country" in refused.faults()["address"]
    assert ask(stranger(stack), LONDON).status == 201


def test_at_the_total_of_all_sms_nobody_gets_a_code(stack: Stack, used_up: None) -> None:
    refused = ask(stranger(stack), "+12025550199")
    assert refused.status == 429
    assert int(refused.headers["retry-after"]) > 3600


def test_a_mailbox_gets_no_more_codes_by_plus_tags(stack: Stack) -> None:
    name = uuid4().hex
    written = [f"{name}@example.com", *(f"{name}+{tag}@example.com" for tag in "abc")]
    assert [ask(stranger(stack), address).status for address in written] == [201] * 3 + [429]
