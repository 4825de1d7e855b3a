"""DynamoDB's expressions, as far as this product writes them, compiled into closures.

Anything else raises NotImplementedError: a new kind of call has to be taught here, and shown equal
to moto in test_store.py.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cache
from typing import Any

Item = dict[str, dict[str, Any]]
Names = Mapping[str, str]
Values = Mapping[str, dict[str, Any]]
Holds = Callable[[Item, Names, Values], bool]
Change = Callable[[Item, Names, Values], None]
Operand = Callable[[Item, Names, Values], dict[str, Any] | None]

_TOKEN = re.compile(r"\s*(<>|<=|>=|[=<>(),+-]|[#:]?[A-Za-z0-9_.#:\[\]]+)")
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "<>": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def _tokens(text: str) -> list[str]:
    found, place = [], 0
    while place < len(text.rstrip()):
        match = _TOKEN.match(text, place)
        if match is None:
            raise NotImplementedError(f"cannot read {text[place:]!r}")
        found.append(match.group(1))
        place = match.end()
    return found


def plain(value: dict[str, Any]) -> Any:
    """A value as Python compares it."""
    ((kind, content),) = value.items()
    return Decimal(content) if kind == "N" else (kind, content) if kind != "S" else content


class _Reader:
    """One expression, read from left to right."""

    def __init__(self, text: str) -> None:
        self._left = _tokens(text)[::-1]

    def peek(self) -> str:
        return self._left[-1].upper() if self._left else ""

    def take(self, expected: str | None = None) -> str:
        token = self._left.pop()
        if expected is not None and token.upper() != expected:
            raise NotImplementedError(f"{token!r} where {expected!r} belongs")
        return token

    def operand(self) -> Operand:
        token = self.take()
        if token == "if_not_exists":
            self.take("(")
            first = self.operand()
            self.take(",")
            second = self.operand()
            self.take(")")
            return lambda item, n, v: first(item, n, v) or second(item, n, v)
        if token.startswith(":"):
            return lambda _, __, values: values[token]
        if "." in token or "[" in token:
            raise NotImplementedError("paths into documents are not taught")
        return lambda item, names, _: item.get(names.get(token, token))

    def either(self) -> Holds:
        parts = [self.both()]
        while self.peek() == "OR":
            self.take()
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda i, n, v: any(p(i, n, v) for p in parts)

    def both(self) -> Holds:
        parts = [self.term()]
        while self.peek() == "AND":
            self.take()
            parts.append(self.term())
        return parts[0] if len(parts) == 1 else lambda i, n, v: all(p(i, n, v) for p in parts)

    def term(self) -> Holds:
        match self.peek():
            case "NOT":
                self.take()
                inner = self.term()
                return lambda i, n, v: not inner(i, n, v)
            case "(":
                self.take()
                inner = self.either()
                self.take(")")
                return inner
            case "ATTRIBUTE_EXISTS" | "ATTRIBUTE_NOT_EXISTS" as function:
                self.take()
                self.take("(")
                path = self.operand()
                self.take(")")
                wanted = function == "ATTRIBUTE_EXISTS"
                return lambda i, n, v: (path(i, n, v) is not None) is wanted
            case "BEGINS_WITH":
                self.take()
                self.take("(")
                path = self.operand()
                self.take(",")
                prefix = self.operand()
                self.take(")")
                return lambda i, n, v: _text(path(i, n, v)).startswith(_text(prefix(i, n, v)))
        return self._comparison()

    def _comparison(self) -> Holds:
        left, operator = self.operand(), self.take().upper()
        match operator:
            case "BETWEEN":
                low = self.operand()
                self.take("AND")
                high = self.operand()
                return lambda i, n, v: (
                    (value := left(i, n, v)) is not None
                    and plain(low(i, n, v) or {}) <= plain(value) <= plain(high(i, n, v) or {})
                )
            case "IN":
                self.take("(")
                members = [self.operand()]
                while self.peek() == ",":
                    self.take()
                    members.append(self.operand())
                self.take(")")
                return lambda i, n, v: (
                    (value := left(i, n, v)) is not None
                    and any(plain(value) == plain(m(i, n, v) or {}) for m in members)
                )
        compare, right = _COMPARE[operator], self.operand()
        return lambda i, n, v: _compared(compare, left(i, n, v), right(i, n, v))

    def changes(self) -> list[Change]:
        found: list[Change] = []
        while self._left:
            match self.take().upper():
                case "SET":
                    found += self._listed(self._set)
                case "REMOVE":
                    found += self._listed(self._remove)
                case "ADD":
                    found += self._listed(self._add)
                case action:
                    raise NotImplementedError(f"{action} is not taught")
        return found

    def _listed(self, one: Callable[[], Change]) -> list[Change]:
        found = [one()]
        while self.peek() == ",":
            self.take()
            found.append(one())
        return found

    def _set(self) -> Change:
        name = self.take()
        self.take("=")
        value = self.operand()
        if self.peek() in ("+", "-"):
            raise NotImplementedError("arithmetic is not taught")

        def change(item: Item, names: Names, values: Values) -> None:
            item[names.get(name, name)] = value(item, names, values) or {}

        return change

    def _add(self) -> Change:
        name, amount = self.take(), self.operand()

        def change(item: Item, names: Names, values: Values) -> None:
            name_of = names.get(name, name)
            known = plain(item.get(name_of, {"N": "0"}))
            item[name_of] = {"N": str(known + plain(amount(item, names, values) or {}))}

        return change

    def _remove(self) -> Change:
        name = self.take()
        return lambda item, names, _: item.pop(names.get(name, name), None) and None


def _text(value: dict[str, Any] | None) -> str:
    return "" if value is None else str(value["S"])


def _compared(
    compare: Callable[[Any, Any], bool], left: dict[str, Any] | None, right: dict[str, Any] | None
) -> bool:
    if left is None or right is None:
        return False
    return compare(plain(left), plain(right))


@cache
def condition(text: str) -> Holds:
    reader = _Reader(text)
    holds = reader.either()
    if reader.peek():
        raise NotImplementedError(f"cannot read the end of {text!r}")
    return holds


@cache
def update(text: str) -> list[Change]:
    return _Reader(text).changes()
