"""Bodies of requests in which every field is named, with any value that it takes, written as
answers write it: what is entered so reads back word by word.

A strategy is made once wherever that can be: Hypothesis takes longer to make and check one than to
draw from it.
"""

from datetime import date, timedelta
from functools import cache
from typing import Any

from hypothesis import strategies as st

DECIMALS = {"USD": 2, "GBP": 2, "JPY": 0, "KWD": 3}

KINDS = (
    *("card", "loan", "mortgage", "instalment", "insurance"),
    *("utility", "rent", "tax", "subscription", "other"),
)
PLACES = ((None, None), ("US", None), ("GB", "SCT"), ("TW", None))
PERIODS = {"week": (1, 2, 4, 13, 26, 52), "month": (1, 2, 3, 4, 6, 12), "year": (1,)}
"""How many of each make a whole number of years, of which the rate of a loan is."""

NAMES = st.one_of(
    st.sampled_from(["Ångström", "São Paulo", "'=1+1", "=1+1", "'", "ЖКХ", "🏠", 'a, "b"', "''"]),
    st.text("aé租Ж'=+-@\" ,;🏠", min_size=1, max_size=100).map(str.strip).filter(bool),
)
WALL_TIMES = st.times().map(lambda each: f"{each:%H:%M}")
FIRST_DAY, LAST_DAY = date(2026, 6, 1), date(2199, 12, 31)


@cache
def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@cache
def whole_numbers(least: int, most: int) -> st.SearchStrategy[int]:
    return st.integers(least, most)


def dates(first: date, last: date) -> st.SearchStrategy[str]:
    return st.dates(first, last).map(date.isoformat)


@st.composite
def decimals(draw: st.DrawFn, most: int, places: int, least: int = 0) -> str:
    """A number without zeros at the end of its decimals."""
    units = draw(whole_numbers(least, most * 10**places))
    whole, decimals = divmod(units, 10**places)
    return f"{whole}.{decimals:0{places}}".rstrip("0").rstrip(".") if places else str(whole)


@st.composite
def amounts(draw: st.DrawFn, currency: str, least: int = 1) -> str:
    """With all the decimals of the currency."""
    places = DECIMALS[currency]
    whole, decimals = divmod(draw(whole_numbers(least, 10**13 - 1)), 10**places)
    return f"{whole}.{decimals:0{places}}" if places else str(whole)


CHANNELS = st.lists(one_of("sms", "push", "email"), min_size=1, unique=True)


@st.composite
def channels(draw: st.DrawFn) -> list[dict[str, Any]]:
    found = []
    for name in draw(CHANNELS):
        joins = draw(one_of("always", "fallback", "late"))
        lead = draw(whole_numbers(0, 365)) if joins == "late" else None
        found.append({"channel": name, "from_lead_days": lead, "fallback": joins == "fallback"})
    return found


WHOLE_PLANS: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "lead_days": st.lists(st.integers(0, 365), max_size=3, unique=True),
        "overdue_days": st.lists(st.integers(1, 60), max_size=2, unique=True),
        "remind_at": WALL_TIMES,
        "channels": channels(),
    }
)
NAMED_OF_PLAN = st.sets(st.sampled_from(["channels", "lead_days", "overdue_days", "remind_at"]))


@st.composite
def plans(draw: st.DrawFn) -> dict[str, Any] | None:
    """What a plan changes; None for nothing."""
    whole = draw(WHOLE_PLANS)
    named = draw(NAMED_OF_PLAN)
    return {name: whole[name] if name in named else None for name in whole} if named else None


PLANS = plans()


@st.composite
def repetitions(draw: st.DrawFn, *, of_loan: bool) -> dict[str, Any]:
    unit = draw(one_of(*PERIODS) if of_loan else one_of("day", *PERIODS))
    any_number = whole_numbers(8 if unit == "day" else 1, 1000)
    every = draw(one_of(*PERIODS[unit]) if of_loan else any_number)
    return {"every": every, "unit": unit, "last_day": unit == "month" and draw(st.booleans())}


@st.composite
def loans(draw: st.DrawFn, currency: str) -> dict[str, Any]:
    methods = ("equal_instalment", "equal_principal", "interest_only", "flat_fee")
    instalments = draw(whole_numbers(1, 1200))
    changed = draw(st.sets(st.integers(0, int(instalments) - 1), max_size=3))
    method, principal = draw(one_of(*methods)), draw(AMOUNTS[currency])
    stated = instalments == 1 and method in ("equal_instalment", "flat_fee") and draw(st.booleans())
    odd = method != "flat_fee" and draw(st.booleans())
    return {
        "method": method,
        "principal": principal,
        "rate": draw(RATES),
        "instalments": instalments,
        "rate_changes": [
            {"after": after, "rate": draw(RATES), "stated_instalment": None, "instalments": None}
            for after in sorted(changed)
        ],
        "stated_instalment": principal if stated else None,
        "first_period_days": draw(whole_numbers(1, 999)) if odd else None,
    }


LINKS = st.sampled_from(
    [
        "https://pay.example.com",
        "https://pay.example.com/bill/7?amount=120.50&ref=A-1#now",
        "https://xn--bcher-kva.example.com:8443/%E8%B4%A6?a[]=1",
        f"https://pay.example.com/{'x' * 476}",
    ]
)


def lines(most: int) -> st.SearchStrategy[str]:
    return NAMES.map(lambda name: name[:most].strip()).filter(bool)


AMOUNTS = {currency: amounts(currency) for currency in DECIMALS}
RATES = decimals(100, 10)
LOANS = {currency: loans(currency) for currency in DECIMALS}
REPETITIONS, REPETITIONS_OF_LOANS = repetitions(of_loan=False), repetitions(of_loan=True)
MAYBE_AMOUNT = {currency: st.none() | each for currency, each in AMOUNTS.items()}
MAYBE_FEE = {currency: st.none() | amounts(currency, least=0) for currency in DECIMALS}
MAYBE_RATE = st.none() | decimals(1000, 4)
MAYBE_COUNT = st.none() | st.integers(1, 1200)
FIRST_DUES = st.dates(FIRST_DAY, date(2190, 1, 1))
DAYS_OWED_FROM = dates(FIRST_DAY, LAST_DAY)


@st.composite
def bill_bodies(draw: st.DrawFn) -> dict[str, Any]:
    """A bill; with the terms of a loan there is neither an amount nor a number of dates."""
    first = draw(FIRST_DUES)
    is_loan = draw(st.booleans())
    repeated = REPETITIONS_OF_LOANS if is_loan else REPETITIONS
    repeats = draw(repeated) if is_loan or draw(st.booleans()) else None
    code = draw(one_of(*sorted(DECIMALS)) if is_loan else one_of(None, *sorted(DECIMALS)))
    cycle = draw(one_of("none", "day", "after"))
    monthly = repeats is not None and repeats["unit"] == "month"
    country, subdivision = draw(one_of(*PLACES))
    return {
        "biller": draw(NAMES),
        "name": draw(NAMES),
        "kind": draw(one_of(*KINDS)),
        "label": draw(one_of("personal", "business")),
        "amount": None if is_loan or code is None else draw(MAYBE_AMOUNT[code]),
        "currency": code,
        "first_due": first.isoformat(),
        "repeats": repeats,
        "count": None if is_loan else draw(MAYBE_COUNT),
        "until": draw(st.none() | dates(first + timedelta(100), LAST_DAY)),
        "owed_from": draw(DAYS_OWED_FROM),
        "statement_day": draw(whole_numbers(1, 31)) if monthly and cycle == "day" else None,
        "due_after_statement": draw(whole_numbers(1, 60)) if monthly and cycle == "after" else None,
        "autopay": draw(st.booleans()),
        "late_fee": None if code is None else draw(MAYBE_FEE[code]),
        "late_apr": draw(MAYBE_RATE),
        "loan": draw(LOANS[code]) if is_loan else None,
        "plan": draw(PLANS),
        "country": country,
        "subdivision": subdivision,
        "if_not_working_day": draw(one_of("none", "previous", "next")),
        "pay_link": draw(st.none() | LINKS),
        "reference": draw(st.none() | lines(35)),
        "note": draw(st.none() | lines(100)),
    }


@st.composite
def quiet_hours(draw: st.DrawFn) -> dict[str, str]:
    start, length = draw(whole_numbers(0, 1439)), draw(whole_numbers(1, 20 * 60))
    ends = (start, (start + length) % 1440)
    begin, end = (f"{minutes // 60:02}:{minutes % 60:02}" for minutes in ends)
    return {"start": begin, "end": end}


MAYBE_QUIET = st.none() | quiet_hours()
MAYBE_PAUSED = st.none() | dates(date(1970, 1, 1), LAST_DAY)
MAYBE_CODE_WORD = st.none() | NAMES.filter(lambda name: len(name) <= 20)


@st.composite
def settings_changes(draw: st.DrawFn) -> dict[str, Any]:
    """All that a user may set; null for a kind's plan takes it away."""
    return {
        "language": draw(one_of("en", "zh-Hans", "zh-Hant")),
        "time_zone": draw(one_of("Europe/London", "Asia/Shanghai", "America/New_York")),
        "plan": draw(WHOLE_PLANS),
        "kind_plans": {kind: draw(PLANS) for kind in KINDS},
        "quiet_hours": draw(MAYBE_QUIET),
        "paused_until": draw(MAYBE_PAUSED),
        "code_word": draw(MAYBE_CODE_WORD),
        "tips": draw(st.booleans()),
    }
