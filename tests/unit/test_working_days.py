"""Working days against the calendars that governments published, and dates worked out by hand."""

import os
import subprocess
import sys
import warnings
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.bank_days import ROWS
from bill_reminders.domain.countries import RULES
from bill_reminders.domain.enums import Shift
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.working_days import (
    NoWorkingDay,
    Place,
    check_place,
    first_day,
    is_working_day,
    last_working_day_before,
    payable_date,
)

DAY = timedelta(days=1)
CHINA, HONG_KONG, TAIWAN, JAPAN = Place("CN"), Place("HK"), Place("TW"), Place("JP")
AMERICA, INDIA, ARABIA, EMIRATES = Place("US"), Place("IN"), Place("SA"), Place("AE")
ENGLAND, SCOTLAND, ULSTER = Place("GB", "ENG"), Place("GB", "SCT"), Place("GB", "NIR")


def on(text: str) -> date:
    return date.fromisoformat(text)


def days(year: int, text: str) -> set[date]:
    return {on(f"{year}-{day}") for day in text.split()}


def exceptions(place: Place, year: int) -> tuple[set[date], set[date]]:
    """The days from Monday to Friday on which nobody works, the Saturdays and Sundays of work."""
    year_days = [date(year, 1, 1) + n * DAY for n in range(365)]
    return (
        {day for day in year_days if day.weekday() < 5 and not is_working_day(day, place)},
        {day for day in year_days if day.weekday() >= 5 and is_working_day(day, place)},
    )


@pytest.mark.parametrize(
    ("place", "year", "closed", "made_up"),
    [
        # State Council notice 国办发明电〔2024〕12号 of 12 November 2024
        (
            CHINA,
            2025,
            "01-01 01-28 01-29 01-30 01-31 02-03 02-04 04-04 05-01 05-02 05-05 06-02 "
            "10-01 10-02 10-03 10-06 10-07 10-08",
            "01-26 02-08 04-27 09-28 10-11",
        ),
        # State Council notice of 4 November 2025
        (
            CHINA,
            2026,
            "01-01 01-02 02-16 02-17 02-18 02-19 02-20 02-23 04-06 05-01 05-04 05-05 06-19 09-25 "
            "10-01 10-02 10-05 10-06 10-07",
            "01-04 02-14 02-28 05-09 09-20 10-10",
        ),
        # https://www.gov.uk/bank-holidays: Boxing Day 2026 is a Saturday, Christmas 2027 too
        (ENGLAND, 2026, "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28", ""),
        (ENGLAND, 2027, "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28", ""),
        # The same and the proclamation for 15 June 2026. No Easter Monday; summer a month earlier
        (SCOTLAND, 2026, "01-01 01-02 04-03 05-04 05-25 06-15 08-03 11-30 12-25 12-28", ""),
        (SCOTLAND, 2027, "01-01 01-04 03-26 05-03 05-31 08-02 11-30 12-27 12-28", ""),
        (ULSTER, 2026, "01-01 03-17 04-03 04-06 05-04 05-25 07-13 08-31 12-25 12-28", ""),
        # The Federal Reserve's holidays: Independence Day 2026, Juneteenth and Christmas 2027 and
        # New Year's Day 2028 are Saturdays, and the Friday before is open; Independence Day 2027 is
        # a Sunday
        (AMERICA, 2026, "01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25", ""),
        (AMERICA, 2027, "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25", ""),
        # Resolução CMN 4.880, art. 6: Carnival and Corpus Christi beside the national holidays
        (
            Place("BR"),
            2027,
            "01-01 02-08 02-09 03-26 04-21 05-27 09-07 10-12 11-02 11-15",
            "",
        ),
        # TARGET's closing days beside the national holidays: Good Friday in France, Easter Monday
        # in Spain, Labour Day in the Netherlands and Ireland
        (
            Place("FR"),
            2026,
            "01-01 04-03 04-06 05-01 05-08 05-14 05-25 07-14 11-11 12-25",
            "",
        ),
        (Place("ES"), 2026, "01-01 01-06 04-03 04-06 05-01 10-12 12-08 12-25", ""),
        (Place("NL"), 2026, "01-01 04-03 04-06 04-27 05-01 05-14 05-25 12-25", ""),
        (
            Place("IE"),
            2026,
            "01-01 02-02 03-17 04-03 04-06 05-01 05-04 06-01 08-03 10-26 12-25 12-28",
            "",
        ),
        # Mexico's CNBV: from Maundy Thursday on, the Day of the Dead
        (Place("MX"), 2026, "01-01 02-02 03-16 04-02 04-03 05-01 09-16 11-02 11-16 12-25", ""),
        # Federally regulated employers of Canada, banks among them
        (
            Place("CA"),
            2026,
            "01-01 04-03 05-18 07-01 09-07 09-30 10-12 11-11 12-25 12-28",
            "",
        ),
        # https://www.gov.hk/en/about/abouthk/holiday/2026.htm: Ching Ming falls on Easter Sunday,
        # so Easter's holidays end on a Tuesday
        (
            HONG_KONG,
            2026,
            "01-01 02-17 02-18 02-19 04-03 04-06 04-07 05-01 05-25 06-19 07-01 10-01 10-19 12-25",
            "",
        ),
        # Gazetted 2027: the new year is a Saturday, so its fourth day (Tuesday) is a holiday
        (
            HONG_KONG,
            2027,
            "01-01 02-08 02-09 03-26 03-29 04-05 05-13 06-09 07-01 09-16 10-01 10-08 12-27",
            "",
        ),
        # Cabinet Office (22 September lies between two holidays), and the days that article 5 of
        # the Banking Act's order adds: 2 and 3 January, 31 December
        (
            JAPAN,
            2026,
            "01-01 01-02 01-12 02-11 02-23 03-20 04-29 05-04 05-05 05-06 07-20 08-11 09-21 09-22 "
            "09-23 10-12 11-03 11-23 12-31",
            "",
        ),
        # DGPA's calendars: a make-up Saturday in 2025, none in 2026
        (
            TAIWAN,
            2025,
            "01-01 01-27 01-28 01-29 01-30 01-31 02-28 04-03 04-04 05-30 09-29 10-06 10-10 10-24 "
            "12-25",
            "02-08",
        ),
        (
            TAIWAN,
            2026,
            "01-01 02-16 02-17 02-18 02-19 02-20 02-27 04-03 04-06 05-01 06-19 09-25 09-28 10-09 "
            "10-26 12-25",
            "",
        ),
    ],
    ids=lambda value: f"{value.country}-{value.subdivision}" if isinstance(value, Place) else None,
)
def test_a_year_is_as_its_government_published_it(
    place: Place, year: int, closed: str, made_up: str
) -> None:
    assert exceptions(place, year) == (days(year, closed), days(year, made_up))


@pytest.mark.parametrize(
    ("place", "day", "works"),
    [
        # 国办 notices of 2002, 2007 and 2012: a working weekend in the year before the holiday's
        (CHINA, "2001-12-29", True),
        (CHINA, "2006-12-31", True),
        (CHINA, "2011-12-31", True),
        (CHINA, "2010-12-31", True),  # a Friday like any other
        (CHINA, "2026-03-08", False),  # a half day for women, and a Sunday
        (CHINA, "2027-03-08", True),  # the same on a Monday: half days are not holidays
        # Easter Monday and the summer bank holiday count where no part of Britain is named
        (Place("GB"), "2026-04-06", False),
        (Place("GB"), "2026-08-31", False),
        (Place("GB"), "2026-08-03", True),
        # Saudi Arabia: Friday and Saturday, until 28 June 2013 Thursday and Friday
        (ARABIA, "2026-08-06", True),  # Thursday
        (ARABIA, "2026-08-07", False),
        (ARABIA, "2026-08-08", False),
        (ARABIA, "2026-08-09", True),
        (ARABIA, "2013-06-06", False),  # a Thursday before the change
        (ARABIA, "2013-06-08", True),  # a Saturday before it
        # https://u.ae: Saturday and Sunday since 1 January 2022
        (EMIRATES, "2021-12-24", False),
        (EMIRATES, "2021-12-26", True),
        (EMIRATES, "2022-01-07", True),
        (EMIRATES, "2022-01-09", False),
        (Place("EG"), "2026-08-07", False),
        (Place("EG"), "2026-08-09", True),
        (Place("IL"), "2026-08-07", False),
        (Place("IL"), "2026-08-09", True),
        (Place("BD"), "2026-08-07", False),
        (Place("BD"), "2026-08-09", True),
        (Place("BN"), "2026-08-07", False),  # Brunei: Friday and Sunday
        (Place("BN"), "2026-08-08", True),
        (Place("BN"), "2026-08-09", False),
        (Place("MY", "03"), "2026-08-07", False),  # Kelantan: Friday and Saturday
        (Place("MY", "03"), "2026-08-09", True),
        (Place("MY", "14"), "2026-08-07", True),  # Kuala Lumpur: Saturday and Sunday
        (Place("MY", "14"), "2026-08-09", False),
        # Hong Kong's banks: general holidays, not statutory ones alone; no clearing on Saturdays
        (HONG_KONG, "2025-04-18", False),  # Good Friday, no statutory holiday before 2028
        (HONG_KONG, "2026-08-08", False),
        (Place("MO"), "2026-11-02", False),  # Macau: All Souls' Day, not mandatory
        # India: Republic Day and Gandhi's birthday; Shivaji's birthday in Maharashtra alone
        (INDIA, "2026-01-26", False),
        (INDIA, "2026-10-02", False),
        (INDIA, "2026-02-19", True),
        (Place("IN", "MH"), "2026-02-19", False),
        # Its second and fourth Saturdays alone are bank holidays
        (INDIA, "2026-08-01", True),
        (INDIA, "2026-08-08", False),
        (INDIA, "2026-08-15", False),  # Independence Day, a third Saturday
        (INDIA, "2026-08-22", False),
        (INDIA, "2026-08-29", True),
        (INDIA, "2026-08-02", False),
        # A state keeps days of its own, and no Friday for a Saturday of the Federal Reserve's
        (Place("US", "MA"), "2026-04-20", False),  # Patriots' Day
        (AMERICA, "2026-04-20", True),
        (Place("US", "MA"), "2026-07-03", True),
        (Place("PR"), "2026-07-03", True),
        (Place("PR"), "2026-01-06", False),  # Three Kings
        (Place("AU"), "2027-12-27", False),  # for a Christmas on a Saturday
        (Place("AU"), "2027-12-28", False),
        (Place("AU", "QLD"), "2026-06-08", True),  # the King's Birthday, which it has in October
        (Place("AU"), "2026-06-08", False),
        (Place("CH"), "2026-04-03", False),  # Good Friday, which two cantons do not keep
        (Place("CH"), "2026-12-24", True),
        (Place("DE"), "2026-12-24", True),
        (Place("KR"), "2026-12-31", True),
        (Place("BR"), "2026-12-31", True),
        (Place("BR"), "2027-02-10", True),  # Ash Wednesday
        # Days on which banks alone close
        (JAPAN, "2025-12-31", False),
        (Place("AR"), "2026-11-06", False),  # Día del Bancario
        (Place("AU", "NSW"), "2026-08-03", False),
        (Place("IE"), "2026-04-03", False),  # Good Friday
        # Sweden: closed on Midsummer Eve, open until 14:00 on the day before Good Friday
        (Place("SE"), "2026-06-19", False),
        (Place("SE"), "2026-04-02", True),
        (Place("SE"), "2026-12-23", True),
    ],
)
def test_banks_work_on_the_days_of_their_own_country(place: Place, day: str, works: bool) -> None:
    assert is_working_day(on(day), place) is works


@pytest.mark.parametrize(
    ("due_on", "place", "previous", "following"),
    [
        ("2026-03-04", AMERICA, "2026-03-04", "2026-03-04"),  # a Wednesday stays
        ("2026-03-07", AMERICA, "2026-03-06", "2026-03-09"),
        ("2026-03-08", AMERICA, "2026-03-06", "2026-03-09"),
        # over a month end
        ("2026-01-31", AMERICA, "2026-01-30", "2026-02-02"),
        ("2026-08-01", AMERICA, "2026-07-31", "2026-08-03"),
        ("2026-08-29", ENGLAND, "2026-08-28", "2026-09-01"),  # Saturday before a bank holiday
        ("2026-08-29", SCOTLAND, "2026-08-28", "2026-08-31"),
        ("2026-05-02", CHINA, "2026-04-30", "2026-05-06"),
        ("2026-05-01", ARABIA, "2026-04-30", "2026-05-03"),  # Friday; Sunday works
        # over a year end, where the holiday of one year is kept in the other
        ("2027-01-01", AMERICA, "2026-12-31", "2027-01-04"),
        ("2027-12-31", AMERICA, "2027-12-31", "2027-12-31"),
        ("2027-06-18", AMERICA, "2027-06-18", "2027-06-18"),
        ("2027-12-24", AMERICA, "2027-12-24", "2027-12-24"),
        ("2027-02-09", Place("BR"), "2027-02-05", "2027-02-10"),
        ("2027-05-27", Place("BR"), "2027-05-26", "2027-05-28"),
        ("2026-12-31", JAPAN, "2026-12-30", "2027-01-04"),
        ("2027-01-02", JAPAN, "2026-12-30", "2027-01-04"),
        # long holidays, and the weekends on which China makes up for them
        ("2026-02-15", CHINA, "2026-02-14", "2026-02-24"),  # back to a working Saturday
        ("2026-02-28", CHINA, "2026-02-28", "2026-02-28"),
        ("2026-10-01", CHINA, "2026-09-30", "2026-10-08"),
        ("2025-10-08", CHINA, "2025-09-30", "2025-10-09"),
        ("2026-01-03", CHINA, "2025-12-31", "2026-01-04"),  # on to a working Sunday
        ("2025-02-08", TAIWAN, "2025-02-08", "2025-02-08"),
        ("2025-01-25", TAIWAN, "2025-01-24", "2025-02-03"),
        ("2026-04-03", HONG_KONG, "2026-04-02", "2026-04-08"),  # Good Friday to Ching Ming
        ("2027-12-25", ENGLAND, "2027-12-24", "2027-12-29"),
        ("2026-07-04", AMERICA, "2026-07-03", "2026-07-06"),
        # no country: Saturday and Sunday alone, Christmas is a day like any other
        ("2026-12-25", None, "2026-12-25", "2026-12-25"),
        ("2026-12-26", None, "2026-12-25", "2026-12-28"),
        ("2026-12-27", None, "2026-12-25", "2026-12-28"),
    ],
)
def test_a_due_date_moves_to_the_nearest_working_day_or_stays(
    due_on: str, place: Place | None, previous: str, following: str
) -> None:
    due = on(due_on)
    assert payable_date(due, Shift.NONE, place) == due
    assert payable_date(due, Shift.PREVIOUS, place) == on(previous)
    assert payable_date(due, Shift.NEXT, place) == on(following)


@pytest.mark.parametrize(
    ("day", "place", "last"),
    [
        ("2026-03-04", AMERICA, "2026-03-03"),  # before a working day, too
        ("2026-03-09", AMERICA, "2026-03-06"),
        ("2026-10-08", CHINA, "2026-09-30"),
        ("2026-02-16", CHINA, "2026-02-14"),
        ("2026-04-08", HONG_KONG, "2026-04-02"),
        ("2026-08-09", ARABIA, "2026-08-06"),
        ("2026-12-28", None, "2026-12-25"),
    ],
)
def test_the_last_working_day_before_a_date_is_earlier_than_it(
    day: str, place: Place | None, last: str
) -> None:
    assert last_working_day_before(on(day), place) == on(last)


@pytest.mark.parametrize(
    ("place", "day", "works"),
    [
        (CHINA, "2035-10-01", False),  # a Monday: no make-up days known, the holiday itself is
        (CHINA, "2035-10-07", False),  # a Sunday
        (CHINA, "2150-10-01", True),  # a Thursday beyond the library's years
        (CHINA, "2150-10-03", False),  # a Saturday
        (Place("LK"), "2030-01-14", True),  # Sri Lanka's holidays are known until 2026
        (Place("LK"), "2030-01-13", False),
        (INDIA, "2040-01-26", False),  # estimated from 2036 on
        (ARABIA, "2150-10-02", False),  # a Friday
    ],
)
def test_weekends_and_known_holidays_count_where_a_year_is_not_published(
    place: Place, day: str, works: bool
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert is_working_day(on(day), place) is works


@pytest.mark.parametrize(
    "country", ["AE", "BR", "CN", "DE", "GB", "HK", "IL", "IN", "JP", "KR", "LK", "SA", "SE", "US"]
)
def test_every_year_from_1970_to_2200_has_a_calendar(country: str) -> None:
    for year in (1970, 1999, 2100, 2101, 2200):
        last = date(year, 12, 31)
        assert last <= payable_date(last, Shift.NEXT, Place(country)) <= last + 8 * DAY


def test_a_place_that_is_known_is_accepted() -> None:
    check_place(CHINA)
    check_place(SCOTLAND)
    check_place(Place("XK"))


@pytest.mark.parametrize("code", ["", "cn", "CHN", "UK", "ZZ", "XNYS", "China", "COUNTRIES"])
def test_a_country_that_is_not_known_is_refused_with_the_remedy(code: str) -> None:
    with pytest.raises(InvalidValue, match="ISO 3166-1 code of two capitals, such as CN") as error:
        check_place(Place(code))
    assert error.value.field == "country"


@pytest.mark.parametrize(
    ("place", "remedy"),
    [
        (Place("GB", "XXX"), "use one of ENG, NIR, SCT, WLS, or leave it out"),
        (Place("GB", "England"), "use one of ENG, NIR, SCT, WLS, or leave it out"),
        (Place("GB", "UK"), "use one of ENG, NIR, SCT, WLS, or leave it out"),
        (Place("GB", ""), "use one of ENG, NIR, SCT, WLS, or leave it out"),
        (Place("CN", "GD"), "CN has none of that name; leave it out"),
    ],
)
def test_a_subdivision_that_is_not_known_is_refused_with_the_remedy(
    place: Place, remedy: str
) -> None:
    with pytest.raises(InvalidValue) as error:
        check_place(place)
    assert error.value.field == "subdivision"
    assert remedy in str(error.value)


def test_no_date_is_computed_for_a_place_that_is_not_known() -> None:
    with pytest.raises(InvalidValue, match="country"):
        payable_date(on("2026-03-04"), Shift.NEXT, Place("ZZ"))
    with pytest.raises(InvalidValue, match="subdivision"):
        last_working_day_before(on("2026-03-04"), Place("US", "ENG"))


def test_a_bill_that_is_not_shifted_needs_no_calendar() -> None:
    assert payable_date(on("2026-03-07"), Shift.NONE, Place("ZZ")) == on("2026-03-07")
    program = (
        "import sys, datetime\n"
        "from bill_reminders.domain.working_days import Place, Shift, payable_date\n"
        "today = datetime.date(2026, 3, 7)\n"
        "payable_date(today, Shift.NONE, Place('CN'))\n"
        "payable_date(today, Shift.NEXT, None)\n"
        "sys.exit('holidays' in sys.modules)\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", program], check=True, env=environment)


def test_a_search_ends_after_31_days() -> None:
    start = on("2026-01-01")
    assert first_day(start, DAY, lambda day: day >= start + 31 * DAY) == on("2026-02-01")
    for step in (DAY, -DAY):
        with pytest.raises(NoWorkingDay, match="within 31 days of 2026-01-01: correct the biller"):
            first_day(start, step, lambda day: abs(day - start) > 31 * DAY)


def test_the_calendar_itself_ends() -> None:
    with pytest.raises(NoWorkingDay):  # Friday 31 December 9999
        payable_date(date.max, Shift.NEXT, ARABIA)
    with pytest.raises(NoWorkingDay):
        last_working_day_before(date.min, None)


PLACES = st.sampled_from(
    [None, CHINA, HONG_KONG, TAIWAN, JAPAN, AMERICA, INDIA, ARABIA, EMIRATES, ENGLAND, SCOTLAND]
)
DAYS = st.dates(date(1970, 1, 1), date(2200, 12, 31))


def works(day: date, place: Place | None) -> bool:
    return day.weekday() < 5 if place is None else is_working_day(day, place)


def between(first: date, last: date) -> list[date]:
    """The days after `first` and before `last`."""
    return [first + n * DAY for n in range(1, (last - first).days)]


@given(due=DAYS, place=PLACES)
def test_a_payable_date_is_the_nearest_working_day_on_its_side(
    due: date, place: Place | None
) -> None:
    previous = payable_date(due, Shift.PREVIOUS, place)
    following = payable_date(due, Shift.NEXT, place)
    assert previous <= due <= following
    assert works(previous, place)
    assert works(following, place)
    if works(due, place):
        assert previous == due == following
    else:
        assert not any(works(day, place) for day in between(previous, following))


@given(due=DAYS, place=PLACES, shift=st.sampled_from(Shift))
def test_a_payable_date_is_not_shifted_again(due: date, place: Place | None, shift: Shift) -> None:
    payable = payable_date(due, shift, place)
    assert payable_date(payable, shift, place) == payable


@given(day=DAYS, place=PLACES)
def test_no_working_day_lies_between_a_date_and_the_last_one_before_it(
    day: date, place: Place | None
) -> None:
    last = last_working_day_before(day, place)
    assert last < day
    assert works(last, place)
    assert not any(works(other, place) for other in between(last, day))
    assert payable_date(day - DAY, Shift.PREVIOUS, place) == last


def test_every_country_that_has_rules_for_sms_has_a_row_of_bank_days_with_its_source() -> None:
    assert set(RULES) <= set(ROWS)
    for country, row in ROWS.items():
        assert row.source, country
        check_place(Place(country))


EXCHANGES = {
    "GB": "XLON", "HK": "XHKG", "JP": "XJPX", "SG": "XSES", "ZA": "XJSE", "NZ": "XNZE",
    "CN": "XSHG", "TW": "XTAI", "KR": "XKRX",
}  # fmt: skip


@pytest.mark.parametrize("country", sorted(EXCHANGES))
def test_a_row_that_names_its_exchange_as_its_source_has_the_same_days(country: str) -> None:
    import holidays

    code = EXCHANGES[country]
    assert code in ROWS[country].source or country in ("GB", "HK")
    exchange = holidays.financial_holidays(code, years=2026, expand=False)
    theirs = {day for day in exchange if day.weekday() < 5}
    ours, _ = exceptions(Place(country), 2026)
    # days on which trading rests and nothing else
    theirs -= {on("2026-12-31")} if country == "KR" else set()
    theirs -= {on("2026-02-12"), on("2026-02-13")} if country == "TW" else set()
    assert theirs == ours
