"""Addresses of the web that people may follow (CellError with the remedy, see cells.py)."""

import re

from bill_reminders.files.cells import CellError

LONGEST = 500
"""Characters."""

_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{2,63}}|xn--[a-z0-9-]{{1,58}}[a-z0-9])")
"""A name in the form that is looked up (RFC 1123); the last part of an address in digits is no
word."""
_LONGEST_HOST = 253

_NOBODYS = frozenset(
    {
        *("localhost", "local", "localdomain", "internal", "intranet", "private", "corp", "home"),
        *("lan", "arpa", "alt", "onion", "invalid", "test"),
    }
)
"""Last parts of names that are looked up in one house, in a net of its own, or never (RFC 6761,
6762, 7686, 9476, ICANN's `internal`)."""

_PORT = re.compile("[1-9][0-9]{0,4}")
_LAST_PORT = 65535

_PATH_SIGN = r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})"
_REST = re.compile(
    rf"(?:/{_PATH_SIGN}*)?(?:\?(?:{_PATH_SIGN}|[?\[\]])*)?(?:#(?:{_PATH_SIGN}|\?)*)?"
)
"""Path, query and fragment (RFC 3986); brackets stand in many queries, though they should not."""


def web_address(text: str) -> str:
    """An address of a page that everybody can open, with https, its host in lower case."""
    if len(text) > LONGEST:
        raise CellError(f"too long: write a link of at most {LONGEST} characters")
    scheme, separator, rest = text.partition("://")
    if scheme.lower() != "https" or not separator:
        raise CellError("not a link that starts with https://: copy all of it from a browser")
    authority = re.split("[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        raise CellError(
            "a user name or password stands before the host: leave out all between :// and @"
        )
    host, port = _host_and_port(authority)
    after = rest[len(authority) :]
    if not _REST.fullmatch(after):
        raise CellError(
            "holds a space or a sign that links do not have: copy it from a browser, which writes "
            "such signs with %"
        )
    return f"https://{host}{port}{after}"


def _host_and_port(authority: str) -> tuple[str, str]:
    name, colon, port = authority.partition(":")
    host = name.lower()
    last = host.rpartition(".")[2]
    if len(host) > _LONGEST_HOST or not _HOST.fullmatch(host) or last in _NOBODYS:
        raise CellError(
            "its host is no public name: write the link of a page that everybody can open, such as "
            "https://pay.example.com/bill, not an IP address or a name of your own network"
        )
    if colon and not (_PORT.fullmatch(port) and int(port) <= _LAST_PORT):
        raise CellError("not a port after its host: leave it out, with the colon before it")
    return host, colon + port
