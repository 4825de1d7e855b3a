"""What makes the stack of a test quick changes nothing for who uses it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.moto_stack import MotoStack

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
