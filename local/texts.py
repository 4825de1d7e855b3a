"""make texts: every wording that has to be registered before SMS go out with it, as Markdown."""

import argparse
from collections.abc import Callable, Iterator
from string import Formatter

from bill_reminders.channels.sms import registered
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.countries import RULES, SmsRules
from bill_reminders.domain.people import Language
from bill_reminders.messages.notices import Sender

SENDER = "Bill reminders"
"""As the parameter SenderName has it by default."""

EXAMPLES = {
    Language.ENGLISH: {
        "bill": "Lantern Bank Credit card",
        "bill_2": "Paper Crane Rent",
        "date": "Fri, Mar 5",
        "date_2": "Tue, Mar 9",
        "channel": "e-mail",
    },
    Language.SIMPLIFIED_CHINESE: {
        "bill": "纸鹤银行信用卡",
        "bill_2": "萤火房租",
        "date": "3月5日周五",
        "date_2": "3月9日周二",
        "channel": "邮件",
    },
    Language.TRADITIONAL_CHINESE: {
        "bill": "紙鶴銀行信用卡",
        "bill_2": "螢火房租",
        "date": "3月5日 週五",
        "date_2": "3月9日 週二",
        "channel": "電子郵件",
    },
}
ANYWHERE = {"amount": "$1,234.56", "amount_2": "$950.00", "count": "3"}
DIRECT = {"code": "123456", "minutes": "10"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sender", default=SENDER, help="the stack's parameter SenderName")
    parser.add_argument("--country", choices=_registering(), help="one of them alone")
    wanted = parser.parse_args()
    countries = [wanted.country] if wanted.country else _registering()
    print("\n".join(line for country in countries for line in page(RULES[country], wanted.sender)))


def _registering() -> list[str]:
    return sorted(country for country, rules in RULES.items() if rules.templates)


def page(rules: SmsRules, sender_name: str) -> Iterator[str]:
    """One country's wordings: the number that goes into SmsOrigins, the wording with its gaps as
    providers there write them, an example and its segments."""
    yield f"# {rules.country}"
    yield f"\nSource: {rules.source}\n"
    for language in Language:
        yield f"## {language}\n"
        yield "| number | wording | example | segments |"
        yield "|---|---|---|---|"
        sender = Sender(sender_name, unsubscribe_mailbox="")
        values = ANYWHERE | DIRECT | EXAMPLES[language] | {"source": "Lantern"}
        listed = registered.listing(language, sender=sender, rules=rules)
        for number, form in sorted(listed, key=lambda wording: int(wording[0])):
            example = form.format_map(values)
            wording = with_gaps(form, _dlt if rules.template_ids else _numbered)
            yield f"| {number} | {wording} | {example} | {segments(example)} |"
        yield ""


def with_gaps(form: str, write: Callable[[int], str]) -> str:
    """`form` with its named gaps as `write` writes the first, the second and so on."""
    names: list[str] = []
    parts: list[str] = []
    for words, name, _, _ in Formatter().parse(form):
        parts.append(words)
        if name is not None:
            if name not in names:
                names.append(name)
            parts.append(write(names.index(name) + 1))
    return "".join(parts)


def _numbered(place: int) -> str:
    return f"{{{place}}}"


def _dlt(_: int) -> str:
    """As India's DLT platforms want gaps."""
    return "{#var#}"


if __name__ == "__main__":
    main()
