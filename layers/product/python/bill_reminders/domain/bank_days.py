"""Which calendars of the `holidays` library hold the days on which banks do not work, by country.

A row names its source. Public holidays are not bank days everywhere: markets and payment systems
close on others, and in some countries stay open. `verified` is False where no list of a central
bank, a payment system or a bankers' association was found, or only in somebody else's words; there
the library's public holidays count.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from dateutil.easter import easter

GOOD_FRIDAY, EASTER_MONDAY, WHIT_MONDAY = -2, 1, 50
CARNIVAL_MONDAY, CARNIVAL_TUESDAY, CORPUS_CHRISTI = -48, -47, 60
"""Days from Easter Sunday."""

SATURDAY, SUNDAY = 5, 6


class BankDays(NamedTuple):
    """When the banks of a country do not work.

    `categories` are those of the library's calendar of the country. `instead` is a market or
    central bank whose days count in place of the country's own; what a part of the country keeps
    beside those of the country `beside` counts, too. `also` is one whose days count in addition,
    without the eves (`12-31`) on which only its trading rests; with `parts_know` not where a part
    is named, whose own calendar has them. `easter` are days from Easter Sunday, `saturdays` the
    Saturdays of a month on which banks rest, `weekend` their weekdays of rest (0 is Monday) where
    the library knows others. `usual_part` is the part that counts where none is named.
    """

    source: str
    categories: tuple[str, ...] = ("public", "bank")
    instead: str = ""
    beside: str = ""
    also: str = ""
    eves: frozenset[str] = frozenset()
    parts_know: bool = False
    easter: tuple[int, ...] = ()
    saturdays: tuple[int, ...] = ()
    weekend: frozenset[int] | None = None
    usual_part: str | None = None
    verified: bool = True

    def around_easter(self, year: int) -> Iterator[date]:
        """The days of `year` that move with Easter; none beyond what its computation covers."""
        if self.easter and 1583 <= year <= 4099:
            yield from (easter(year) + timedelta(days) for days in self.easter)

    def saturdays_in(self, year: int) -> Iterator[date]:
        """The Saturdays of `year` on which banks rest where others are working days."""
        for month in range(1, 13) if self.saturdays else ():
            first = date(year, month, 1)
            ahead = (SATURDAY - first.weekday()) % 7
            yield from (first + timedelta(ahead + 7 * (nth - 1)) for nth in self.saturdays)

    def works_on(self, day: date) -> bool:
        """Whether it is an eve on which only trading rests."""
        return f"{day:%m-%d}" in self.eves


_EURO = BankDays(
    also="XECB",
    source="Closing days of TARGET, on which no euro payment settles, https://www.ecb.europa.eu/"
    "paym/target/t2/profuse/calendar/html/index.en.html; and public holidays",
)
_FEDERAL_RESERVE = BankDays(
    instead="XFED",
    beside="US",
    source="https://www.federalreserve.gov/aboutthefed/k8.htm: a holiday on a Saturday leaves the "
    "Friday before it open, one on a Sunday closes the Monday after it",
)
_EURO_AREA = "AT BE BG CY DE EE ES FI FR GR HR IT LT LU LV MT NL PT SI SK"
_LIKE_ITS_MARKET = "the public holidays, which are those of the country's exchange: "
_UNVERIFIED = BankDays(
    source="the library's public holidays; no list of banks' own was found", verified=False
)

ROWS = {
    **dict.fromkeys(("US", "AS", "GU", "MP", "PR", "UM", "VI"), _FEDERAL_RESERVE),
    **dict.fromkeys(
        [
            "AT",
            "BE",
            "BG",
            "CY",
            "DE",
            "EE",
            "ES",
            "FI",
            "FR",
            "GR",
            "HR",
            "IT",
            "LT",
            "LU",
            "LV",
            "MT",
            "NL",
            "PT",
            "SI",
            "SK",
        ],
        _EURO,
    ),
    # Good Friday is "optional" there; the exchange has TARGET's days, and the Mondays that banks
    # rest for a holiday at the weekend
    "IE": _EURO._replace(categories=("public", "optional"), also="XDUB"),
    # Banks are federally regulated: the days of the Canada Labour Code, Part III. Family Day and
    # the Civic Holiday are provinces' own, and come with the subdivision.
    "CA": BankDays(
        categories=("public", "government"),
        source="https://laws-lois.justice.gc.ca/eng/acts/l-2/section-166.html",
        verified=False,
    ),
    # Payments of the whole United Kingdom (Bacs, CHAPS) stop on the holidays of England; without a
    # subdivision the library leaves out Easter Monday and the summer bank holiday.
    "GB": BankDays(usual_part="ENG", source="https://www.gov.uk/bank-holidays"),
    # Days that nearly all cantons keep; trading alone rests on the eves.
    "CH": BankDays(
        also="XSWX",
        eves=frozenset({"12-24", "12-31"}),
        source="SIX: its exchange's days; those of clearing are at https://www.six-group.com/en/"
        "products-services/banking-services/interbank-clearing/online-services/"
        "download-clearing-day-calendar.html",
        verified=False,
    ),
    # The eves on which banks close; "bank" adds eves on which they shut at 14:00.
    "SE": BankDays(
        categories=("public", "de_facto"), source="Bankgirot and the Riksbank close on these eves"
    ),
    # The King's Birthday, and the days in place of a Christmas at the weekend, are the states' own
    # law: where no state is named, the exchange's days stand for most of them.
    "AU": BankDays(
        also="XASX",
        parts_know=True,
        source="https://www.asx.com.au/markets/market-resources/trading-hours-calendar",
        verified=False,
    ),
    "NZ": BankDays(source=_LIKE_ITS_MARKET + "XNZE"),
    # Carnival and Corpus Christi are no national holidays, but no working days of banks. On 24
    # December banks open for fewer hours and on the year's last working day not to the public:
    # both count as working days.
    "BR": BankDays(
        easter=(CARNIVAL_MONDAY, CARNIVAL_TUESDAY, CORPUS_CHRISTI),
        source="Resolução CMN 4.880 of 2020, art. 6; https://feriadosbancarios.febraban.org.br",
    ),
    # Maundy Thursday, Good Friday and 2 November: CNBV's yearly notice, which the exchange follows.
    "MX": BankDays(also="XMEX", source="CNBV, days on which banks close, as XMEX"),
    # The general holidays of Cap. 149 are "optional"; "public" has the fewer statutory ones. Only
    # Sunday is a general holiday, but nothing clears on a Saturday: five-day clearing since 2006.
    "HK": BankDays(
        categories=("public", "optional"),
        weekend=frozenset({SATURDAY, SUNDAY}),
        source="https://www.gov.hk/en/about/abouthk/holiday/; https://eaa.org.hk/en-us/Compliance/"
        "Practice-circulars/5-Day-Clearing-Week",
    ),
    # The public holidays of Ordem Executiva 60/2000 are "optional", the mandatory ones "public".
    "MO": BankDays(
        categories=("public", "optional"), source="Ordem Executiva 60/2000", verified=False
    ),
    "TW": BankDays(source="DGPA's calendar, which banks follow; " + _LIKE_ITS_MARKET + "XTAI"),
    "SG": BankDays(source=_LIKE_ITS_MARKET + "XSES"),
    "JP": BankDays(source="Banking Act, order, art. 5; " + _LIKE_ITS_MARKET + "XJPX"),
    "KR": BankDays(source=_LIKE_ITS_MARKET + "XKRX, whose 31 December is of trading alone"),
    "CN": BankDays(source="State Council's yearly notice; " + _LIKE_ITS_MARKET + "XSHG"),
    "TH": BankDays(source="the library's bank holidays, as the Bank of Thailand's notices"),
    "ZA": BankDays(source=_LIKE_ITS_MARKET + "XJSE"),
    # Banks work on the other Saturdays. Holidays are those of the central government; the Reserve
    # Bank's differ by state and office.
    "IN": BankDays(
        weekend=frozenset({SUNDAY}),
        saturdays=(2, 4),
        source="Reserve Bank of India, RBI/2015-16/160 of 28 August 2015, for the Saturdays",
        verified=False,
    ),
    **dict.fromkeys(["AE", "ID", "MY", "NG", "PH", "SA", "VN"], _UNVERIFIED),
}


def bank_days_of(country: str) -> BankDays:
    """The row of an ISO 3166-1 alpha-2 country; without one its public and bank holidays count."""
    return ROWS.get(country, _UNVERIFIED)
