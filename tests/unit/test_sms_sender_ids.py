"""Whom SMS come from: the parameter that a deployer edits, and what a request carries."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.sms.request import sms_request
from bill_reminders.channels.sms.sender_ids import (
    LEFT_TO_AWS,
    DeployedSenderIds,
    SenderIdentity,
    UnreadableSenderIds,
    parse,
)

WRITTEN = json.dumps(
    {
        "GB": {"sender_id": "Lantern"},
        "US": {"number": "+12025550100", "two_way": True},
        "CA": {"number": "+14165550100"},
        "IN": {"sender_id": "LNTRNB", "entity_id": "110100", "templates": {"1": "1107001"}},
    }
)
BRITISH, AMERICAN, CANADIAN, INDIAN = "+447700900123", "+12025550123", "+14165550123", "+910000"


def attributes(number: str, identity: SenderIdentity, wording: str = "") -> dict[str, str]:
    request = sms_request(number, "text", identity=identity, wording=wording)
    assert request["PhoneNumber"] == number
    assert request["Message"] == "text"
    assert {each["DataType"] for each in request["MessageAttributes"].values()} == {"String"}
    return {name: each["StringValue"] for name, each in request["MessageAttributes"].items()}


def test_each_country_has_the_origin_that_is_written_for_it() -> None:
    origins = parse(WRITTEN)
    assert origins.of(BRITISH) == SenderIdentity(sender_id="Lantern")
    assert origins.of(AMERICAN) == SenderIdentity(number="+12025550100", two_way=True)
    assert origins.of(CANADIAN).number == "+14165550100"
    assert origins.of(INDIAN).templates == {"1": "1107001"}
    assert origins.of("+33600000000") is LEFT_TO_AWS
    assert parse("{}").of(BRITISH) is LEFT_TO_AWS


def test_our_own_numbers_that_take_replies_are_known() -> None:
    assert parse(WRITTEN).two_way_numbers == {"+12025550100"}
    assert parse("{}").two_way_numbers == frozenset()


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("", "not JSON"),
        ('{"GB": {"sender_id": "Lantern"}', "not JSON"),
        ("[]", "by country"),
        ('{"UK": {"sender_id": "Lantern"}}', "UK"),
        ('{"GB": "Lantern"}', "GB"),
        ('{"GB": {"sender": "Lantern"}}', "GB"),
        ('{"GB": {"sender_id": 5}}', "GB"),
        ('{"US": {"number": "+12025550100", "two_way": "yes"}}', "US"),
        ('{"US": {"sender_id": "Lantern", "two_way": true}}', "only a number"),
        ('{"IN": {"templates": ["1107001"]}}', "IN"),
        ('{"IN": {"templates": {"1": 1107001}}}', "IN"),
    ],
)
def test_what_is_no_origin_is_named(written: str, fault: str) -> None:
    with pytest.raises(UnreadableSenderIds, match=fault):
        parse(written)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda value: (
    st.lists(value) | st.dictionaries(st.sampled_from(["GB", "templates", "number"]), value)
)))  # fmt: skip
def test_nothing_that_somebody_saves_raises_anything_else(value: object) -> None:
    try:
        parse(json.dumps(value))
    except UnreadableSenderIds:
        return


class Ssm:
    """A parameter store that answers with a value, or fails."""

    def __init__(self, *answers: str | Exception) -> None:
        self.answers = list(answers)

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        assert Name == "/stack/sms-origins"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Parameter": {"Value": answer}}


def senders_read(*answers: str | Exception) -> list[str]:
    """The British sender id after each answer."""
    deployed = DeployedSenderIds(Ssm(*answers), "/stack/sms-origins")
    assert deployed.current.of(BRITISH) is LEFT_TO_AWS
    senders = []
    for _ in answers:
        deployed.refresh()
        senders.append(deployed.current.of(BRITISH).sender_id)
    return senders


def test_a_mistyped_parameter_leaves_the_choice_to_aws_and_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert senders_read(WRITTEN, "{", "{", WRITTEN) == ["Lantern", "", "", "Lantern"]
    assert caplog.text.count("cannot be read") == 1
    assert senders_read("{", "{}", "{") == ["", "", ""]
    assert caplog.text.count("cannot be read") == 3


@pytest.mark.parametrize(
    "failure",
    [
        ClientError({"Error": {"Code": "ThrottlingException"}}, "GetParameter"),
        EndpointConnectionError(endpoint_url="https://example.com"),
    ],
)
def test_without_an_answer_the_origins_stay_as_they_are(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    assert senders_read(failure, WRITTEN, failure, failure) == ["", "Lantern", "Lantern", "Lantern"]
    assert caplog.text.count("cannot be read") == 2


def test_a_request_names_the_sender_where_the_country_knows_names() -> None:
    named = SenderIdentity(sender_id="Lantern")
    plain = {"AWS.SNS.SMS.SMSType": "Transactional"}
    assert attributes(BRITISH, named) == {**plain, "AWS.SNS.SMS.SenderID": "Lantern"}
    assert attributes(AMERICAN, named) == plain, "a name would be ignored there"
    assert attributes(BRITISH, LEFT_TO_AWS) == plain


def test_a_number_of_our_own_goes_before_a_name() -> None:
    both = SenderIdentity(sender_id="Lantern", number="+447700900999")
    assert attributes(BRITISH, both) == {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.MM.SMS.OriginationNumber": "+447700900999",
    }


def test_a_registered_wording_takes_its_ids_along_in_india_alone() -> None:
    origin = parse(WRITTEN).of(INDIAN)
    assert attributes(INDIAN, origin, "1") == {
        "AWS.SNS.SMS.SMSType": "Transactional",
        "AWS.SNS.SMS.SenderID": "LNTRNB",
        "AWS.MM.SMS.EntityId": "110100",
        "AWS.MM.SMS.TemplateId": "1107001",
    }
    assert "AWS.MM.SMS.EntityId" not in attributes("+8613000000000", origin, "1")


def test_without_its_id_a_wording_goes_the_way_that_needs_none() -> None:
    origin = parse(WRITTEN).of(INDIAN)
    assert attributes(INDIAN, origin, "2") == {"AWS.SNS.SMS.SMSType": "Transactional"}
