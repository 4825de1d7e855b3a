"""An erasure takes the sign-in along, where it is ours to delete, and says so where it is not."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from bill_reminders.jobs import sign_ins
from bill_reminders.storage import identities
from tests.api.conftest import NOON, SetClock
from tests.support import wire
from tests.support.api import Person, Reply
from tests.support.functions import Context, sqs_event
from tests.support.moto_stack import MotoStack

ERASE = {"confirm": "erase everything"}
MAIL = "ann@example.com"


class Pool:
    """The stack's own user pool, as its administrator sees it."""

    def __init__(self, stack: MotoStack) -> None:
        self.pool_id = stack.ids["UserPool"]
        self.client = stack.client("cognito-idp")
        self.issuer = f"https://cognito-idp.us-east-1.amazonaws.com/{self.pool_id}"

    def sign_up(self, email: str = MAIL) -> str:
        """The subject of somebody's tokens."""
        made = self.client.admin_create_user(
            UserPoolId=self.pool_id,
            Username=email,
            UserAttributes=[{"Name": "email", "Value": email}],
            MessageAction="SUPPRESS",
        )
        told = {each["Name"]: each["Value"] for each in made["User"]["Attributes"]}
        return str(told["sub"])

    def subjects(self) -> set[str]:
        users = self.client.list_users(UserPoolId=self.pool_id)["Users"]
        told = [{a["Name"]: a["Value"] for a in user["Attributes"]} for user in users]
        return {each["sub"] for each in told}


@pytest.fixture
def pool(stack: MotoStack, set_clock: SetClock) -> Iterator[Pool]:
    set_clock(NOON)
    yield Pool(stack)


@pytest.fixture
def ann(stack: MotoStack, pool: Pool) -> Person:
    return Person(stack, pool.sign_up(), issuer=pool.issuer).registered()


def asked(who: Person) -> Reply:
    reply = who.post("/v1/account/erasures", ERASE)
    assert reply.status == 202, reply.text
    return reply


def run(stack: MotoStack, who: Person, reply: Reply) -> int:
    """How many messages came back, or were put back as new ones."""
    before = waiting(stack)
    body = json.dumps({"identity": who.identity, "job_id": reply.json["job_id"]})
    answer = stack.function("RunJobs").handler(sqs_event(body), Context())
    return len(answer["batchItemFailures"]) + waiting(stack) - before


def waiting(stack: MotoStack) -> int:
    told = stack.client("sqs").get_queue_attributes(
        QueueUrl=stack.ids["JobsQueue"], AttributeNames=["All"]
    )["Attributes"]
    return sum(int(told[f"ApproximateNumberOfMessages{each}"]) for each in ("", "Delayed"))


def status(who: Person, reply: Reply) -> dict[str, Any]:
    told: dict[str, Any] = who.get(reply.headers["location"]).json
    return told


def test_an_erasure_deletes_the_sign_in_of_our_own_pool(
    stack: MotoStack, pool: Pool, ann: Person
) -> None:
    other = pool.sign_up("other@example.com")
    reply = asked(ann)
    assert reply.json["sign_in"] is None
    assert ann.subject in pool.subjects()
    assert run(stack, ann, reply) == 0
    assert pool.subjects() == {other}
    told = status(ann, reply)
    assert (told["state"], told["sign_in"]) == ("done", "deleted")


def test_a_sign_in_that_is_gone_already_is_done(stack: MotoStack, pool: Pool, ann: Person) -> None:
    reply = asked(ann)
    pool.client.admin_delete_user(UserPoolId=pool.pool_id, Username=ann.subject)
    assert run(stack, ann, reply) == 0
    assert status(ann, reply)["sign_in"] == "deleted"


@pytest.mark.parametrize(
    "fault",
    [
        wire.json_error("TooManyRequestsException"),
        wire.json_error("InternalErrorException", status=500),
        wire.json_error("AccessDeniedException"),
        wire.raises(wire.TIMEOUT),
    ],
)
def test_a_sign_in_that_cannot_be_deleted_now_is_tried_again(
    stack: MotoStack, pool: Pool, ann: Person, fault: wire.Act
) -> None:
    reply = asked(ann)
    with wire.before(sign_ins.client(), "AdminDeleteUser", fault):
        assert run(stack, ann, reply) == 1
    assert status(ann, reply)["state"] == "running"
    assert ann.subject in pool.subjects()
    assert run(stack, ann, reply) == 0
    assert ann.subject not in pool.subjects()
    assert status(ann, reply)["sign_in"] == "deleted"


def test_an_answer_that_was_lost_deletes_nothing_twice(
    stack: MotoStack, pool: Pool, ann: Person
) -> None:
    reply = asked(ann)
    with wire.after(sign_ins.client(), "AdminDeleteUser", wire.raises(wire.RESET)):
        assert run(stack, ann, reply) == 1
    assert run(stack, ann, reply) == 0
    assert status(ann, reply)["sign_in"] == "deleted"


def test_what_is_left_of_the_account_goes_before_its_sign_in(
    stack: MotoStack, pool: Pool, ann: Person
) -> None:
    """Should the job die in between, whoever asked can still sign in and read how far it is."""
    bill = {"biller": "Oak", "name": "Rent", "first_due": "2027-03-05"}
    assert ann.post("/v1/bills", bill).status == 201
    reply, seen = asked(ann), []

    def look() -> None:
        found = stack.client("dynamodb").scan(TableName=stack.ids["Bills"])["Items"]
        seen.append(len(found))

    with wire.before_call(sign_ins.client(), "AdminDeleteUser", look):
        assert run(stack, ann, reply) == 0
    assert seen == [0]


def test_a_sign_in_that_a_new_account_uses_is_kept(
    stack: MotoStack, pool: Pool, ann: Person, set_clock: SetClock
) -> None:
    reply = asked(ann)
    set_clock(NOON + timedelta(seconds=20))
    ann.registered()
    assert run(stack, ann, reply) == 0
    assert ann.subject in pool.subjects()
    assert identities.user_of(ann.identity) is not None
    assert status(ann, reply)["sign_in"] == "kept"


@pytest.mark.parametrize(
    "issuer",
    [
        "https://issuer.example.com",
        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Another",
    ],
)
def test_a_sign_in_of_another_issuer_is_for_its_owner_to_delete(
    stack: MotoStack, pool: Pool, issuer: str
) -> None:
    subject = pool.sign_up()
    somebody = Person(stack, subject, issuer=issuer).registered()
    reply = asked(somebody)
    assert run(stack, somebody, reply) == 0
    assert subject in pool.subjects()
    assert status(somebody, reply)["sign_in"] == "at_issuer"


def test_an_export_says_nothing_of_a_sign_in(stack: MotoStack, pool: Pool, ann: Person) -> None:
    reply = ann.post("/v1/account/exports")
    assert run(stack, ann, reply) == 0
    assert status(ann, reply)["sign_in"] is None
    assert ann.subject in pool.subjects()
