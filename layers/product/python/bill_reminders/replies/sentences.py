"""Sentences of our vocabulary, and whether a text is one of them.

A sentence is made of parts, each a set of words to choose from. A text is read from left to right,
part by part, and remembers all the places that it may have come to. So each place is visited once
for each part, and what a reading takes grows with the length of the text, whatever its words.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

Look = Callable[[str, frozenset[str]], bool]
"""How a word is looked up in a set: the one step that all reading is made of."""


def is_in(word: str, words: frozenset[str]) -> bool:
    return word in words


class Part(NamedTuple):
    """One of `words`; none, unless it is `needed`; any number of them with `many`."""

    words: frozenset[str]
    lengths: tuple[int, ...]
    needed: bool = False
    many: bool = False

    def ends(self, text: str, starts: Iterable[int], look: Look) -> set[int]:
        """Where this part may end in `text` that begins at one of `starts`."""
        waiting = list(starts)
        seen = set(waiting)
        ends: set[int] = set() if self.needed else set(waiting)
        while waiting:
            found = set(self._after(text, waiting.pop(), look))
            ends |= found
            if self.many:
                waiting.extend(found - seen)
                seen |= found
        return ends

    def _after(self, text: str, start: int, look: Look) -> Iterator[int]:
        for length in self.lengths:
            end = start + length
            if end <= len(text) and look(text[start:end], self.words):
                yield end


def one(*words: str) -> Part:
    return _part(words, needed=True)


def maybe(*words: str) -> Part:
    return _part(words)


def some(*words: str) -> Part:
    """Any number of the words, none too."""
    return _part(words, many=True)


def _part(words: Iterable[str], *, needed: bool = False, many: bool = False) -> Part:
    found = frozenset(words)
    return Part(found, lengths_of(found), needed, many)


def lengths_of(words: Iterable[str]) -> tuple[int, ...]:
    return tuple(sorted({len(word) for word in words}))


def is_sentence(text: str, parts: Iterable[Part], look: Look) -> bool:
    """Whether all of `text` is the `parts` in their order."""
    places = {0}
    for part in parts:
        places = part.ends(text, places, look)
        if not places:
            return False
    return len(text) in places


def holds(text: str, words: frozenset[str], look: Look) -> bool:
    """Whether one of `words` is anywhere in `text`."""
    lengths = lengths_of(words)
    return any(
        look(text[start : start + length], words)
        for start in range(len(text))
        for length in lengths
    )
