"""Whose a sign-in is to delete: ours in the stack's own user pool, else its issuer's."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from bill_reminders import aws
from bill_reminders.storage import identities
from bill_reminders.storage.jobs import SignIn
from bill_reminders.trouble import code_of


@dataclass(frozen=True, slots=True)
class UserPool:
    """The stack's own Cognito user pool; `pool_id` is "" where another issuer is trusted."""

    pool_id: str

    def erase(self, identity: str) -> SignIn:
        """Delete the user that `<issuer>#<subject>` signs in as. May be repeated. Raises botocore's
        errors."""
        issuer, _, subject = identity.partition("#")
        if not self.pool_id or not issuer.endswith(f"/{self.pool_id}"):
            return SignIn.AT_ISSUER
        if identities.user_of(identity) is not None:
            return SignIn.KEPT
        try:
            client().admin_delete_user(UserPoolId=self.pool_id, Username=subject)
        except Exception as error:
            if code_of(error) != "UserNotFoundException":
                raise
        return SignIn.DELETED


@cache
def client() -> Any:
    """Made when it is first needed: most jobs are exports."""
    return aws.client("cognito-idp", aws.PROMPT)
