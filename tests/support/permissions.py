"""What each function asks of AWS, and what its role allows; neither engine checks the one against
the other."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bill_reminders import aws
from bill_reminders.storage import tables
from tests.support.moto_stack import MotoStack
from tests.support.template import rendered

Allowed = set[tuple[str, str]]
"""An action, and the logical id of the table (with `/index/<name>`) or parameter, or "" for all
else."""

IAM_SERVICE = {"sesv2": "ses"}
OF_THE_RUNTIME = "logs"
CLOCK = ("ssm:GetParameter", "ClockOffset")
"""Which local stacks alone have, and every function there."""


@contextmanager
def watched(stack: MotoStack) -> Iterator[dict[str, Allowed]]:
    """The calls of each function that is at work, as permissions that they need."""
    used: defaultdict[str, Allowed] = defaultdict(set)
    names = {physical: logical for logical, physical in stack.ids.items()}

    def note(model: Any, params: dict[str, Any], **_: Any) -> None:
        if stack.at_work:
            used[stack.at_work] |= set(_needed(model, params, names))

    # a client takes its session's handlers along when it is made, and the tables' is made already
    emitters = [
        aws.session().get_component("event_emitter"),
        tables.connection.client.meta.events,
    ]
    for emitter in emitters:
        emitter.register("before-call", note)
    try:
        yield used
    finally:
        for emitter in emitters:
            emitter.unregister("before-call", note)


def _needed(model: Any, params: dict[str, Any], names: dict[str, str]) -> Iterator[tuple[str, str]]:
    service = model.service_model.service_name
    if service == "ssm":
        parameter = json.loads(params["body"])["Name"]
        if parameter in names:  # else it is a test's own clock
            yield f"ssm:{model.name}", names[parameter]
        return
    if service != "dynamodb":
        service = IAM_SERVICE.get(service, service)
        yield f"{service}:{model.name}", ""
        return
    body = json.loads(params["body"])
    match model.name:
        case "TransactWriteItems":
            for item in body["TransactItems"]:
                ((kind, action),) = item.items()
                yield f"dynamodb:{kind}Item", names[action["TableName"]]
        case "BatchWriteItem" | "BatchGetItem":
            for table in body["RequestItems"]:
                yield f"dynamodb:{model.name}", names[table]
        case "DescribeTable":
            return
        case operation:
            index = f"/index/{body['IndexName']}" if "IndexName" in body else ""
            yield f"dynamodb:{operation}", names[body["TableName"]] + index


def allowed(function: str) -> Allowed:
    """What the role of a function allows."""
    resources = rendered("local", GooglePushApplicationArn="one")["Resources"]
    role = resources[f"{function}Role"]["Properties"]
    documents = [policy["PolicyDocument"] for policy in role["Policies"]]
    documents += [
        resources[policy["Ref"]]["Properties"]["PolicyDocument"]
        for policy in role.get("ManagedPolicyArns", [])
    ]
    documents += [
        part["Properties"]["PolicyDocument"]
        for part in resources.values()
        if {"Ref": f"{function}Role"} in part.get("Properties", {}).get("Roles", [])
    ]
    found: Allowed = set()
    for document in documents:
        for statement in document["Statement"]:
            actions = statement["Action"]
            for action in [actions] if isinstance(actions, str) else actions:
                service = action.partition(":")[0]
                if service == OF_THE_RUNTIME:
                    continue
                if service == "ssm":
                    found.add((action, _parameter(statement["Resource"])))
                    continue
                if not action.startswith("dynamodb:"):
                    found.add((action, ""))
                    continue
                tables = statement["Resource"]
                for table in tables if isinstance(tables, list) else [tables]:
                    found.add((action, _table(table)))
    return found - {CLOCK}


def _parameter(resource: dict[str, str]) -> str:
    return resource["Fn::Sub"].rpartition("${")[2].removesuffix("}")


def _table(resource: dict[str, Any]) -> str:
    match resource:
        case {"Fn::GetAtt": [name, "Arn"]}:
            return str(name)
        case {"Fn::Sub": text}:
            return str(text).replace("${", "").replace(".Arn}", "")
    raise AssertionError(f"teach _table() the resource {resource}")
