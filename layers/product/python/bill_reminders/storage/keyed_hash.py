"""Hashes that only this stack can compute: of addresses, of six-digit codes, of cursors.

A million codes and all phone numbers of a country can be tried against a plain hash in seconds; so
each is keyed (HMAC-SHA256) with a secret that CloudFormation made and nobody has read.
"""

import hmac
from functools import cache
from typing import Any

from bill_reminders import aws

_bound: dict[str, str] = {}


def bind(secret_arn: str) -> None:
    """Name the stack's secret. It is read when a hash is first needed."""
    if _bound.get("arn") != secret_arn:
        _bound["arn"] = secret_arn
        _key.cache_clear()


@cache
def _secrets() -> Any:
    return aws.client("secretsmanager", aws.PROMPT)


@cache
def _key() -> bytes:
    answer = _secrets().get_secret_value(SecretId=_bound["arn"])
    return str(answer["SecretString"]).encode()


def keyed_hash(purpose: str, text: str) -> str:
    """64 hexadecimal digits. Hashes for one `purpose` say nothing about those for another."""
    return hmac.digest(_key(), f"{purpose}\0{text}".encode(), "sha256").hex()
