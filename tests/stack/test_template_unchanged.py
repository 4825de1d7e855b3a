"""The stack on this machine is template.yaml, not something like it."""

from typing import Any

from samcli.yamlhelper import yaml_parse

from local.stack import BUILT, Stack
from tests.support.template import rendered, template


def without_build_notes(whole: dict[str, Any]) -> dict[str, Any]:
    """A template without what `sam build` adds: where the code lies, and its own metadata."""
    resources = {}
    for name, resource in whole["Resources"].items():
        properties = {
            key: value
            for key, value in resource.get("Properties", {}).items()
            if key not in ("CodeUri", "ContentUri")
        }
        kept = {key: value for key, value in resource.items() if key != "Metadata"}
        resources[name] = {**kept, "Properties": properties}
    return {**whole, "Resources": resources}


def test_what_is_deployed_is_the_template_unchanged(stack: Stack) -> None:
    built = yaml_parse((BUILT / "template.yaml").read_text())
    assert without_build_notes(built) == without_build_notes(template())


def test_every_part_of_the_template_was_made(stack: Stack) -> None:
    wanted = {
        name
        for name, resource in rendered("local", LinkDomain="localhost:1")["Resources"].items()
        if not resource["Type"].startswith("AWS::Serverless::LayerVersion")
    }
    assert stack.resources() >= wanted
