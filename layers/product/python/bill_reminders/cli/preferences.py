"""What CloudFormation cannot make: where SNS tells what became of SMS and pushes.

Each preference is read first and written only where it differs, so setting up twice changes
nothing, and a check writes nothing at all. What somebody else set is kept unless it shall be
replaced: SMS preferences belong to the account, not to a stack.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import boto3

ROLE, SAMPLING, SPEND = (
    "DeliveryStatusIAMRole",
    "DeliveryStatusSuccessSamplingRate",
    "MonthlySpendLimit",
)
EVERY_SMS = "100"
"""Percent of the SMS that arrive of which SNS writes a line; of those that do not it writes all."""
APPLICATIONS = ("ApplePushApplicationArn", "GooglePushApplicationArn")
FAILURES = "EventDeliveryFailure"
LOG_DAYS = 1
"""The log holds whole numbers."""


class State(StrEnum):
    """How a preference stands, or stood before it was set."""

    GOOD = "good"
    MISSING = "missing"
    OTHERS = "set by somebody else"


@dataclass(frozen=True, slots=True)
class Preference:
    """One thing to be set: what it is, how it stands, and what sets it."""

    name: str
    state: State
    wanted: str
    found: str = ""
    put: Callable[[], object] = field(default=lambda: None, repr=False)


@dataclass(frozen=True, slots=True)
class Deployed:
    """What a stack says of itself: its outputs and parameters by name."""

    outputs: Mapping[str, str]
    parameters: Mapping[str, str]


def preferences(stack: Deployed, *, spend: str = "") -> Iterator[Preference]:
    """Those that this stack needs, as they stand now; `spend` is a limit in whole USD a month for
    the SMS of the account, left alone when empty. Raises botocore's ClientError."""
    sns = boto3.client("sns")
    known: dict[str, str] = sns.get_sms_attributes()["attributes"]

    def of_sms(name: str, wanted: str) -> Preference:
        def put() -> None:
            sns.set_sms_attributes(attributes={name: wanted})

        return _compared(f"SMS: {name}", known.get(name, ""), wanted, put)

    if role := stack.outputs.get("SmsLogRoleArn"):
        yield of_sms(ROLE, role)
        yield of_sms(SAMPLING, EVERY_SMS)
        if stack.parameters.get("SmsDeliveryLog") == "existing":
            yield from _logs(role)
    if spend:
        yield of_sms(SPEND, spend)
    for parameter in APPLICATIONS:
        if application := stack.parameters.get(parameter):
            yield _of_application(sns, application, stack.outputs["DeviceEventsTopic"])


def _of_application(sns: Any, application: str, topic: str) -> Preference:
    known = sns.get_platform_application_attributes(PlatformApplicationArn=application)
    name = f"push: {FAILURES} of {application.rpartition(':')[2]}"

    def put() -> None:
        sns.set_platform_application_attributes(
            PlatformApplicationArn=application, Attributes={FAILURES: topic}
        )

    return _compared(name, known["Attributes"].get(FAILURES, ""), topic, put)


def _logs(role: str) -> Iterator[Preference]:
    """How long the account keeps the groups that it had before this stack."""
    account, logs = role.split(":")[4], boto3.client("logs")
    group = f"sns/{logs.meta.region_name}/{account}/DirectPublishToPhoneNumber"
    found = logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
    days = {each["logGroupName"]: str(each.get("retentionInDays", "")) for each in found}
    for name in (group, f"{group}/Failure"):

        def put(name: str = name) -> None:
            logs.put_retention_policy(logGroupName=name, retentionInDays=LOG_DAYS)

        if name in days:
            yield _compared(f"SMS log: days of {name}", days[name], str(LOG_DAYS), put)


def _compared(name: str, found: str, wanted: str, put: Callable[[], object]) -> Preference:
    state = State.GOOD if found == wanted else State.OTHERS if found else State.MISSING
    return Preference(name, state, wanted, found, put)
