"""template.yaml, read as the one source of what exists; nothing is declared a second time here."""

from functools import cache
from pathlib import Path
from string import Template
from typing import Any

import yaml
from samcli.yamlhelper import intrinsics_multi_constructor

ROOT = Path(__file__).parents[2]
OPENAPI = ROOT / "functions" / "api_docs" / "openapi.json"
"""The API's document, as it is served."""
STORED = {
    "AWS::DynamoDB::Table",
    "AWS::S3::Bucket",
    "AWS::SQS::Queue",
    "AWS::SSM::Parameter",
}
NO_VALUE = {"Ref": "AWS::NoValue"}


class _Loader(yaml.CSafeLoader):
    """Writes short intrinsics out as SAM does, and parses ten times as fast."""


_Loader.add_multi_constructor("!", intrinsics_multi_constructor)


@cache
def template() -> dict[str, Any]:
    """The template with its short intrinsics written out (`Ref`, `Fn::If`, ...)."""
    parsed: dict[str, Any] = yaml.load((ROOT / "template.yaml").read_text(), _Loader)
    return parsed


def stored_parts() -> dict[str, Any]:
    """A plain CloudFormation template of the tables, queues and parameters alone. Secrets, which
    moto's CloudFormation leaves out, are told by their names."""
    whole = template()
    resources = {n: r for n, r in whole["Resources"].items() if r["Type"] in STORED}
    return {
        "AWSTemplateFormatVersion": whole["AWSTemplateFormatVersion"],
        "Parameters": whole["Parameters"],
        "Conditions": whole["Conditions"],
        "Resources": resources,
        "Outputs": {n: o for n, o in whole["Outputs"].items() if _is_made(o, resources)}
        | {f"{name}Arn": {"Value": name} for name in secrets_of_template()},
    }


def secrets_of_template() -> list[str]:
    """The logical ids of all secrets."""
    return named("AWS::SecretsManager::Secret")


def named(kind: str) -> list[str]:
    """The logical ids of all resources of a type."""
    return [name for name, part in template()["Resources"].items() if part["Type"] == kind]


def _is_made(output: dict[str, Any], resources: dict[str, Any]) -> bool:
    """Whether the output can be given without the functions, and whatever the environment."""
    name = output["Value"].get("Ref")
    return "Condition" not in output and (name in resources or name in template()["Parameters"])


LINK_DOMAIN = "pay.example.com"


def function_environment(logical_id: str, physical_ids: dict[str, str]) -> dict[str, str]:
    """A function's environment, its references replaced by what was deployed."""
    properties = rendered("local", LinkDomain=LINK_DOMAIN)["Resources"][logical_id]["Properties"]
    variables = properties.get("Environment", {}).get("Variables", {})
    defaults = {n: str(p.get("Default", "")) for n, p in template()["Parameters"].items()}
    known = {**defaults, "LinkDomain": LINK_DOMAIN, **physical_ids}

    def value_of(value: Any) -> str:
        match value:
            case {"Ref": name} | {"Fn::Join": [",", {"Ref": name}]}:
                return known[name]
            case {"Fn::Sub": [text, more]}:
                return Template(text).substitute(known | more)
            case {"Fn::Sub": str(text)}:
                return Template(text).substitute(known)
        return str(value)

    return {name: value_of(value) for name, value in variables.items()}


@cache
def rendered(environment: str, **parameters: str) -> dict[str, Any]:
    """The template as one environment gets it: conditions decided, what they drop left out.
    Other parameters than `parameters` have their defaults."""
    whole = template()
    values = {n: p.get("Default", "") for n, p in whole["Parameters"].items()}
    values |= {"Environment": environment, **parameters}

    def holds(condition: Any) -> bool:
        if isinstance(condition, str):
            return holds(whole["Conditions"][condition])
        ((operator, operands),) = condition.items()
        match operator:
            case "Condition":
                return holds(operands)
            case "Fn::Not":
                return not holds(operands[0])
            case "Fn::And":
                return all(map(holds, operands))
        assert operator == "Fn::Equals", f"teach rendered() the condition {operator}"
        one, other = map(value_of, operands)
        return bool(one == other)

    def value_of(operand: Any) -> Any:
        match operand:
            case {"Ref": name}:
                return values[name]
            case {"Fn::Join": [_, listed]}:
                return value_of(listed)  # of a list of one or none, as the defaults are
        return operand

    def render(node: Any) -> Any:
        if isinstance(node, list):
            return [value for item in node if (value := render(item)) != NO_VALUE]
        if not isinstance(node, dict):
            return node
        if set(node) == {"Fn::If"}:
            condition, then, otherwise = node["Fn::If"]
            return render(then if holds(condition) else otherwise)
        return {
            name: value
            for name, item in node.items()
            if not (isinstance(item, dict) and "Condition" in item and not _applies(item, holds))
            and (value := render(item)) != NO_VALUE
        }

    rendered_whole: dict[str, Any] = render(
        {name: whole[name] for name in ("Globals", "Resources", "Outputs")}
    )
    return rendered_whole


def _applies(item: dict[str, Any], holds: Any) -> bool:
    condition = item["Condition"]
    return not isinstance(condition, str) or holds(condition)
