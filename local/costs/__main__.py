"""make cost: what a month costs, by service, beside two usual ways to build the same.

Writes build/cost.json and the table in the README.
"""

import json
import sys
from decimal import Decimal
from statistics import mean

from bill_reminders.domain.people import Language
from local import tables
from local.benchmark.sms_parts import parts
from local.costs.arithmetic import (
    CHANNELS,
    SERVICES,
    Line,
    Prices,
    Workload,
    a_daily_scan,
    a_schedule_a_reminder,
    channel_itself,
    message,
    month,
    standing_still,
    workload,
)
from local.stack import BUILD, ROOT

README = ROOT / "README.md"
MARK = "<!-- costs -->"
USERS = (100, 10_000, 1_000_000)
MILLION_AT_MOST = Decimal(8)
"""USD for a million e-mail reminders, without SES."""

type Rows = list[tuple[str, ...]]


def main() -> int:
    prices, work = Prices(), a_workload()
    for rows in (months(prices, work), reminders(prices, work), saved(prices, work)):
        tables.show(rows)
    print(f"Prices of {prices.date}, {work.sms_parts:.2f} parts an SMS.")
    BUILD.mkdir(exist_ok=True)
    (BUILD / "cost.json").write_text(
        json.dumps(
            {
                "prices_of": prices.date.isoformat(),
                "usd_a_month": {
                    str(users): float(prices.of(month(users, work))) for users in USERS
                },
                "usd_a_million_email_reminders": float(million(prices, work, reminders=1)),
            },
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    tables.put_between(MARK, section(prices, work), README)
    return 0


def a_workload() -> Workload:
    """That of the file, with SMS as long as they are."""
    english = {link: parts(Language.ENGLISH, link=link) for link in (True, False)}
    chinese = parts(Language.SIMPLIFIED_CHINESE, link=False)
    return workload(
        {
            "english_with_link": mean(english[True].values()),
            "english_without_link": mean(english[False].values()),
            "chinese_without_link": mean(chinese.values()),
        }
    )


def section(prices: Prices, work: Workload) -> str:
    """What stands in the README, its marks included."""
    found = (months(prices, work), reminders(prices, work), saved(prices, work))
    body = "\n\n".join(
        tables.markdown(rows, ("---", *("---:" for _ in rows[0][1:]))) for rows in found
    )
    return f"{MARK}\n\n{body}\n\n{MARK}"


def months(prices: Prices, work: Workload) -> Rows:
    """A month by service for each number of users, and two other ways to build the same."""
    bills = {users: month(users, work) for users in USERS}
    rows: Rows = [("USD a month", *(f"{users:,} users" for users in USERS))]
    for service in SERVICES:
        costs = (
            prices.of(line for line in bills[users] if line.service == service) for users in USERS
        )
        rows.append((service, *map(_usd, costs)))
    rows.append(("**together**", *(_usd(prices.of(bills[users])) for users in USERS)))
    rows.append(("of it, the channels", *(_share(prices, bills[users]) for users in USERS)))
    for name, way in (
        ("one EventBridge schedule a reminder", a_schedule_a_reminder),
        ("a scan once a day", a_daily_scan),
    ):
        rows.append((name, *(_usd(prices.of(way(users, work))) for users in USERS)))
    return rows


def reminders(prices: Prices, work: Workload) -> Rows:
    """What a million reminders cost beside their channel."""
    alone = f"{_usd(million(prices, work, reminders=1))} (at most {MILLION_AT_MOST} wanted)"
    mixed = work.user["reminders_a_message"]
    sms = prices.of([channel_itself("sms", work)])
    return [
        ("a million e-mail reminders, without SES", "USD"),
        ("each a message of its own, with link and receipts", alone),
        (f"{mixed:g} a message", _usd(million(prices, work, reminders=mixed))),
        ("5 a message", _usd(million(prices, work, reminders=5))),
        ("standing still, a month", _usd(prices.of(standing_still(work)))),
        (
            "reminders' infrastructure that one SMS would pay for",
            f"{sms / million(prices, work, reminders=mixed) * 1_000_000:,.0f}",
        ),
    ]


def saved(prices: Prices, work: Workload) -> Rows:
    """What is not spent at a million users, and by what."""
    users = USERS[-1]
    mixed = work.user["reminders_a_message"]
    share = work.user["channels"]["sms"]
    sms = prices.of([channel_itself("sms", work)])
    one = {
        channel: prices.of([*message(mixed, channel, work), channel_itself(channel, work)])
        for channel in ("sms", "push", "email")
    }
    mean_message = sum(
        (Decimal(str(part)) * one[channel] for channel, part in work.user["channels"].items()),
        Decimal(0),
    )
    count = Decimal(str(users * work.messages))
    digests = count * (Decimal(str(mixed)) - 1) * mean_message
    unpaid = Decimal(str(1 - work.user["saved_by_payments"]))
    payments = count / unpaid * (1 - unpaid) * mean_message
    pushed = count * Decimal(str(work.user["channels"]["push"])) * (one["sms"] - one["push"])
    parts_saved = count * Decimal(str(share)) * (2 * sms / Decimal(str(work.sms_parts)) - sms)
    return [
        (f"not spent in a month, {users:,} users", "USD"),
        ("what is due together goes as one message", _usd(digests)),
        ("what was paid before it was due to go out", _usd(payments)),
        ("push in place of SMS", _usd(pushed)),
        (f"{work.sms_parts:.2f} parts an SMS in place of 2", _usd(parts_saved)),
    ]


def million(prices: Prices, work: Workload, *, reminders: float) -> Decimal:
    """USD for a million e-mail reminders, so many a message, without SES."""
    return prices.of(message(reminders, "email", work)) / Decimal(str(reminders)) * 1_000_000


def _share(prices: Prices, lines: list[Line]) -> str:
    channels = prices.of(line for line in lines if line.service == CHANNELS)
    return f"{100 * channels / prices.of(lines):.0f}%"


def _usd(amount: Decimal) -> str:
    return f"{amount:,.2f}"


if __name__ == "__main__":
    sys.exit(main())
