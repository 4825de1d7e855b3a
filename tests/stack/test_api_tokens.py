"""Without a good token the gateway lets nobody through, whatever is asked for."""

import json
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import pytest
from ministack.services import cognito

from local.stack import LOCAL_PASSWORD, Stack
from tests.support.http import Front, Operation, claims_in, operations

HOUR = 3600
FILLED_IN = {
    "bill_id": "rent",
    "contact_id": "0" * 20,
    "device_id": "0" * 20,
    "failed_debit_id": "d",
    "job_id": "0" * 24,
    "number": "0",
    "payment_id": "p",
    "prepayment_id": f"r{'0' * 16}",
    "reminder_id": "A" * 40,
}
PRIVATE = [operation for operation in operations() if not operation.public]


def part(content: Any) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


class Forge:
    """Makes tokens that are good but for one thing. The engine keeps its pools' keys where its own
    code finds them, in this process too."""

    def __init__(self, stack: Stack) -> None:
        self.pool = stack.outputs["UserPoolId"]
        self.good = stack.token(f"{uuid4().hex}@example.com")
        self.claims = claims_in(self.good)

    def signed(self, pool: str | None = None, **changes: Any) -> str:
        """By the pool's own key for access tokens, or by the one of another pool."""
        return cognito._signed_jwt({**self.claims, **changes}, pool or self.pool, "access")

    def expired(self) -> str:
        return self.signed(iat=int(time.time()) - 2 * HOUR, exp=int(time.time()) - HOUR)

    def for_another_client(self) -> str:
        return self.signed(client_id="another0client")

    def with_another_audience(self) -> str:
        """`aud` is looked at first where there is one."""
        return self.signed(aud="another0client")

    def by_another_issuer(self) -> str:
        return self.signed(iss="https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Another")

    def of_another_pool(self) -> str:
        """Good for that pool, and signed by its key."""
        client = boto3.client("cognito-idp")
        pool = client.create_user_pool(PoolName=uuid4().hex)["UserPool"]["Id"]
        app = client.create_user_pool_client(
            UserPoolId=pool, ClientName="app", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        client.admin_create_user(UserPoolId=pool, Username="them", MessageAction="SUPPRESS")
        client.admin_set_user_password(
            UserPoolId=pool, Username="them", Password=LOCAL_PASSWORD, Permanent=True
        )
        answer = client.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=app,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": "them", "PASSWORD": LOCAL_PASSWORD},
        )
        return str(answer["AuthenticationResult"]["AccessToken"])

    def by_a_wrong_key(self) -> str:
        """What it says is right, and it names the right key."""
        head = self.good.split(".")[0]
        signature = self.signed("us-east-1_Nobodys").split(".")[2]
        return f"{head}.{part(self.claims)}.{signature}"

    def unsigned(self) -> str:
        kid = cognito._pool_signing_key(self.pool, "access")[1]["kid"]
        return f"{part({'alg': 'none', 'kid': kid, 'typ': 'JWT'})}.{part(self.claims)}."

    def unsigned_with_the_signature_of_another(self) -> str:
        head, _, _ = self.unsigned().split(".")
        return f"{head}.{part(self.claims)}.{self.good.split('.')[2]}"

    def with_other_words(self) -> str:
        """A good one, in which somebody wrote another user."""
        head, _, signature = self.good.split(".")
        return f"{head}.{part({**self.claims, 'sub': str(uuid4())})}.{signature}"

    def not_yet_good(self) -> str:
        return self.signed(nbf=int(time.time()) + HOUR)

    def garbage(self) -> str:
        return "garbage"

    def three_parts_of_garbage(self) -> str:
        return "e30.e30.e30"

    def nothing(self) -> str:
        return ""


BAD: list[Callable[[Forge], str]] = [
    Forge.nothing,
    Forge.garbage,
    Forge.three_parts_of_garbage,
    Forge.expired,
    Forge.not_yet_good,
    Forge.for_another_client,
    Forge.with_another_audience,
    Forge.by_another_issuer,
    Forge.of_another_pool,
    Forge.by_a_wrong_key,
    Forge.with_other_words,
    Forge.unsigned,
    Forge.unsigned_with_the_signature_of_another,
]


@pytest.fixture(scope="module")
def forge(stack: Stack) -> Forge:
    return Forge(stack)


def refused(front: Front, operation: Operation) -> None:
    answer = front.call(operation.method, operation.path.format(**FILLED_IN))
    assert answer.status == 401, f"{operation}: {answer.status} {answer.text}"
    assert answer.headers["content-type"] == "application/json"
    assert answer.json == {"message": "Unauthorized"}


def test_a_token_that_is_made_here_is_as_good_as_one_from_the_pool(
    stack: Stack, forge: Forge
) -> None:
    """So that those below are refused for the one thing that is wrong with them."""
    for token in (forge.good, forge.signed()):
        assert Front(stack.api, token).get("/v1/setup").status == 200


def test_the_document_names_something_to_protect() -> None:
    assert len(PRIVATE) > 30


def test_nothing_is_answered_without_a_token(stack: Stack) -> None:
    for operation in PRIVATE:
        refused(Front(stack.api), operation)


@pytest.mark.parametrize("make", BAD, ids=lambda make: make.__name__)
def test_nothing_is_answered_with_a_bad_token(
    stack: Stack, forge: Forge, make: Callable[[Forge], str]
) -> None:
    front = Front(stack.api, make(forge))
    for operation in PRIVATE:
        refused(front, operation)


def test_a_token_counts_in_its_header_alone(stack: Stack, forge: Forge) -> None:
    front = Front(stack.api)
    for address in (
        f"/v1/settings?token={forge.good}",
        f"/v1/settings?access_token={forge.good}",
        f"/v1/settings?Authorization=Bearer%20{forge.good}",
    ):
        assert front.get(address).status == 401


@pytest.mark.parametrize(
    ("path", "content_type"),
    [("/v1/openapi.json", "application/json"), ("/v1/docs", "text/html")],
)
def test_the_document_is_for_everybody(stack: Stack, path: str, content_type: str) -> None:
    answer = Front(stack.api).get(path)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith(content_type)
