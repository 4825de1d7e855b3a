"""What template.yaml promises, read from the template itself."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.functions import FOLDERS
from tests.support.template import ROOT, rendered, template

ENVIRONMENTS = ("local", "dev", "prod")
PROD = rendered("prod")["Resources"]


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
            assert name in ("SendSmsRole", "ApiSettingsRole", "ReadRepliesRole")
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
    assert len(tables) == 13
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
    for channel in ("Sms", "Push", "Email"):
        redrive = queues[f"{channel}Nudges"]["Properties"]["RedrivePolicy"]
        assert redrive["deadLetterTargetArn"] == {"Fn::GetAtt": [f"{channel}DeadLetters", "Arn"]}
        sender = PROD[f"Send{channel}"]["Properties"]["Environment"]["Variables"]
        assert int(sender["MAX_RECEIVES"]) == redrive["maxReceiveCount"]


def test_a_nudge_stays_hidden_for_six_times_what_a_sender_may_run() -> None:
    timeout = rendered("prod")["Globals"]["Function"]["Timeout"]
    for channel in ("Sms", "Push", "Email"):
        assert PROD[f"{channel}Nudges"]["Properties"]["VisibilityTimeout"] >= 6 * timeout


def test_dead_letters_raise_an_alarm_with_a_remedy() -> None:
    alarms = of_type(PROD, "AWS::CloudWatch::Alarm")
    watched = {
        json.dumps(alarm["Properties"]["Dimensions"][0]["Value"]): alarm["Properties"]
        for alarm in alarms.values()
        if "Dimensions" in alarm["Properties"]
    }
    for channel in ("Sms", "Push", "Email"):
        name = json.dumps({"Fn::GetAtt": [f"{channel}DeadLetters", "QueueName"]})
        assert "redrive" in watched[name]["AlarmDescription"]


def test_every_asynchronous_hop_ends_in_dead_letters_that_raise_an_alarm() -> None:
    """Queues, targets of schedules, functions that are called without waiting, subscriptions."""
    letters: list[Any] = []
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
                called.add(name)
    for name in called:
        invoked = PROD[name]["Properties"]["EventInvokeConfig"]["DestinationConfig"]
        letters.append(invoked["OnFailure"]["Destination"])
    watched = {
        alarm["Properties"]["Dimensions"][0]["Value"]["Fn::GetAtt"][0]
        for alarm in of_type(PROD, "AWS::CloudWatch::Alarm").values()
        if alarm["Properties"]["MetricName"] == "ApproximateNumberOfMessagesVisible"
    }
    assert called == {"FindDue", "Settle", "ReadReceipts"}
    assert {letter["Fn::GetAtt"][0] for letter in letters} == watched


def test_how_late_messages_leave_is_a_metric_of_each_channel() -> None:
    worker = ROOT.joinpath("layers/product/python/bill_reminders/delivery/worker.py").read_text()
    assert "slowest_seconds=" in worker
    for channel in ("Sms", "Push", "Email"):
        metric = PROD[f"{channel}Lag"]["Properties"]
        assert metric["LogGroupName"] == {"Ref": f"Send{channel}Log"}
        assert metric["FilterPattern"] == "{ $.slowest_seconds >= 0 }"
        (transformed,) = metric["MetricTransformations"]
        alarm = PROD[f"{channel}LagAlarm"]["Properties"]
        assert alarm["MetricName"] == transformed["MetricName"]


def test_silence_of_the_schedule_raises_an_alarm() -> None:
    alarm = PROD["NoTickAlarm"]["Properties"]
    assert (alarm["MetricName"], alarm["Period"] * alarm["EvaluationPeriods"]) == (
        "Invocations",
        300,
    )
    assert alarm["ComparisonOperator"] == "LessThanThreshold"
    assert alarm["TreatMissingData"] == "breaching", "a function that never runs has no data"


def test_every_function_has_a_folder_and_a_sample_event() -> None:
    functions = of_type(template()["Resources"], "AWS::Serverless::Function")
    assert set(functions) == set(FOLDERS)
    for name, function in functions.items():
        folder = ROOT / function["Properties"]["CodeUri"]
        assert folder.joinpath("app.py").is_file(), name
        assert ROOT.joinpath("events", f"{folder.name}.json").is_file(), name


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
