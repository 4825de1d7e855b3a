"""Whom the alarms of a stack reach, and whether those of the money for SMS ring in time: one that
rings long before says no more when it counts."""

from collections.abc import Mapping
from decimal import Decimal

import boto3

from bill_reminders.cli.preferences import SPEND, Deployed

PENDING = "PendingConfirmation"
NEW_ACCOUNT = "1"
"""USD in a month, while the account has no limit of its own."""
SHARES: Mapping[str, Decimal] = {"SmsSpend80": Decimal("0.8"), "SmsSpend90": Decimal("0.9")}


def say(stack: Deployed) -> bool:
    """Whether all is well; what is not is printed. A stack from before there were such alarms says
    nothing. Raises botocore's ClientError."""
    if "AlarmEmail" not in stack.parameters:
        return True
    return all([_say_whom(stack), _say_money(stack.parameters)])


def _say_whom(stack: Deployed) -> bool:
    if topic := stack.outputs.get("AlarmsTopic"):
        listed = boto3.client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        if any(each["SubscriptionArn"] != PENDING for each in listed):
            return True
        if not stack.parameters.get("AlarmTopicArn"):
            print(
                "NOBODY HEARS OF ALARMS: the address in AlarmEmail has not said yes yet. AWS wrote "
                'to it, "Subscription Confirmation": open the link in that mail'
            )
            return False
    if stack.parameters.get("AlarmTopicArn"):
        return True
    print(
        "NOBODY HEARS OF ALARMS: reminders may stand still and no one is told. Deploy with "
        "AlarmEmail=you@example.com, or with a topic of yours in AlarmTopicArn"
    )
    return False


def _say_money(parameters: Mapping[str, str]) -> bool:
    known: dict[str, str] = boto3.client("sns").get_sms_attributes()["attributes"]
    limit = known.get(SPEND) or NEW_ACCOUNT
    wanted = {name: Decimal(limit) * share for name, share in SHARES.items()}
    if all(amount / 2 <= Decimal(parameters[name]) <= amount for name, amount in wanted.items()):
        return True
    asked = " ".join(f"{name}={amount.normalize():f}" for name, amount in wanted.items())
    print(
        f"SMS may cost {limit} USD a month, and the alarms of that money ring too late or far too "
        f"early: deploy with {asked}"
    )
    return False
