"""Take out of the layer what no function uses: it would be loaded into every new environment.

`sam build` runs it. What is left is shown to be enough by tests/unit/test_layers.py, which also
says what to do when a function calls another service or writes another language.
"""

import shutil
import sys
from pathlib import Path

SERVICES = frozenset({"dynamodb", "events", "s3", "secretsmanager", "sesv2", "sns", "sqs", "ssm"})
"""The AWS services that functions call, by botocore's names."""

LOCALES = frozenset({"root", "en", "zh", "zh_Hans", "zh_Hans_CN", "zh_Hant", "zh_Hant_TW"})
"""Of Babel's locales those that messages are written in, and those that these inherit from."""

ROOTS = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)
"""The certificates that AWS's endpoints are signed with: https://www.amazontrust.com/repository/.
Reading all others takes longer than the rest of a new connection."""

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
    keep(layer / "botocore" / "data", SERVICES)
    keep_locales(layer / "babel" / "locale-data")
    keep_roots(layer / "botocore" / "cacert.pem")
    for tool in (layer / "bin",):
        shutil.rmtree(tool, ignore_errors=True)


def keep(services: Path, wanted: frozenset[str]) -> None:
    """Leave the service data of `wanted`, and what all services share, which lies beside it."""
    found = {folder.name: folder for folder in services.iterdir() if folder.is_dir()}
    if missing := wanted - found.keys():
        sys.exit(f"botocore has no service {', '.join(sorted(missing))}: correct SERVICES")
    for name in found.keys() - wanted:
        shutil.rmtree(found[name])


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
