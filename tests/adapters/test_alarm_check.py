"""A check says loudly when alarms reach nobody, and when those of the money ring too late."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD, LEFT

TEMPLATE = """
Parameters:
  AlarmEmail: {Type: String, Default: ""}
  AlarmTopicArn: {Type: String, Default: ""}
  SmsSpend80: {Type: Number, Default: 0.8}
  SmsSpend90: {Type: Number, Default: 0.9}
Conditions:
  HasAlarmEmail: !Not [!Equals [!Ref AlarmEmail, ""]]
Resources:
  Always: {Type: AWS::SNS::Topic}
  Alarms: {Type: AWS::SNS::Topic, Condition: HasAlarmEmail}
Outputs:
  AlarmsTopic: {Condition: HasAlarmEmail, Value: !Ref Alarms}
"""
NOBODY = "NOBODY HEARS OF ALARMS"

Check = Callable[..., tuple[int, str]]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Check]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def made(subscribed: str = "", **parameters: str) -> tuple[int, str]:
        given = [{"ParameterKey": n, "ParameterValue": v} for n, v in parameters.items()]
        cloudformation = boto3.client("cloudformation")
        cloudformation.create_stack(StackName="ours", TemplateBody=TEMPLATE, Parameters=given)
        (stack,) = cloudformation.describe_stacks(StackName="ours")["Stacks"]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}
        if subscribed:
            boto3.client("sns").subscribe(
                TopicArn=outputs["AlarmsTopic"], Protocol="email", Endpoint=subscribed
            )
        return main(["check", "--stack", "ours"]), capsys.readouterr().out

    with mock_aws():
        yield made


def test_a_stack_whose_alarms_reach_nobody_is_not_good(check: Check) -> None:
    outcome, told = check()
    assert outcome == LEFT
    assert NOBODY in told
    assert "AlarmEmail=" in told


def test_a_topic_of_ones_own_is_enough(check: Check) -> None:
    outcome, told = check(AlarmTopicArn="arn:aws:sns:us-east-1:123456789012:ours")
    assert (outcome, NOBODY in told) == (GOOD, False)


def test_an_address_that_said_yes_is_enough(check: Check) -> None:
    outcome, told = check("ops@example.com", AlarmEmail="ops@example.com")
    assert (outcome, NOBODY in told) == (GOOD, False)
    assert "ops@example.com" not in told


def test_an_address_that_has_not_said_yes_hears_nothing(check: Check) -> None:
    """Moto takes each subscription for confirmed; none is what an unconfirmed one comes to."""
    outcome, told = check(AlarmEmail="ops@example.com")
    assert outcome == LEFT
    assert NOBODY in told
    assert "has not said yes" in told


def test_the_money_of_a_new_account_is_what_the_defaults_fit(check: Check) -> None:
    outcome, told = check(AlarmTopicArn="arn:ours")
    assert (outcome, "too late" in told) == (GOOD, False)


@pytest.mark.parametrize(
    "written",
    [
        {"SmsSpend80": "60", "SmsSpend90": "70"},
        {"SmsSpend80": "40", "SmsSpend90": "45.01"},
        {},
    ],
)
def test_alarms_of_the_money_that_ring_at_the_wrong_time_are_named_with_what_to_write(
    check: Check, written: dict[str, str]
) -> None:
    boto3.client("sns").set_sms_attributes(attributes={"MonthlySpendLimit": "50"})
    outcome, told = check(AlarmTopicArn="arn:ours", **written)
    assert outcome == LEFT
    assert "SmsSpend80=40 SmsSpend90=45" in told


def test_alarms_of_the_money_may_ring_a_little_earlier(check: Check) -> None:
    boto3.client("sns").set_sms_attributes(attributes={"MonthlySpendLimit": "50"})
    assert check(AlarmTopicArn="arn:ours", SmsSpend80="20", SmsSpend90="45")[0] == GOOD
