"""Somebody with a link and a browser without JavaScript: follows links, presses buttons."""

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlencode, urlsplit

from tests.support.functions import Context
from tests.support.moto_stack import MotoStack

FORM = "application/x-www-form-urlencoded"


@dataclass
class Form:
    """A form of a page: where it goes, and what it sends besides what a person enters."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)


@dataclass
class Page:
    """What a browser got."""

    status: int
    headers: Mapping[str, str]
    text: str = field(repr=False)

    def __post_init__(self) -> None:
        self.forms: list[Form] = []
        self.links: list[str] = []
        reader = _Reader(self)
        reader.feed(self.text)

    def form(self, action: str, **fields: str) -> Form:
        """The form that goes to `action` and has `fields`."""
        found = [
            each
            for each in self.forms
            if each.action.rpartition("/")[2] == action and fields.items() <= each.fields.items()
        ]
        assert found, f"no form {action} {fields} in {[each.action for each in self.forms]}"
        return found[0]


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            assert values["method"] == "post"
            self.page.forms.append(Form(values["action"]))
        elif tag == "input" and values["type"] == "hidden":
            self.page.forms[-1].fields[values["name"]] = values["value"]
        elif tag == "a":
            self.page.links.append(values["href"])


class Visitor:
    """`cookies` are those that this browser keeps, by name."""

    def __init__(self, stack: MotoStack) -> None:
        self.stack = stack
        self.cookies: dict[str, str] = {}

    def get(self, address: str, method: str = "GET") -> Page:
        return self._call(method, address)

    def press(self, form: Form, *more: tuple[str, str]) -> Page:
        """Send a form, and follow where it leads."""
        pairs = [*form.fields.items(), *more]
        answer = self.post(form.action, urlencode(pairs))
        if answer.status != 303:
            return answer
        assert answer.text == ""
        return self.get(answer.headers["Location"])

    def post(self, address: str, body: str, content_type: str = FORM) -> Page:
        return self._call("POST", address, body, {"content-type": content_type})

    def send(
        self, address: str, body: str, headers: Mapping[str, str], *, encoded: bool = False
    ) -> Page:
        """A form with any headers; `encoded` as the gateway hands over what is not text."""
        event = self.event("POST", address, body, headers)
        if encoded:
            raw = body.encode(errors="surrogateescape")
            event |= {"body": b64encode(raw).decode(), "isBase64Encoded": True}
        return self.answered(event)

    def _call(
        self,
        method: str,
        address: str,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Page:
        return self.answered(self.event(method, address, body, headers or {}))

    def event(
        self, method: str, address: str, body: str | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """As the gateway hands a request over."""
        parts = urlsplit(address)
        event: dict[str, Any] = {
            "version": "2.0",
            "rawPath": parts.path,
            "rawQueryString": parts.query,
            "headers": dict(headers),
            "requestContext": {"http": {"method": method, "sourceIp": "192.0.2.9"}},
            "isBase64Encoded": False,
        }
        if self.cookies:
            event["cookies"] = [f"{name}={value}" for name, value in self.cookies.items()]
        return event if body is None else event | {"body": body}

    def answered(self, event: dict[str, Any]) -> Page:
        function = "Unsubscribe" if event["rawPath"].startswith("/u/") else "LinkPage"
        with self.stack.working(function):
            answer = self.stack.function(function).handler(event, Context())
        name, _, rest = answer["headers"].get("Set-Cookie", "").partition("=")
        if name:
            self.cookies[name] = rest.partition(";")[0]
        return Page(answer["statusCode"], answer["headers"], answer["body"])
