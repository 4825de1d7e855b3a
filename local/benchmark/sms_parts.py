"""How many segments SMS take: what carriers bill. The sample is that of `make previews`."""

from collections.abc import Iterator
from dataclasses import replace
from statistics import mean

from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.people import Language
from local.benchmark.figures import Figure
from local.previews import LINK, SENDER, TODAY, cases, someone

MEAN_OF_CHINESE = 1.3
CHINESE = (Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE)


def parts(language: Language, *, link: bool) -> dict[str, int]:
    """Segments of each case of the sample, to somebody who set no code word, in a country that
    prescribes no wordings."""
    user = replace(someone(language), code_word=None)
    return {
        case.name: segments(
            sms(
                user,
                case.notices,
                today=TODAY,
                sender=SENDER,
                first=case.first,
                link=LINK if link else None,
            ).body
        )
        for case in cases(language)
    }


def measured() -> Iterator[Figure]:
    """The most and the mean, by language, with a link and without."""
    english = {link: parts(Language.ENGLISH, link=link) for link in (False, True)}
    chinese = {
        link: [each for language in CHINESE for each in parts(language, link=link).values()]
        for link in (False, True)
    }
    everything = [each for found in english.values() for each in found.values()]
    yield Figure("SMS: most parts of an English text", max(everything), "parts", 1)
    for link, found in english.items():
        yield Figure(f"SMS: parts of English texts, {_said(link)}", mean(found.values()), "parts")
    yield Figure("SMS: most parts of a Chinese text, no link", max(chinese[False]), "parts", 1)
    for link, counts in chinese.items():
        target = None if link else MEAN_OF_CHINESE
        yield Figure(f"SMS: parts of Chinese texts, {_said(link)}", mean(counts), "parts", target)


def _said(link: bool) -> str:
    return "with a link" if link else "no link"
