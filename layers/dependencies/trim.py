"""Take out of the layer what no function uses: it would be loaded into every new environment.

`sam build` runs it. What is left is shown to be enough by tests/adapters/test_layers.py, which also
says what to do when a function calls another service or writes another language.
"""

import gzip
import json
import shutil
import sys
from pathlib import Path
from typing import Any

OPERATIONS = {
    "cognito-idp": {"AdminDeleteUser"},
    "dynamodb": {
        "BatchWriteItem",
        "DeleteItem",
        "BatchGetItem",
        "GetItem",
        "PutItem",
        "Query",
        "TransactWriteItems",
        "UpdateItem",
    },
    "events": {"PutEvents"},
    "s3": {"DeleteObject", "GetObject", "PutObject"},
    "secretsmanager": {"GetSecretValue"},
    "sesv2": {"SendEmail"},
    "sns": {
        "CreatePlatformEndpoint",
        "DeleteEndpoint",
        "GetEndpointAttributes",
        "Publish",
        "SetEndpointAttributes",
    },
    "sqs": {"GetQueueAttributes", "SendMessage", "SendMessageBatch"},
    "ssm": {"GetParameter"},
}
"""What functions call of AWS, by botocore's names of services. botocore reads the data of a service
whole, so the calls that nobody makes are taken out of it."""

LOCALES = frozenset({"root", "en", "zh", "zh_Hans", "zh_Hans_CN", "zh_Hant", "zh_Hant_TW"})
"""Of Babel's locales those that messages are written in, and those that these inherit from."""

ROOTS = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
    "DigiCert Global Root CA",
    "DigiCert Global Root G2",
)
"""The certificates that AWS's endpoints are signed with, as https://www.amazontrust.com/repository/
names them, and those of regions that are signed by others. Reading all that there are takes longer
than the rest of a new connection."""

UNUSED = (
    "boto3/data",
    "boto3/examples",
    "future",  # for Python 2, of smsutil
    "libfuturize",
    "libpasteurize",
    "past",
    "holidays/locale",  # names of holidays in other languages than their own
)


def main(layer: Path) -> None:
    for name in UNUSED:
        shutil.rmtree(layer / name)
    keep_services(layer / "botocore" / "data")
    keep_locales(layer / "babel" / "locale-data")
    keep_roots(layer / "botocore" / "cacert.pem")
    shutil.rmtree(layer / "bin")


def keep_services(data: Path) -> None:
    """Leave of botocore's data what OPERATIONS needs; what all services share lies beside it."""
    found = {folder.name: folder for folder in data.iterdir() if folder.is_dir()}
    if missing := OPERATIONS.keys() - found.keys():
        sys.exit(f"botocore has no service {', '.join(sorted(missing))}: correct OPERATIONS")
    for name in found.keys() - OPERATIONS.keys():
        shutil.rmtree(found[name])
    for name, wanted in OPERATIONS.items():
        *older, newest = sorted(found[name].iterdir())
        for version in older:
            shutil.rmtree(version)
        for unread in (*newest.glob("examples-*"), *newest.glob("waiters-*")):
            unread.unlink()
        packed = newest / "service-2.json.gz"
        service = json.loads(gzip.decompress(packed.read_bytes()))
        keep_operations(name, service, wanted)
        packed.unlink()
        packed.with_suffix("").write_text(json.dumps(service), encoding="utf-8")
    endpoints = data / "endpoints.json"
    known = json.loads(endpoints.read_text(encoding="utf-8"))
    prefixes = OPERATIONS.keys() - {"sesv2"} | {"email"}
    for partition in known["partitions"]:
        partition["services"] = {
            name: each for name, each in partition["services"].items() if name in prefixes
        }
    endpoints.write_text(json.dumps(known), encoding="utf-8")


def keep_operations(name: str, service: dict[str, Any], wanted: set[str]) -> None:
    """Leave the `wanted` operations of a service, and the shapes that they are made of."""
    if missing := wanted - service["operations"].keys():
        sys.exit(f"{name} has no operation {', '.join(sorted(missing))}: correct OPERATIONS")
    service["operations"] = {
        operation: service["operations"][operation] for operation in sorted(wanted)
    }
    reached: set[str] = set()
    ahead = _shapes_in(service["operations"])
    while ahead:
        shape = ahead.pop()
        if shape not in reached:
            reached.add(shape)
            ahead |= _shapes_in(service["shapes"][shape])
    service["shapes"] = {shape: service["shapes"][shape] for shape in sorted(reached)}
    for part in (*service["operations"].values(), *service["shapes"].values()):
        _without_words(part)  # elsewhere botocore insists on them


def _shapes_in(node: Any) -> set[str]:
    """The names of shapes that a part of a service refers to."""
    if isinstance(node, list):
        return set().union(*map(_shapes_in, node))
    if not isinstance(node, dict):
        return set()
    named = {node["shape"]} if isinstance(node.get("shape"), str) else set()
    return named.union(*map(_shapes_in, node.values()))


def _without_words(node: Any) -> None:
    """Documentation is for those who write code."""
    if isinstance(node, list):
        for each in node:
            _without_words(each)
    elif isinstance(node, dict):
        if isinstance(node.get("documentation"), str):
            del node["documentation"]
        for each in node.values():
            _without_words(each)


def keep_locales(locales: Path) -> None:
    found = {file.stem: file for file in locales.glob("*.dat")}
    if missing := LOCALES - found.keys():
        sys.exit(f"Babel has no locale {', '.join(sorted(missing))}: correct LOCALES")
    for name in found.keys() - LOCALES:
        found[name].unlink()


def keep_roots(bundle: Path) -> None:
    """A certificate follows the comments that tell whose it is."""
    parts = bundle.read_text(encoding="utf-8").split("\n\n# Issuer")
    found = [part for part in parts if any(f'# Label: "{root}"\n' in part for root in ROOTS)]
    if len(found) != len(ROOTS):
        sys.exit("botocore's cacert.pem lacks a root of AWS's: correct ROOTS")
    text = "\n\n".join(f"# Issuer{part}" for part in found)
    bundle.write_text(text.rstrip() + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
