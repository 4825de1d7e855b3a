"""The journal as it is written by the deployed functions, and read by an administrator."""

from collections.abc import Callable

import boto3
from boto3.dynamodb.conditions import Key

from local.stack import Stack, wait_until
from tests.stack.people import NOW
from tests.support.http import Front

NewId = Callable[[], str]


def told(stack: Stack, owner: str) -> list[tuple[str, str]]:
    table = boto3.resource("dynamodb").Table(stack.outputs["JournalTable"])
    rows = table.query(KeyConditionExpression=Key("owner").eq(owner), ConsistentRead=True)["Items"]
    return [(str(row["through"]), str(row["event"])) for row in rows]


def test_what_is_done_by_http_is_told_with_its_entrance_and_erased_with_its_user(
    stack: Stack, new_id: NewId
) -> None:
    front = Front(stack.api, stack.token(f"{new_id()}@example.com"))
    account = {"language": "en", "time_zone": "UTC"}
    owner = front.call("POST", "/v1/account", account).json["user_id"]
    assert told(stack, owner) == [("api", "registered")]
    due = NOW.date().isoformat()
    bill = {"biller": "Lantern Bank", "name": "Card", "amount": "9", "currency": "USD"}
    made = front.call("POST", "/v1/bills", bill | {"first_due": due})
    assert made.status == 201, made.text
    paid = front.call("POST", f"{made.headers['location']}/payments", {"amount": "1"})
    assert paid.status == 201, paid.text
    file = f"bill_id,biller,name,first_due\ngas,Paper Crane,Gas,{due}\n".encode()
    text = {"content-type": "text/csv"}
    assert front.call("POST", "/v1/bills/files/csv", raw=file, headers=text).status == 200
    wrong = front.call("POST", "/v1/account/join", {"link_code": "AAAA-AAAA-AAAA"})
    assert wrong.status == 422, wrong.text
    assert told(stack, owner)[1:] == [
        ("api", "changed"),
        ("api", "changed"),
        ("file", "changed"),
        ("api", "wrong_code"),
    ]
    intent = {"confirm": "erase everything"}
    assert front.call("POST", "/v1/account/erasures", intent).status == 202
    wait_until(lambda: told(stack, owner) == [], 60, "the journal was not erased")
