"""Who calls: taken from the token that the gateway has checked, never from the request's words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aws_lambda_powertools.event_handler.api_gateway import Router

from bill_reminders.api.problems import Problem, no_account
from bill_reminders.domain.account import Account
from bill_reminders.storage import accounts, identities


@dataclass(frozen=True, slots=True)
class Caller:
    """`identity` is `<issuer>#<subject>`, `source` the address that the request came from."""

    identity: str
    source: str

    @property
    def user_id(self) -> str:
        """The caller's own user. Raises a no-account problem when there is none."""
        user_id = identities.user_of(self.identity)
        if user_id is None:
            raise no_account()
        return user_id


def caller_of(event: Mapping[str, Any]) -> Caller:
    """Raises Problem for the token of a machine, which has no subject."""
    context = event["requestContext"]
    claims = context["authorizer"]["jwt"]["claims"]
    if not (claims.get("iss") and claims.get("sub")):
        raise Problem("invalid-request", "the token names nobody: sign in as a person")
    return Caller(
        identity=f"{claims['iss']}#{claims['sub']}",
        source=str(context["http"].get("sourceIp", "")),
    )


def caller(router: Router) -> Caller:
    """Who makes the request that `router` works on."""
    found: Caller = router.context["caller"]
    return found


def me(router: Router) -> str:
    """The caller's user id. Raises a no-account problem."""
    return caller(router).user_id


def my_account(router: Router, *, now: datetime) -> Account:
    """The caller's account. Raises a no-account problem."""
    return accounts.read(me(router), now=now)
