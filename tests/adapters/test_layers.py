"""What the build leaves in the layers is what functions use: see layers/dependencies/trim.py."""

import gzip
import json
import re
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import babel
import botocore
import pytest
from botocore.model import ServiceModel

from bill_reminders.messages.locale import LOCALES
from tests.support.functions import FOLDERS
from tests.support.permissions import allowed
from tests.support.template import ROOT

PRODUCT = ROOT / "layers/product/python/bill_reminders"
BY_COMMAND = {"importing", "cli"}
"""What an administrator runs, with all of boto3."""
IAM_SERVICES = {"ses": "sesv2"}
OF_THE_RUNTIME = {"sqs:ReceiveMessage", "sqs:DeleteMessage"}
IN_ONE_CALL = {"dynamodb:ConditionCheckItem": "dynamodb:TransactWriteItems"}


def _trim() -> Any:
    spec = spec_from_file_location("trim", ROOT / "layers/dependencies/trim.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


trim = _trim()


def code() -> str:
    files = [*PRODUCT.rglob("*.py"), *(ROOT / "functions").rglob("*.py")]
    return "\n".join(file.read_text() for file in files if not BY_COMMAND & set(file.parts))


def permitted() -> set[tuple[str, str]]:
    """Services and operations that the roles of functions allow."""
    actions = {pair[0] for name in FOLDERS for pair in allowed(name)} - OF_THE_RUNTIME
    found = (IN_ONE_CALL.get(action, action).partition(":") for action in actions)
    return {(IAM_SERVICES.get(service, service), operation) for service, _, operation in found}


def test_every_service_that_the_code_names_is_in_the_layer() -> None:
    named = set(re.findall(r"""client\(\s*["']([a-z0-9-]+)["']""", code()))
    assert named <= trim.OPERATIONS.keys(), (
        "add the service and the operations that are called to OPERATIONS in "
        "layers/dependencies/trim.py"
    )
    assert named | {"dynamodb"} == trim.OPERATIONS.keys(), "take out what nobody calls any more"


def test_every_operation_that_a_policy_allows_is_in_the_layer() -> None:
    kept = {(name, each) for name, operations in trim.OPERATIONS.items() for each in operations}
    assert permitted() - kept == set(), (
        "add what a policy allows to OPERATIONS in layers/dependencies/trim.py, or the layer has "
        "no such call"
    )
    batched = {("dynamodb", "TransactWriteItems"), ("sqs", "SendMessageBatch")}
    assert kept - permitted() - batched == set(), "take out what no policy allows any more"


def test_every_language_is_in_the_layer() -> None:
    parts = {locale.rsplit("_", cut)[0] for locale in LOCALES.values() for cut in range(3)}
    assert parts | {"root"} == trim.LOCALES, "correct LOCALES in layers/dependencies/trim.py"
    assert all(
        (Path(babel.__file__).parent / "locale-data" / f"{name}.dat").is_file()
        for name in trim.LOCALES
    )


def test_an_operation_that_aws_does_not_have_stops_the_build() -> None:
    with pytest.raises(SystemExit, match="sns has no operation Shout: correct OPERATIONS"):
        trim.keep_operations("sns", {"operations": {"Publish": {}}, "shapes": {}}, {"Shout"})


def test_what_is_kept_of_a_service_is_all_that_its_operations_are_made_of() -> None:
    (packed,) = (Path(botocore.__file__).parent / "data/sns").rglob("service-2.json.gz")
    service = json.loads(gzip.decompress(packed.read_bytes()))
    before = json.dumps(service)
    trim.keep_operations("sns", service, {"Publish"})
    after = json.dumps(service)
    assert service["operations"].keys() == {"Publish"}
    assert {"PublishInput", "MessageAttributeMap", "EndpointDisabledException"} <= (
        service["shapes"].keys()
    )
    assert len(after) < len(before) / 4


@pytest.mark.parametrize("name", trim.OPERATIONS)
def test_botocore_can_still_read_what_is_kept_of_a_service(name: str) -> None:
    newest = max((Path(botocore.__file__).parent / "data" / name).iterdir())
    service = json.loads(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
    trim.keep_operations(name, service, trim.OPERATIONS[name])
    model = ServiceModel(service, name)
    assert set(model.operation_names) == trim.OPERATIONS[name]
    assert model.client_context_parameters is not None
    ahead = [model.shape_for(shape) for shape in model.shape_names]
    assert all(each.metadata is not None for each in ahead)
    for operation in map(model.operation_model, model.operation_names):
        assert {each.name for each in operation.error_shapes} <= set(model.shape_names)
        for shape in filter(None, (operation.input_shape, operation.output_shape)):
            assert all(member.type_name for member in shape.members.values())


def test_the_roots_of_aws_are_in_the_bundle(tmp_path: Path) -> None:
    bundle = tmp_path / "cacert.pem"
    bundle.write_text((Path(botocore.__file__).parent / "cacert.pem").read_text())
    trim.keep_roots(bundle)
    text = bundle.read_text()
    assert text.count("-----BEGIN CERTIFICATE-----") == len(trim.ROOTS)
    assert text.count("-----END CERTIFICATE-----") == len(trim.ROOTS)
