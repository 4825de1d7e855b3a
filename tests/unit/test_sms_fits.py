"""An SMS never takes more than two segments, and an ordinary one takes one."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import product
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.money import Money
from bill_reminders.domain.people import Address, Attestation, Language, User
from bill_reminders.domain.recurrence import Recurrence
from bill_reminders.messages.notices import WHOLE, Notice, Part, Sender
from tests.support.examples import named, some_of
from tests.support.people import a_trigger
from tests.support.sms_segments import BASIC, EXTENSION, counted

EN, HANS, HANT = Language.ENGLISH, Language.SIMPLIFIED_CHINESE, Language.TRADITIONAL_CHINESE
IN_LANGUAGES = pytest.mark.parametrize("language", Language)
DAYS = (365, 10, 3, 1, 0, -1, -60)
WHEN = pytest.mark.parametrize("days", DAYS)
A_WEDNESDAY = date(2027, 9, 29)
FAMILY = "👩‍👩‍👧‍👦"

LONG_LATIN = (
    "The Mutual Building Society of Northwich",
    "Second mortgage on the house in the hill",
)
LONG_CHINESE = (
    ("山谷纸灯银行股份有限公司萤火信用卡中心" * 3)[:40],
    ("住房公积金与商业组合贷款月供" * 3)[:40],
)
assert {len(name) for name in (*LONG_LATIN, *LONG_CHINESE)} == {40}
LONG_BILLS = (LONG_LATIN, LONG_CHINESE, (LONG_CHINESE[0], LONG_LATIN[1]))
SIGNED_BY = (("Lark", "Family Bills"), LONG_LATIN, LONG_CHINESE)
"""Sources and senders."""
NO_YES = (False, True)

BRITISH = "+447700900123"
"""Where links and code words are allowed, and numbers that take replies exist."""

LONGEST_LINK = f"https://{'pay.bills.example.com'[-20:]}/r/{'aZ09aZ09aZ09aZ09a'}"
assert len(LONGEST_LINK) == len("https://") + 20 + len("/r/") + 17


def text(
    language: Language,
    *bills: tuple[str, str],
    days: int | Iterable[int] = 3,
    amount: str | None = "1234.56",
    currency: str = "USD",
    first: bool = False,
    source: str = "Lark",
    sender: str = "Family Bills",
    part: Part = WHOLE,
    number: str = BRITISH,
    code_word: str | None = None,
    link: str | None = None,
    two_way: bool = False,
) -> str:
    """The SMS for `bills`, each a biller and a name, due `days` after the day it is sent."""
    attestation = Attestation(source, at=datetime(2027, 1, 1, tzinfo=UTC), evidence="form 7")
    user = User(
        "user",
        language,
        ZoneInfo("Asia/Taipei"),
        code_word=code_word,
        addresses={Channel.SMS: Address(number, attestation)},
    )
    each = [days] * len(bills) if isinstance(days, int) else days
    notices = [
        Notice(
            Bill(
                "user",
                f"{number:03}",
                biller,
                name,
                Recurrence(A_WEDNESDAY + timedelta(ahead)),
                owed_from=A_WEDNESDAY,
                amount=None if amount is None else Money(Decimal(amount), currency),
            ),
            A_WEDNESDAY + timedelta(ahead),
            a_trigger(-ahead),
        )
        for number, ((biller, name), ahead) in enumerate(zip(bills, each, strict=True))
    ]
    sent_by = Sender(sender, unsubscribe_mailbox="stop@bills.example.com")
    return sms(
        user,
        notices,
        today=A_WEDNESDAY,
        sender=sent_by,
        first=first,
        part=part,
        link=link,
        two_way=two_way,
    ).body


TO_STOP = ("STOP", "top by the link", "o stop", "停收", "不想再收到")
"""What every way to say how to stop holds."""


@pytest.mark.parametrize(
    ("written", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),
        ("账" * 70, 1),
        ("账" * 71, 2),
        ("账" * 134, 2),
        ("账" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),
        ("😀" * 67, 3),
        ("a" * 69 + "ç", 1),
        ("a" * 70 + "ç", 2),
    ],
)
def test_segments_are_counted_as_carriers_bill_them(written: str, count: int) -> None:
    assert segments(written) == counted(written) == count


@given(
    st.text(st.sampled_from(sorted(BASIC | EXTENSION)), max_size=500)
    | st.text("a€账😀", max_size=300)
    | st.text(max_size=300)
)
def test_the_product_counts_as_an_independent_segmenter_does(written: str) -> None:
    assert segments(written) == counted(written)


@pytest.mark.parametrize("currency", ["USD", "CNY", "EUR", "INR", "CHF"])
@WHEN
def test_an_ordinary_english_sms_takes_one_segment(days: int, currency: str) -> None:
    written = text(EN, ("Lark", "Credit card"), days=days, currency=currency)
    assert counted(written) == 1
    assert "Lark Credit card" in written


@pytest.mark.parametrize(
    ("language", "bill"), [(HANS, ("纸鹤银行", "信用卡")), (HANT, ("紙鶴商業銀行", "信用卡"))]
)
@WHEN
def test_an_ordinary_chinese_sms_takes_one_segment(
    language: Language, bill: tuple[str, str], days: int
) -> None:
    written = text(language, bill, days=days, sender="家庭账本", currency="CNY")
    assert counted(written) == 1
    assert "".join(bill) in written


@IN_LANGUAGES
def test_the_longest_ordinary_values_fit_into_two(language: Language) -> None:
    for case in some_of([*product(DAYS, NO_YES, LONG_BILLS, SIGNED_BY)], step=5):
        with named(case):
            days, first, bill, (source, sender) = case
            written = text(
                language,
                bill,
                days=days,
                amount="9999999.99",
                currency="CLF",
                first=first,
                source=source,
                sender=sender,
                part=Part(12, 40),
            )
            assert counted(written) <= 2
            assert "CLF 9,999,999.9900" in written
            assert any(way in written for way in TO_STOP) is first


EVERYTHING_LONG = [*product(DAYS, (1, 2, 40), NO_YES, LONG_BILLS, NO_YES, SIGNED_BY)]


@IN_LANGUAGES
def test_the_longest_link_and_a_code_word_stand_in_two_whatever_else_gives_way(
    language: Language,
) -> None:
    for case in some_of(EVERYTHING_LONG, step=11):
        with named(case):
            days, count, first, bill, two_way, (source, sender) = case
            written = text(
                language,
                *[bill] * count,
                days=days,
                amount="9999999.99",
                currency="CLF",
                first=first,
                source=source,
                sender=sender,
                link=LONGEST_LINK,
                code_word="Bluebird",
                two_way=two_way,
            )
            assert counted(written) <= 2
            assert f"{LONGEST_LINK} " in written
            assert written.endswith("Bluebird")
            assert any(way in written for way in TO_STOP) is first


@pytest.mark.parametrize(
    ("language", "bill", "why", "parts"),
    [
        (EN, ("Lark", "Credit card"), "Your plan: 3 days before.", 1),
        (EN, ("Lantern Savings Bank", "Credit card"), "By your reminder plan: 3 days before.", 2),
        (HANS, ("纸鹤银行", "信用卡"), "提前3天", 2),
        (HANT, ("紙鶴商業銀行", "信用卡"), "提前3天", 2),
    ],
)
def test_an_ordinary_reminder_keeps_amount_and_reason_beside_link_and_code_word(
    language: Language, bill: tuple[str, str], why: str, parts: int
) -> None:
    written = text(language, bill, link=LONGEST_LINK, code_word="Bluebird")
    assert counted(written) == parts
    assert "$1,234.56" in written
    assert why in written
    assert LONGEST_LINK in written
    assert "Bluebird" in written


def test_every_currency_fits_into_two() -> None:
    for currency in some_of([*map(str, Locale.parse("en").currencies)], step=3):
        written = text(EN, LONG_CHINESE, amount="9999999.99", currency=currency, first=True)
        assert counted(written) <= 2, currency


@pytest.mark.parametrize("count", [2, 3, 5, 40])
@IN_LANGUAGES
def test_a_digest_fits_into_two_and_counts_what_it_leaves_out(
    language: Language, count: int
) -> None:
    for case in product(NO_YES, (("Lark", "Credit card"), LONG_LATIN, LONG_CHINESE)):
        with named(case):
            first, bill = case
            written = text(
                language,
                *[bill] * count,
                days=range(count),
                amount="9999999.99",
                currency="USD",
                first=first,
                part=Part(2, 3),
            )
            assert counted(written) <= 2
            listed = written.count("9,999,999.99")
            assert listed >= 1
            if listed < count:
                assert (
                    f"{count - listed} " in written
                    or f"还有{count - listed}笔" in written
                    or (f"還有{count - listed}筆" in written)
                )


def test_a_digest_lists_as_many_bills_as_fit_the_nearest_due_first() -> None:
    names = ["Rent", "Water", "Power", "Phone", "Loan", "Visa", "Gym", "Tax", "Club", "Gas"]
    written = text(EN, *[("", name) for name in names], days=reversed(range(10)), amount="10")
    assert counted(written) == 2
    assert [name for name in reversed(names) if f"{name}, $" in written] == [
        "Gas", "Club", "Tax", "Gym", "Visa", "Loan", "Phone",
    ]  # fmt: skip
    assert "; and 3 more." in written
    assert counted(written.replace("; and", "; Power, $10.00, due in 7 days (Oct 6); and")) == 3


def test_names_become_shorter_before_bills_are_left_out() -> None:
    written = text(EN, *[LONG_LATIN] * 3, days=range(3))
    assert written.count("$1,234.56") == 3
    assert "The Mutual Building S..." in written


def test_where_nothing_else_fits_the_amount_gives_way_before_the_way_out() -> None:
    absurd = text(
        EN,
        ("纸鹤银行", "信用卡"),
        amount="9" * 25,
        first=True,
        part=Part(12, 40),
        code_word="Bluebird",
    )
    assert absurd == (
        "Family Bills: (12 of 40) 纸鹤银行信用卡 is due in 3 days. Your plan: 3 days before. "
        "To stop, tell Lark. Code word: Bluebird"
    )


def test_a_long_name_ends_with_dots_that_its_alphabet_has() -> None:
    long = ("B" * 200, "N" * 200)
    assert "B...," not in text(EN, long)
    assert "B... N" in text(EN, long)
    assert "N...," in text(EN, long)
    assert "N…：" in text(HANS, long)
    assert "N…, $" in text(EN, (long[0] + "账", "账" + long[1]))


def is_gsm(text: str) -> bool:
    return set(text) <= BASIC | EXTENSION


CARD_AND_LOAN = ("Lantern Savings Bank", "Loan 1234567890")


def test_an_account_number_costs_no_alphabet() -> None:
    """The usual names of a lender: the first message is written out, in two segments of GSM-7."""
    values: dict[str, Any] = {"link": LONGEST_LINK, "two_way": True, "source": "Branch of Lantern"}
    first = text(EN, CARD_AND_LOAN, first=True, sender="Lantern Savings Bank", **values)
    assert is_gsm(first)
    for name in ("Lantern Savings Bank: Lantern Savings Bank Loan *7890,", "Branch of Lantern."):
        assert name in first
    later = text(EN, CARD_AND_LOAN, sender="Lantern Savings Bank", two_way=True)
    assert is_gsm(later)
    assert "Reply PAID" in later
    assert counted(later) == 1


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        (("Lantern Savings Bank", "Loan • 7890"), "Lantern Savings Bank Loan * 7890, $"),
        (("Caixa Econômica Lanterna", "Cartão"), "Caixa Economica Lanterna Cartao, $"),
        (("Łódź Spółdzielcza Kasa", "Kredyt"), "Lodz Spoldzielcza Kasa Kredyt, $"),
        (("★ Lantern Savings Bank®", "Loan № １２"), "Lantern Savings Bank Loan No 12, $"),
        (("Türkiye İş Bankası", "Kredi kartı borcu"), "Türkiye Is Bankasi Kredi karti borcu, $"),
        (("Íslandsbanki Þjónusta", "Gjald í bið"), "Islandsbanki Thjonusta Gjald i bid, $"),
        (("Caisse d‘Épargne de l’Œuvre", "Prêt «Maison»"), 'gne de l\'OEuvre Pret "Maison", $'),
        (("Sparkasse Köln – Bonn", "Darlehen ‚Haus‘ „A“"), "Darlehen 'Haus' \"A\", $"),
        (("Lantern Bank ´ ½ × 2″", "Loan ‐ ‑ − m²"), "Lantern Bank 1/2 x 2'' Loan - - - m2, $"),
        (("ΕΘΝΙΚΗ ΤΡΑΠΕΖΑ", "ΣΤΕΓΑΣΤΙΚΟ ΔΑΝΕΙΟ"), "EΘNIKH TPAΠEZA ΣTEΓAΣTIKO ΔANEIO, $"),
        (("Εθνική Τράπεζα της", "Στεγαστικό δάνειο"), "EΘNIKH TPAΠEZA THΣ ΣTEΓAΣTIKO ΔANEIO, $"),
        (("Lantern Savings Bank", "The card of the branch in Нью"), "Lantern Savings Bank The "),
    ],
)
def test_a_text_is_cut_for_the_alphabet_that_it_ends_in(names: tuple[str, str], shown: str) -> None:
    written = text(
        EN,
        names,
        first=True,
        source="The Branch of the Lantern Savings Bank",
        sender="Lantern Savings Bank of Northwich",
        link=LONGEST_LINK,
        two_way=True,
    )
    assert counted(written) == 2
    assert shown in written
    if is_gsm(written):
        assert "The Branch of the Lantern Savings Bank" in written
        assert "Lantern Savings Bank of Northwich" in written


@given(
    biller=st.text("aé B•ôŁ账", max_size=40),
    name=st.text("aé B•ôŁ账", max_size=40),
    source=st.text("aé B•ôŁ账", min_size=1, max_size=40),
    sender=st.text("aé B•ôŁ账", min_size=1, max_size=40),
    first=st.booleans(),
    count=st.integers(1, 3),
    link=st.sampled_from([None, LONGEST_LINK]),
)
def test_a_text_in_gsm_has_cut_no_name_that_gsm_has_room_for(
    biller: str, name: str, source: str, sender: str, first: bool, count: int, link: str | None
) -> None:
    """The names of a text that ends in GSM-7 are those of one in which nothing else stood."""
    values: dict[str, Any] = {"first": first, "link": link, "two_way": True}
    written = text(EN, *[(biller, name)] * count, source=source, sender=sender, **values)
    if not is_gsm(written):
        return
    plain = str.maketrans({"•": "*", "ô": "o", "Ł": "L"})
    roomy = text(
        EN,
        *[(biller.translate(plain), name.translate(plain))] * count,
        source=source.translate(plain),
        sender=sender.translate(plain),
        **values,
    )
    if "账" not in biller + name + source + sender:
        assert ("..." in written) <= ("..." in roomy)
    assert ("Reply PAID" in written) or ("Reply PAID" not in roomy) or ("账" in roomy)


@pytest.mark.parametrize("two_way", [True, False])
@pytest.mark.parametrize("names", [("Лампа Банк", "Ипотека"), ("बैंक भारत", "गृह ऋण")])
def test_the_way_to_stop_takes_no_room_from_the_names_of_a_bill(
    names: tuple[str, str], two_way: bool
) -> None:
    values: dict[str, Any] = {"link": LONGEST_LINK, "two_way": two_way, "source": "Branch Lantern"}
    written = text(EN, names, amount="120.50", first=True, **values)
    assert counted(written) == 2
    for shown in (*names, "$120.50", LONGEST_LINK, "STOP" if two_way else "Stop by the link"):
        assert shown in written


@IN_LANGUAGES
def test_a_code_word_of_emoji_leaves_the_amount_in_the_first_message(language: Language) -> None:
    values: dict[str, Any] = {"link": LONGEST_LINK, "two_way": True, "source": "Branch Lantern"}
    written = text(
        language, ("Spółdzielnia", "Czynsz"), amount="120.50", first=True, code_word="🍀", **values
    )
    assert counted(written) == 2
    for shown in ("120.50", "🍀", LONGEST_LINK, "STOP"):
        assert shown in written


def test_a_joined_emoji_is_kept_whole_or_left_out() -> None:
    for count in range(1, 30):
        written = text(EN, ("Lark", FAMILY * count), first=True)
        name = written.removeprefix("Family Bills: Lark ").partition(",")[0].removesuffix("…")
        assert name == FAMILY * (len(name) // len(FAMILY))


def test_what_a_keyboard_makes_curly_does_not_double_the_price() -> None:
    written = text(EN, ("Lark", "Kid’s “school” – card"))
    assert 'Kid\'s "school" - card' in written
    assert counted(written) == 1
    assert "Kid’s" in text(HANS, ("", "Kid’s")), "where it costs nothing it stays"


def test_a_sign_that_gsm_lacks_gives_way_to_the_code() -> None:
    assert "INR 1,234.56," in text(EN, ("HDFC", "Loan"), currency="INR")
    assert "₹1,234.56" in text(HANS, ("HDFC", "贷款"), currency="INR")


NAMES = st.text(max_size=300) | st.sampled_from(
    [
        FAMILY * 50,
        "e" + "\u0301" * 400,
        "🇹🇼" * 90,
        "ش" * 90,
        "\0" * 50,
        "\u202e" + "W" * 90,
        "|" * 90,
    ]
)


@given(
    language=st.sampled_from(Language),
    bills=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=12),
    source=NAMES,
    sender=NAMES,
    first=st.booleans(),
    days=st.integers(-67, 365),
    amount=st.none() | st.decimals("0.01", "9999999.99", places=2).map(str),
    currency=st.sampled_from(["USD", "INR", "CLF", "XYZ"]),
    part=st.sampled_from([WHOLE, Part(40, 40)]),
    number=st.sampled_from([BRITISH, "+821000000000", "+8613000000000", "+910000000000", "+999"]),
    code_word=st.none() | NAMES,
    link=st.sampled_from([None, LONGEST_LINK]),
    two_way=st.booleans(),
)
def test_nothing_that_anybody_types_takes_three(
    language: Language, bills: list[tuple[str, str]], **values: Any
) -> None:
    assert counted(text(language, *bills, **values)) <= 2
