"""What makes the stack of a test quick changes nothing for who uses it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from tests.support.moto_stack import MotoStack, moto_stack

RENT = {"user_id": {"S": "one"}, "bill_id": {"S": "a"}, "name": {"S": "Rent"}}
WATER = {"user_id": {"S": "one"}, "bill_id": {"S": "b"}, "name": {"S": "Water"}}
GAS = {"user_id": {"S": "one"}, "bill_id": {"S": "c"}, "name": {"S": "Gas"}}
HERS = {"user_id": {"S": "two"}, "bill_id": {"S": "d"}, "name": {"S": "Gas"}}
ASKED = {"counter": {"S": "calls"}}


def key(item: dict[str, Any]) -> dict[str, Any]:
    return {name: item[name] for name in ("user_id", "bill_id")}


def renamed(item: dict[str, Any]) -> dict[str, Any]:
    return {
        "Key": key(item),
        "UpdateExpression": "SET #name = :name",
        "ExpressionAttributeNames": {"#name": "name"},
        "ExpressionAttributeValues": {":name": {"S": "Gone"}},
    }


ABSENT = {
    "Key": key(GAS) | {"bill_id": {"S": "z"}},
    "ConditionExpression": "attribute_exists(bill_id)",
}


@pytest.fixture
def kept(stack: MotoStack) -> Any:
    """What the tables hold, read anew at each call; two bills are in one of them."""
    client = stack.client("dynamodb")
    for item in (RENT, WATER):
        client.put_item(TableName=stack.ids["Bills"], Item=item)

    def read() -> list[Any]:
        tables = (stack.ids["Bills"], stack.ids["Limits"])
        scans = [client.scan(TableName=table, ConsistentRead=True) for table in tables]
        return [item for scan in scans for item in scan["Items"]]

    assert read() == [RENT, WATER]
    return read


@pytest.mark.parametrize(
    "refused", [{"ConditionCheck": ABSENT}, {"Delete": {"Key": key(WATER)}}, {"Put": {"Item": {}}}]
)
def test_a_transaction_that_is_refused_leaves_everything_as_it_was(
    stack: MotoStack, kept: Any, refused: dict[str, Any]
) -> None:
    bills = {"TableName": stack.ids["Bills"]}
    changes = [
        {"Put": {"Item": GAS, **bills}},
        {"Put": {"Item": HERS, **bills}},
        {"Put": {"Item": ASKED, "TableName": stack.ids["Limits"]}},
        {"Update": {**renamed(RENT), **bills}},
        {"Delete": {"Key": key(WATER), **bills}},
    ]
    last = [{name: {**bills, **asked} for name, asked in refused.items()}]
    with pytest.raises(ClientError):
        stack.client("dynamodb").transact_write_items(TransactItems=changes + last)
    assert kept() == [RENT, WATER]
    stack.client("dynamodb").transact_write_items(TransactItems=changes)
    assert kept() == [RENT | {"name": {"S": "Gone"}}, GAS, HERS, ASKED]


def found(stack: MotoStack) -> dict[str, Any]:
    """What a test may leave behind, by the service that keeps it."""
    sns, ses = (get_backend(name)[DEFAULT_ACCOUNT_ID]["us-east-1"] for name in ("sns", "ses"))
    tables, pool = stack.client("dynamodb"), stack.ids["UserPool"]
    named = set(tables.list_tables()["TableNames"]) & set(stack.ids.values())
    sms = stack.client("sqs").receive_message(QueueUrl=stack.ids["SmsNudges"])
    exports = stack.client("s3").list_objects_v2(Bucket=stack.ids["Exports"])
    return {
        "tables": [tables.scan(TableName=name)["Items"] for name in sorted(named)],
        "queue": [message["Body"] for message in sms.get("Messages", [])],
        "parameters": len(stack.client("ssm").describe_parameters()["Parameters"]),
        "objects": exports["KeyCount"],
        "messages": (len(sns.sms_messages), len(ses.sent_messages), len(sns.applications)),
        "senders": stack.client("sesv2").list_email_identities()["EmailIdentities"],
        "people": stack.client("cognito-idp").list_users(UserPoolId=pool)["Users"],
    }


def test_no_stack_finds_what_was_left_in_another() -> None:
    with moto_stack() as stack:
        usual = found(stack)
        assert len(usual["tables"]) > 10
        stack.client("dynamodb").put_item(TableName=stack.ids["Bills"], Item=RENT)
        stack.client("sqs").send_message(QueueUrl=stack.ids["SmsNudges"], MessageBody="left")
        stack.client("s3").put_object(Bucket=stack.ids["Exports"], Key="left", Body=b"left")
        stack.client("sns").publish(PhoneNumber="+12025550123", Message="left")
        stack.client("sns").create_platform_application(Name="left", Platform="GCM", Attributes={})
        stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
        stack.client("cognito-idp").admin_create_user(
            UserPoolId=stack.ids["UserPool"], Username="left@example.com"
        )
        stack.set_clock(datetime(2027, 3, 1, 12, 0, tzinfo=UTC))
        left, client, function = found(stack), stack.client("sqs"), stack.function("SendSms")
        assert [name for name in usual if left[name] == usual[name]] == []
    with moto_stack() as stack:
        assert found(stack) == usual
        assert stack.client("sqs") is not client
        assert stack.function("SendSms") is not function


def answers(stack: MotoStack) -> list[Any]:
    """What is said to calls of each kind, also to those that are refused."""
    client, bills = stack.client("dynamodb"), {"TableName": stack.ids["Bills"]}
    of_one = {
        "KeyConditionExpression": "user_id = :one",
        "ExpressionAttributeValues": {":one": {"S": "one"}},
    }
    put = {"PutRequest": {"Item": GAS}}
    calls = {
        "put_item": [{**bills, "Item": RENT}, {**bills, "Item": {}}],
        "batch_write_item": [{"RequestItems": {bills["TableName"]: [put]}}],
        "get_item": [{**bills, "Key": key(RENT)}, {**bills, "Key": key(HERS)}],
        "batch_get_item": [{"RequestItems": {bills["TableName"]: {"Keys": [key(RENT)]}}}],
        "update_item": [
            {**bills, **renamed(RENT), "ReturnValues": "ALL_NEW"},
            {**bills, **renamed(WATER), "ConditionExpression": "attribute_exists(bill_id)"},
        ],
        "query": [{**bills, **of_one, "Limit": 1, "ReturnConsumedCapacity": "TOTAL"}],
        "scan": [{**bills, "Select": "COUNT"}],
        "transact_write_items": [
            {"TransactItems": [{"Put": {**bills, "Item": WATER}}]},
            {"TransactItems": [{"ConditionCheck": {**bills, **ABSENT}}]},
        ],
        "delete_item": [{**bills, "Key": key(GAS), "ReturnValues": "ALL_OLD"}],
    }
    said = []
    for operation, requests in calls.items():
        for request in requests:
            try:
                answer = getattr(client, operation)(**request)
            except ClientError as refusal:
                answer = refusal.response
            status = answer.pop("ResponseMetadata")["HTTPStatusCode"]
            text = json.dumps(answer).replace(stack.ids["Bills"], "Bills")
            said.append((operation, status, json.loads(text)))
    return said


def test_what_is_asked_without_http_is_answered_as_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with moto_stack() as stack:
        at_once = answers(stack)
    monkeypatch.setattr("tests.support.moto_stack.ITEMS", {})
    with moto_stack() as stack:
        assert at_once == answers(stack)
    assert [status for _, status, _ in at_once].count(200) == len(at_once) - 3
