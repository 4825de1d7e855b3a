"""What CloudFormation cannot make is set once, checked without a trace, and left to others."""

from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from bill_reminders.cli.__main__ import main
from bill_reminders.cli.outcomes import GOOD, LEFT, NOT_DONE
from bill_reminders.cli.preferences import Deployed, State, preferences

ROLE = "arn:aws:iam::123456789012:role/sms-log"
OTHER_ROLE = "arn:aws:iam::123456789012:role/of-another-stack"
GROUP = "sns/us-east-1/123456789012/DirectPublishToPhoneNumber"
TEMPLATE = """
Parameters:
  SmsDeliveryLog: {Type: String, Default: create}
  GooglePushApplicationArn: {Type: String, Default: ""}
  SmsCountries: {Type: String, Default: ""}
Resources:
  DeviceEvents: {Type: AWS::SNS::Topic}
  SmsOrigins:
    Type: AWS::SSM::Parameter
    Properties: {Name: /ours/origins, Type: String, Value: "{}"}
Outputs:
  SmsOriginsParameter: {Value: /ours/origins}
  DeviceEventsTopic: {Value: !Ref DeviceEvents}
  SmsLogRoleArn: {Value: "arn:aws:iam::123456789012:role/sms-log"}
"""

Deploy = Callable[..., None]


@pytest.fixture(autouse=True)
def deploy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Deploy]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")

    def make(**parameters: str) -> None:
        given = [{"ParameterKey": n, "ParameterValue": v} for n, v in parameters.items()]
        boto3.client("cloudformation").create_stack(
            StackName="ours", TemplateBody=TEMPLATE, Parameters=given
        )

    with mock_aws():
        yield make


def application() -> str:
    answer = boto3.client("sns").create_platform_application(
        Name="app", Platform="GCM", Attributes={"PlatformCredential": "key"}
    )
    return str(answer["PlatformApplicationArn"])


def sms() -> dict[str, str]:
    found: dict[str, str] = boto3.client("sns").get_sms_attributes()["attributes"]
    return found


def run(action: str, *flags: str) -> int:
    return main([action, "--stack", "ours", *flags])


def test_setting_up_sets_what_is_missing_and_a_second_time_nothing(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    app = application()
    deploy(GooglePushApplicationArn=app)
    assert run("check") == LEFT
    assert sms() == {}
    assert capsys.readouterr().out.count("missing: ") == 3
    assert run("setup") == GOOD
    assert sms() == {"DeliveryStatusIAMRole": ROLE, "DeliveryStatusSuccessSamplingRate": "100"}
    known = boto3.client("sns").get_platform_application_attributes(PlatformApplicationArn=app)
    assert known["Attributes"]["EventDeliveryFailure"].startswith("arn:aws:sns:us-east-1:")
    assert capsys.readouterr().out.count("set: ") == 3
    assert run("setup") == GOOD
    assert run("check") == GOOD
    assert capsys.readouterr().out.count("good: ") == 6


def test_what_another_set_is_kept_unless_it_shall_be_replaced(
    deploy: Deploy, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("sns").set_sms_attributes(attributes={"DeliveryStatusIAMRole": OTHER_ROLE})
    deploy()
    assert run("setup") == LEFT
    assert sms()["DeliveryStatusIAMRole"] == OTHER_ROLE
    assert "somebody else" in capsys.readouterr().out
    assert run("setup", "--replace") == GOOD
    assert sms()["DeliveryStatusIAMRole"] == ROLE


def test_a_spend_limit_is_set_only_when_it_is_asked_for(deploy: Deploy) -> None:
    deploy()
    assert run("setup") == GOOD
    assert "MonthlySpendLimit" not in sms()
    assert run("setup", "--monthly-spend", "50") == GOOD
    assert sms()["MonthlySpendLimit"] == "50"


def test_log_groups_of_before_are_kept_for_a_day(deploy: Deploy) -> None:
    logs = boto3.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_group(logGroupName=f"{GROUP}/Failure")
    logs.put_retention_policy(logGroupName=f"{GROUP}/Failure", retentionInDays=90)
    deploy(SmsDeliveryLog="existing")
    assert run("setup") == LEFT  # ninety days are what somebody wants
    assert run("setup", "--replace") == GOOD
    found = logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]
    assert [group["retentionInDays"] for group in found] == [1, 1]


def test_a_stack_that_reads_no_receipts_needs_nothing() -> None:
    assert list(preferences(Deployed({"DeviceEventsTopic": "topic"}, {}))) == []


def test_each_preference_says_how_it_stands() -> None:
    found = list(preferences(Deployed({"SmsLogRoleArn": ROLE}, {})))
    assert [each.state for each in found] == [State.MISSING, State.MISSING]


def test_a_stack_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("setup") == NOT_DONE
    assert "no stack 'ours'" in capsys.readouterr().err


def test_a_refusal_names_the_call(deploy: Deploy, capsys: pytest.CaptureFixture[str]) -> None:
    deploy(GooglePushApplicationArn="arn:aws:sns:us-east-1:123456789012:app/GCM/none")
    assert run("check") == NOT_DONE
    assert "AWS refused GetPlatformApplicationAttributes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("named", "stored", "said"),
    [
        ("", "{}", "SMS go to every country"),
        ("GB,FR", "{}", "SMS go to: FR, GB"),
        ("", '{"US": {"number": "+12025550100"}, "GB": {"sender_id": "L"}}', "SMS go to: GB, US"),
    ],
)
def test_a_check_says_which_countries_sms_go_to(
    deploy: Deploy, capsys: pytest.CaptureFixture[str], named: str, stored: str, said: str
) -> None:
    deploy(SmsCountries=named)
    boto3.client("ssm").put_parameter(Name="/ours/origins", Value=stored, Overwrite=True)
    run("check")
    assert said in capsys.readouterr().out
