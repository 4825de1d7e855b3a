"""The catalogues: the same keys in every language, and nothing in them that may not be sent."""

import re
from importlib.resources import files
from string import Formatter

import pytest

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Language
from bill_reminders.messages.catalogue import catalogue

ENGLISH = catalogue(Language.ENGLISH).texts
IN_LANGUAGES = pytest.mark.parametrize("language", Language)


def placeholders(text: str) -> list[str]:
    return sorted({field for _, field, _, _ in Formatter().parse(text) if field is not None})


@IN_LANGUAGES
def test_every_language_has_the_same_keys_in_the_same_order(language: Language) -> None:
    assert list(catalogue(language).texts) == list(ENGLISH)


@IN_LANGUAGES
def test_every_text_has_the_same_placeholders_in_every_language(language: Language) -> None:
    texts = catalogue(language).texts
    assert {key: placeholders(text) for key, text in texts.items()} == {
        key: placeholders(text) for key, text in ENGLISH.items()
    }


COMPOSED = (
    "page_by_",
    "page_channel_",
    "page_done_",
    "page_fault_",
    "page_said_",
    "page_too_",
    "page_right",
    "page_failed",
    "page_dead",
    "page_foreign",
)
"""The page puts these together from a channel, a button, a field or an opinion."""


def test_every_text_is_used() -> None:
    names = ("messages", "pages", "feeds", *(f"channels.{each}" for each in Channel))
    packages = [files(f"bill_reminders.{name}") for name in names]
    packages += [each for package in packages if (each := package.joinpath("templates")).is_dir()]
    sources = [file for package in packages for file in package.iterdir()]
    code = "".join(
        file.read_text("utf-8") for file in sources if file.name.endswith((".py", ".html", ".txt"))
    )
    unused = [key for key in ENGLISH if not re.search(f'"{key}"', code)]
    assert [key for key in unused if not key.startswith(COMPOSED)] == []


@IN_LANGUAGES
def test_no_text_holds_a_link_or_shouts(language: Language) -> None:
    for text in catalogue(language).texts.values():
        assert not re.search(r"https?:|www\.|[!！]", text)


@IN_LANGUAGES
def test_braces_in_a_name_stay_braces(language: Language) -> None:
    said = catalogue(language).say("bill_due", bill="{due} {0.__class__}", due="x")
    assert "{due} {0.__class__}" in said
