"""What template.yaml promises, read from the template itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bill_reminders import metrics
from bill_reminders.api import audit
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.journal import Event
from local import dashboard
from tests.support.functions import FOLDERS
from tests.support.permissions import allowed
from tests.support.runbook import pages
from tests.support.template import ROOT, rendered, template

ENVIRONMENTS = ("local", "dev", "prod")
PROD = rendered("prod")["Resources"]
CHANNELS = [channel.value.capitalize() for channel in Channel]
"""As the names of their resources have them."""


def of_type(resources: dict[str, Any], kind: str) -> dict[str, Any]:
    return {name: part for name, part in resources.items() if part["Type"] == kind}


def statements(resources: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, role in of_type(resources, "AWS::IAM::Role").items():
        for policy in role["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                yield name, statement
    for name, policy in of_type(resources, "AWS::IAM::ManagedPolicy").items():
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            yield name, statement


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_a_clock_that_can_be_moved_exists_on_local_stacks_alone(environment: str) -> None:
    assert "clock" not in json.dumps(rendered(environment)).lower()
    assert "CLOCK_OFFSET_PARAMETER" in json.dumps(rendered("local"))


WRITES_TO_NUMBERS = (
    "SendSmsRole",
    "ApiSettingsRole",
    "LinkPageRole",
    "ReadRepliesRole",
    "RunJobsRole",
)


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_no_policy_names_a_wildcard_where_an_arn_exists(environment: str) -> None:
    found = list(statements(rendered(environment)["Resources"]))
    assert len(found) > 10
    for name, statement in found:
        actions = statement["Action"]
        for action in [actions] if isinstance(actions, str) else actions:
            assert "*" not in action, name
        if "NotResource" in statement:
            # a phone number has no ARN; everything that has one is left out
            assert name in WRITES_TO_NUMBERS
            assert statement["Action"] == "sns:Publish"
            continue
        resources = statement["Resource"]
        for resource in resources if isinstance(resources, list) else [resources]:
            assert resource != "*", name
            text = json.dumps(resource)
            # the id of an endpoint is SNS's own; its kind, region and account are named. Which
            # identities SES asks for depends on the recipient, so the sender is fixed instead.
            sender_is_fixed = "ses:FromAddress" in json.dumps(statement.get("Condition"))
            # The objects of a bucket are named by what asks for them.
            known = "endpoint/*" in text or ("identity/*" in text and sender_is_fixed)
            known |= resource == {"Fn::Sub": "${Exports.Arn}/*"}
            # so are the streams of a log group
            known |= text.count("*") == 1 and "log-group:sns/" in text and ':*"' in text
            assert "*" not in text or known, name


def test_every_table_is_kept_safe() -> None:
    tables = of_type(PROD, "AWS::DynamoDB::Table")
    assert len(tables) == 14
    for name, table in tables.items():
        properties = table["Properties"]
        assert properties["BillingMode"] == "PAY_PER_REQUEST", name
        assert properties["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], name
        assert properties["SSESpecification"]["SSEEnabled"], name
        assert properties["DeletionProtectionEnabled"] is True, name
        assert table["UpdateReplacePolicy"] == "Retain", name
        assert table["DeletionPolicy"] == "RetainExceptOnCreate", name


PUBLIC = {
    "GET /v1/openapi.json",
    "GET /v1/docs",
    # the token in the address says whose it is
    "ANY /r/{proxy+}",
    "ANY /u/{proxy+}",
    "ANY /c/{file}",
}


def test_every_route_needs_a_token_but_those_of_the_document_and_of_links() -> None:
    routes = of_type(PROD, "AWS::ApiGatewayV2::Route")
    for name, route in routes.items():
        properties = route["Properties"]
        if properties["RouteKey"] in PUBLIC:
            continue
        assert properties["AuthorizationType"] == "JWT", name
        assert properties["AuthorizerId"] == {"Ref": "ApiAuthorizer"}, name


def test_access_logs_hold_the_pattern_of_a_route_and_neither_path_nor_address() -> None:
    written = PROD["ApiStage"]["Properties"]["AccessLogSettings"]["Format"]
    assert "$context.routeKey" in written
    for private in ("path", "sourceIp", "userAgent", "claims"):
        assert private not in written


def test_the_gateway_is_throttled_and_answers_no_origin_unless_one_is_named() -> None:
    throttling = PROD["ApiStage"]["Properties"]["DefaultRouteSettings"]
    assert throttling["ThrottlingRateLimit"] == {"Ref": "ApiRequestsPerSecond"}
    assert "CorsConfiguration" not in PROD["Api"]["Properties"]


def test_exports_are_private_and_gone_after_a_day() -> None:
    bucket = PROD["Exports"]["Properties"]
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    (rule,) = bucket["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 1


def test_every_queue_is_encrypted_and_fails_into_dead_letters() -> None:
    queues = of_type(PROD, "AWS::SQS::Queue")
    assert all(queue["Properties"]["SqsManagedSseEnabled"] for queue in queues.values())
    for channel in CHANNELS:
        redrive = queues[f"{channel}Nudges"]["Properties"]["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": [f"{channel}DeadLetters", "Arn"]}
        sender = PROD[f"Send{channel}"]["Properties"]["Environment"]["Variables"]
        assert int(sender["MAX_RECEIVES"]) == redrive["maxReceiveCount"]


def test_a_wake_up_stays_hidden_for_six_times_what_a_sender_may_run() -> None:
    timeout = rendered("prod")["Globals"]["Function"]["Timeout"]
    for channel in CHANNELS:
        assert PROD[f"{channel}Nudges"]["Properties"]["VisibilityTimeout"] >= 6 * timeout


def test_dead_letters_raise_an_alarm_with_a_remedy() -> None:
    for channel in CHANNELS:
        alarm = PROD[f"{channel}DeadLettersAlarm"]["Properties"]
        assert alarm["MetricName"] == f"{channel}DeadLetters"
        assert "redrive" in page_of(alarm)


def page_of(alarm: dict[str, Any]) -> str:
    """The page of the runbook that an alarm's sentence names."""
    return pages()[alarm["AlarmDescription"].rpartition("docs/runbook.md#")[2]]


def test_every_asynchronous_hop_ends_in_dead_letters_that_raise_an_alarm() -> None:
    """Queues, targets of schedules, functions that are called without waiting, subscriptions."""
    letters: list[Any] = []
    ticked: set[str] = set()
    for name, queue in of_type(PROD, "AWS::SQS::Queue").items():
        if not name.endswith("DeadLetters"):
            letters.append(queue["Properties"]["RedrivePolicy"]["deadLetterTargetArn"])
    for subscription in of_type(PROD, "AWS::SNS::Subscription").values():
        letters.append(subscription["Properties"]["RedrivePolicy"]["deadLetterTargetArn"])
    called = {
        target["Properties"]["DestinationArn"]["Fn::GetAtt"][0]
        for target in of_type(PROD, "AWS::Logs::SubscriptionFilter").values()
    }
    for name, function in of_type(PROD, "AWS::Serverless::Function").items():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "Schedule":
                letters.append(event["Properties"]["DeadLetterConfig"]["Arn"])
                ticked.add(name)
    # later ticks make up for one that failed: there is nothing to redrive, only failures to tell of
    told = {
        alarm["Properties"]["Dimensions"][0]["Value"].get("Ref")
        for alarm in of_type(PROD, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["MetricName"] == "Errors"
    }
    assert ticked == {"FindDue", "Settle"}
    assert ticked <= told
    for name in called:
        invoked = PROD[name]["Properties"]["EventInvokeConfig"]["DestinationConfig"]
        letters.append(invoked["OnFailure"]["Destination"])
    watched = {
        alarm["Properties"]["MetricName"]
        for alarm in of_type(PROD, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["MetricName"].endswith("DeadLetters")
    }
    assert called == {"ReadReceipts"}
    assert {letter["Fn::GetAtt"][0] for letter in letters} == watched
    counted = PROD["Settle"]["Properties"]["Environment"]["Variables"]["DEAD_LETTERS"]["Fn::Sub"]
    assert {*counted.split()} == {f"{name}=${{{name}}}" for name in watched}
    (may_count,) = (
        statement["Resource"]
        for name, statement in statements(PROD)
        if name == "SettleRole" and "sqs:GetQueueAttributes" in statement["Action"]
    )
    assert {each["Fn::GetAtt"][0] for each in may_count} == watched


def test_how_late_messages_leave_is_a_metric_of_each_channel() -> None:
    for channel in CHANNELS:
        alarm = PROD[f"{channel}LagAlarm"]["Properties"]
        assert alarm["MetricName"] == f"{channel}LagSeconds"
        assert alarm["MetricName"] in metrics.WHOLE


def numbers_in(value: Any) -> list[Any]:
    if isinstance(value, dict):
        return [found for each in value.values() for found in numbers_in(each)]
    if isinstance(value, list):
        return [found for each in value for found in numbers_in(each)]
    return [] if isinstance(value, str) else [value]


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_what_a_function_finds_in_its_environment_is_text(environment: str) -> None:
    """CloudFormation turns numbers into text; other engines do not, and nothing starts."""
    functions = of_type(rendered(environment)["Resources"], "AWS::Serverless::Function")
    assert (
        numbers_in([each["Properties"].get("Environment") or "" for each in functions.values()])
        == []
    )


ACCOUNT_FAULT = "account at fault, reminders wait"


def test_whoever_says_that_the_account_is_at_fault_raises_an_alarm() -> None:
    product = ROOT / "layers/product/python/bill_reminders"
    alarm = PROD["AccountFaultAlarm"]["Properties"]
    for code in (product / "delivery/sender.py", ROOT / "functions/read_receipts/app.py"):
        assert f'"{ACCOUNT_FAULT}"' in code.read_text()
        assert f'metrics.signal("{alarm["MetricName"]}"' in code.read_text()
    assert (alarm["Threshold"], alarm["TreatMissingData"]) == (1, "notBreaching")


PUBLISHERS = {
    "EmailEvents": {"ses.amazonaws.com"},
    "DeviceEvents": {"sns.amazonaws.com", "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"},
    "SmsReplies": {"sms-voice.amazonaws.com"},
}


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_topic_says_who_may_publish_to_it(environment: str) -> None:
    resources = rendered(environment)["Resources"]
    named: dict[str, set[str]] = {}
    for policy in of_type(resources, "AWS::SNS::TopicPolicy").values():
        (topic,) = policy["Properties"]["Topics"]
        for statement in policy["Properties"]["PolicyDocument"]["Statement"]:
            assert (statement["Effect"], statement["Action"]) == ("Allow", "sns:Publish")
            assert statement["Resource"] == topic
            ((kind, who),) = statement["Principal"].items()
            if kind == "Service":
                equal = statement["Condition"]["StringEquals"]
                assert equal["aws:SourceAccount"] == {"Ref": "AWS::AccountId"}
            named.setdefault(topic["Ref"], set()).add(who if kind == "Service" else who["Fn::Sub"])
    assert named == PUBLISHERS
    assert set(named) == set(of_type(resources, "AWS::SNS::Topic"))


def test_receipts_know_the_topic_of_their_kind() -> None:
    variables = PROD["ReadReceipts"]["Properties"]["Environment"]["Variables"]
    assert variables["EMAIL_EVENTS_TOPIC"] == {"Ref": "EmailEvents"}
    assert variables["DEVICE_EVENTS_TOPIC"] == {"Ref": "DeviceEvents"}
    subscriptions = of_type(PROD, "AWS::SNS::Subscription").values()
    # a raw message would not say which topic it came through
    assert not any("RawMessageDelivery" in each["Properties"] for each in subscriptions)


def test_an_account_that_is_put_aside_raises_an_alarm() -> None:
    sender = ROOT.joinpath("layers/product/python/bill_reminders/delivery/sender.py").read_text()
    assert '"too much to plan, put aside"' in sender
    metric = PROD["PutAsideAlarm"]["Properties"]["MetricName"]
    assert f'metrics.signal("{metric}")' in sender


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("Joins", "joined"),
        ("Exports", "export"),
        ("Erasures", "erasure"),
        ("WrongCodes", "wrong_code"),
    ],
)
def test_many_of_a_kind_in_one_hour_raise_an_alarm(name: str, event: str) -> None:
    alarm = PROD[f"{name}ByTheHour"]["Properties"]
    assert alarm["MetricName"] == audit.COUNTED_AS[Event(event)]
    assert (alarm["Period"], alarm["EvaluationPeriods"]) == (3600, 1)
    assert alarm["Threshold"] == {"Ref": f"{name}Alarm"}
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    assert template()["Parameters"][f"{name}Alarm"]["MinValue"] == 1


def test_wrong_codes_of_pages_count_with_those_of_the_api() -> None:
    metric = audit.COUNTED_AS[Event.WRONG_CODE]
    assert f'metrics.signal("{metric}")' in ROOT.joinpath("functions/link_page/app.py").read_text()


def test_every_function_that_may_write_into_the_journal_names_its_entrance_once() -> None:
    """And no other has the table, or names one."""
    writes = ("dynamodb:PutItem", "Journal")
    for name, folder in FOLDERS.items():
        code = ROOT.joinpath("functions", folder, "app.py").read_text()
        assert code.count("@through(Entrance.") == (writes in allowed(name)), name
        has_table = "JOURNAL_TABLE" in json.dumps(PROD[name]["Properties"].get("Environment", ""))
        assert has_table == any(table == "Journal" for _, table in allowed(name)), name


def test_silence_of_the_schedule_raises_an_alarm() -> None:
    alarm = PROD["NoTickAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Period"] * alarm["EvaluationPeriods"]) == (
        "Invocations",
        300,
    )
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    assert alarm["TreatMissingData"] == "breaching", "a function that never runs has no data"


def test_every_function_has_a_folder_and_a_sample_event() -> None:
    for name, folder in FOLDERS.items():
        assert ROOT.joinpath("functions", folder, "app.py").is_file(), name
        assert ROOT.joinpath("events", f"{folder}.json").is_file(), name


def test_the_layers_libraries_are_the_ones_that_are_tested() -> None:
    """Both lock files name one version of each library."""

    def versions(path: str) -> dict[str, str]:
        lines = (ROOT / path).read_text().splitlines()
        pins = [line.split(" ")[0].split("==") for line in lines if "==" in line and line[0] != " "]
        return dict(pins)

    layer = versions("layers/dependencies/requirements.txt")
    tested = versions("requirements-dev.txt")
    assert layer
    assert {name: tested.get(name) for name in layer} == layer


def test_the_dashboard_is_the_one_that_is_generated() -> None:
    """`make dashboard` writes it."""
    text = dashboard.TEMPLATE.read_text("utf-8")
    assert dashboard.written(text) == text


def test_the_dashboard_shows_every_alarm_that_every_stack_has() -> None:
    resources = template()["Resources"]
    always = [
        name
        for name, part in resources.items()
        if part["Type"] == "AWS::CloudWatch::Alarm" and "Condition" not in part
    ]
    assert dashboard.alarms(dashboard.TEMPLATE.read_text("utf-8")) == always
