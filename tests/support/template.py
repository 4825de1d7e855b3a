"""template.yaml, read as the one source of what exists; nothing is declared a second time here."""

from functools import cache
from pathlib import Path
from typing import Any

from samcli.yamlhelper import yaml_parse

ROOT = Path(__file__).parents[2]
STORED = {"AWS::DynamoDB::Table", "AWS::SQS::Queue", "AWS::SSM::Parameter"}


@cache
def template() -> dict[str, Any]:
    """The template with its short intrinsics written out (`Ref`, `Fn::If`, ...)."""
    parsed: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return parsed


def stored_parts() -> dict[str, Any]:
    """A plain CloudFormation template of the tables, queues and parameters alone."""
    whole = template()
    resources = {n: r for n, r in whole["Resources"].items() if r["Type"] in STORED}
    return {
        "AWSTemplateFormatVersion": whole["AWSTemplateFormatVersion"],
        "Parameters": whole["Parameters"],
        "Conditions": whole["Conditions"],
        "Resources": resources,
    }


def function_environment(logical_id: str, physical_ids: dict[str, str]) -> dict[str, str]:
    """A function's environment, its references replaced by what was deployed."""
    properties = template()["Resources"][logical_id]["Properties"]
    defaults = {n: p.get("Default", "") for n, p in template()["Parameters"].items()}
    known = {**defaults, **physical_ids}
    return {
        name: str(known[value["Ref"]] if isinstance(value, dict) else value)
        for name, value in properties["Environment"]["Variables"].items()
    }
