"""The catalogues: every word that a message says, one file a language."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import NamedTuple

from bill_reminders.domain.people import Language


class Catalogue(NamedTuple):
    """The texts of one language by key, with named {placeholders}."""

    language: Language
    texts: Mapping[str, str]

    def say(self, key: str, /, **values: object) -> str:
        """The text of `key` with its placeholders filled in.

        Names go in as values, so braces in them stay as they are.
        """
        return self.texts[key].format_map(values)

    def sentences(self, *sentences: str) -> str:
        """The sentences that are not empty, spaced as the language spaces them."""
        return self.say("sentence_space").join(filter(None, sentences))


@cache
def catalogue(language: Language) -> Catalogue:
    """The catalogue of `language`, read once."""
    file = files(__package__).joinpath("catalogues", f"{language}.toml")
    return Catalogue(language, MappingProxyType(tomllib.loads(file.read_text("utf-8"))))
