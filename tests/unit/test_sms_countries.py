"""The table of countries: whose number it is, and what an SMS there may hold."""

from datetime import time
from itertools import chain

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.countries import (
    COUNTRIES,
    ELSEWHERE,
    RULES,
    SenderId,
    country_of,
    rules_for,
)
from bill_reminders.domain.local_time import QuietHours

NAMED = [
    "AE", "AU", "BR", "CA", "CH", "CN", "DE", "ES", "FR", "GB", "HK", "ID", "IE", "IN", "IT", "JP",
    "KR", "MO", "MX", "MY", "NG", "NL", "NZ", "PH", "SA", "SE", "SG", "TH", "TW", "US", "VN", "ZA",
]  # fmt: skip

SHARED = {
    "GG": "GB", "JE": "GB", "IM": "GB", "CX": "AU", "CC": "AU", "VA": "IT", "SJ": "NO", "AX": "FI",
    "EH": "MA", "YT": "RE", "BL": "GP", "MF": "GP", "BQ": "CW",
    "PR": "US", "VI": "US", "GU": "US", "AS": "US", "MP": "US", "TA": "SH",
}  # fmt: skip
"""Regions under the name of the country whose calling code and law they share."""

NO_COUNTRY = {"001", None}
"""Satellites and other networks that span the world, and numbers that nobody has."""


def test_every_country_that_was_asked_for_has_a_row_with_its_source() -> None:
    assert sorted(RULES) == NAMED
    for country, rules in RULES.items():
        assert rules.country == country
        assert "https://" in rules.source, country
        assert country in COUNTRIES.values()


def test_each_calling_code_names_the_country_that_a_phone_library_names() -> None:
    for region in chain.from_iterable(phonenumbers.COUNTRY_CODE_TO_REGION_CODE.values()):
        example = phonenumbers.example_number_for_type(
            region, phonenumbers.PhoneNumberType.MOBILE
        ) or phonenumbers.example_number(region)
        if region in NO_COUNTRY or example is None:
            continue
        number = phonenumbers.format_number(example, phonenumbers.PhoneNumberFormat.E164)
        assert country_of(number) == SHARED.get(region, region), number


def test_each_area_of_the_code_that_north_america_shares_is_its_countrys() -> None:
    for area in range(200, 1000):
        number = f"+1{area}5550123"
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number))
        if region not in NO_COUNTRY:
            assert country_of(number) == SHARED.get(region, region), number


@given(st.integers(10**7, 10**15 - 1))
def test_no_number_is_taken_for_another_countrys(digits: int) -> None:
    number = f"+{digits}"
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        assert country_of(number) == "" or number.startswith("+1")
        return
    if phonenumbers.is_valid_number(parsed):
        region = phonenumbers.region_code_for_number(parsed)
        expected = "" if region in NO_COUNTRY else SHARED.get(region, region)
        assert country_of(number) == expected


@pytest.mark.parametrize("number", ["+999123456", "+48500000000", "", "somewhere"])
def test_a_country_without_a_row_gets_the_strict_rules(number: str) -> None:
    rules = rules_for(number)
    assert not rules.links
    assert not rules.two_way
    assert rules.sender_id is SenderId.REGISTERED
    assert rules.quiet == QuietHours(time(21), time(8)) == ELSEWHERE.quiet


@pytest.mark.parametrize(
    ("number", "links"),
    [
        ("+447700900123", True),
        ("+12025550123", True),
        ("+14165550123", True),
        ("+33600000000", True),
        ("+8613000000000", False),
        ("+85250000000", False),
        ("+6580000000", False),
        ("+60100000000", False),
        ("+919000000000", False),
        ("+639000000000", False),
    ],
)
def test_links_go_where_they_are_known_to_arrive(number: str, links: bool) -> None:
    assert rules_for(number).links is links


def test_registered_wordings_hold_no_link_and_no_rows_contradict_themselves() -> None:
    for rules in [*RULES.values(), ELSEWHERE]:
        assert not (rules.templates and rules.links)
        assert rules.templates or not rules.template_ids
        assert rules.quiet is None or rules.quiet.start != rules.quiet.end
        "".encode(rules.alphabet or "utf-8")
    assert {country for country, rules in RULES.items() if rules.templates} == {"CN", "IN", "VN"}
    assert {country for country, rules in RULES.items() if rules.template_ids} == {"IN"}


def test_quiet_hours_that_the_law_sets_are_on_the_rule() -> None:
    assert rules_for("+84900000000").quiet == QuietHours(time(21), time(7))
    assert rules_for("+66800000000").quiet == QuietHours(time(18), time(8))
    assert rules_for("+447700900123").quiet is None
