"""The deployed stack that an import or an operation goes to, found by its name."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.exceptions import ClientError

from bill_reminders import clock, spread
from bill_reminders.channels.sms.bounds import allowed_countries
from bill_reminders.channels.sms.sender_ids import DeployedSenderIds
from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.storage.binding import bind_all


class UnknownStack(BillRemindersError):
    """There is no such stack for these credentials in this region, or it is not ours."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a tool must know of its stack; `sms_countries` as sms_bounds.allowed_countries has
    them."""

    shards: int
    jobs_queue_url: str
    sms_countries: frozenset[str] = frozenset()


def described(cloudformation: Any, stack: str) -> dict[str, Any]:
    """A deployed stack as CloudFormation describes it. Raises UnknownStack."""
    try:
        found: dict[str, Any] = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        raise UnknownStack(
            f"there is no stack {stack!r} in this account and region; "
            "`aws cloudformation list-stacks` shows their names"
        ) from error
    return found


def connect(stack: str) -> Target:
    """Point the tables and the clock at a deployed stack. Raises UnknownStack."""
    found = described(boto3.client("cloudformation"), stack)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", ())}
    parameters = _parameters(found)
    try:
        bind_all(outputs)
        target = Target(
            int(outputs["ShardsRead"]), outputs["JobsQueueUrl"], sms_countries(found, outputs)
        )
    except KeyError as error:
        raise UnknownStack(f"{stack!r} is not a stack of this product: no {error} in it") from error
    os.environ[spread.VARIABLE] = parameters.get("SpreadMinutes", "")
    if offset := outputs.get("ClockOffsetParameter"):
        os.environ[clock.OFFSET_VARIABLE] = offset
    return target


def sms_countries(stack: Mapping[str, Any], outputs: Mapping[str, str]) -> frozenset[str]:
    """The countries that a described stack's SMS go to; empty for all. One read. Raises botocore's
    ClientError."""
    parameters = _parameters(stack)
    sender_ids = DeployedSenderIds(boto3.client("ssm"), outputs["SmsOriginsParameter"])
    sender_ids.refresh()
    return allowed_countries(parameters.get("SmsCountries", ""), sender_ids.current.by_country)


def _parameters(stack: Mapping[str, Any]) -> dict[str, str]:
    return {each["ParameterKey"]: each["ParameterValue"] for each in stack.get("Parameters", ())}
