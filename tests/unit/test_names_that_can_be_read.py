"""Names that nobody can see, or that a broken encoding left behind, are refused everywhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.api.bills import BillFields, read_fields
from bill_reminders.api.problems import Problem
from bill_reminders.api.settings import SettingsChange, changed
from bill_reminders.files.bills import read_own_bills
from bill_reminders.files.cells import CellError, words
from bill_reminders.files.users import COLUMNS, read_users
from tests.support.people import a_user

INVISIBLE = [
    "\u200b",
    "\u2060",
    "\u3164",
    "\u2065\U000e0080",
    "\ufff0",
    "\u00ad",
    "\ufeff",
    "\u115f\u1160",
    "\uffa0",
    "\u2800",
    "\u180e",
    "\ufe0f",
    "\u034f",
    "\u200e\u200f\u061c",
    "\U000e0041\U000e0042",
    "\U000e0100",
    "\u200d \u200c",
    "\u0301",
    "\u17b4",
    "\U0001d159",
]
BROKEN = [
    "Caf\ufffd",
    "\ufffd\ufffd",
    "\ue000 Bank",
    "Bank \U000f0001",
    "Bank\uffff",
    "Bank \ufdd0",
    "CafÃ© Bleu",
    "CafÃ©",
    "CAFÃ‰",
    "MÃ¼ller",
    "KÃ¶ln",
    "KÃ–LN",
    "StraÃŸe",
    "SÃ£o Paulo",
    "Ã\u0081gua".replace("\u0081", "\u00a1"),
    "Ã€ la carte",
    "AcmeÂ®",
    "PriceÂ\u00a05",
    "Oâ€™Brien",
    "Rent â€“ flat",
    "â‚¬ account",
    "zÅ‚oty",
    "KsiÄ™garnia",
    "ÐšÐ²Ð°Ñ€Ñ‚Ð¸Ñ€Ð°",
    "Ð–ÐšÐ¥",
    "ç§Ÿ",
    "ä¿¡ç”¨",
    "æˆ¿ç§Ÿ March",
    "ðŸ˜€ Club",
    "cafÃ© 租",
    "CafÃƒÂ©",
    "锟斤拷",
    "????",
    "?? ??",
]
HIDING = ["\u202edrac", "a\u202ab\u202c", "a\u2066b\u2069", "\u202dRent", "Rent\u2028x", "Rent\tx"]
GOOD = [
    "Ângela",
    "Ænes",
    "São Paulo",
    "SÃO PAULO",
    "AMANHÃ",
    "AMANHÃ…",
    "“AMANHÔ",
    "IRMÃ™",
    "Ã",
    "CAFÉ’S BAKERY",
    "ROSÉ…",
    "« Café\u00a0»",
    "Café\u00a0»",
    "“Café…”",
    "Café…”",
    "Santé®",
    "BEYONCÉ™",
    "SMÅ’S",
    "Ørsted",
    "Åhléns",
    "Łódź",
    "Škoda Žižkov",
    "Nguyễn ĐÃ",
    "Ðorgerður",
    "Œuvre",
    "naïve façade",
    "½ × 3",
    "3×½",
    "5 € – 10 £",
    "à la carte",
    "房租",
    "水電費",
    "家賃",
    "전기요금",
    "חשמל",
    "کارت‌اعتباری",
    "दिल्ली बिजली",
    "க்ஷ",
    "Rent 👩‍👩‍👧 🏠",
    "❤️",
    "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "דירה\u200f 5",
    "co\u00adoperative",
    "Who?",
    "?",
    "...",
    "'",
    "#1",
]


@pytest.mark.parametrize("name", GOOD)
def test_a_name_that_people_have_is_taken_as_it_is(name: str) -> None:
    assert words(name) == name


@pytest.mark.parametrize("name", INVISIBLE)
def test_a_name_that_nobody_can_see_is_refused(name: str) -> None:
    with pytest.raises(CellError, match="nothing of it can be seen"):
        words(name)


@pytest.mark.parametrize("name", BROKEN)
def test_a_name_that_a_broken_encoding_left_behind_is_refused(name: str) -> None:
    with pytest.raises(CellError, match="wrong encoding"):
        words(name)


@pytest.mark.parametrize("name", [*HIDING, "\ud800", "Rent \udfff"])
def test_a_name_with_hidden_controls_is_refused(name: str) -> None:
    with pytest.raises(CellError, match="invisible control character"):
        words(name)


SIGNS_READ_WRONGLY = "ªºµƒŠŒŽšœžŸ"
"""The letters among what continues a character in UTF-8, read as a western encoding."""

LETTERS = st.characters(
    categories=("Lu", "Ll", "Lo", "Nd"),
    max_codepoint=0x24F,
    exclude_characters=SIGNS_READ_WRONGLY,
)


@given(st.text(LETTERS, min_size=1, max_size=30))
def test_no_word_of_letters_is_taken_for_a_broken_one(text: str) -> None:
    assert words(text) == text


@given(st.text(st.characters(min_codepoint=0xC0, max_codepoint=0x17F), min_size=1, max_size=9))
def test_a_word_in_utf_8_that_was_read_as_latin_is_refused(letters: str) -> None:
    broken = f"caf{letters}e".encode().decode("cp1252", "replace")
    with pytest.raises(CellError):
        words(broken)


BAD = ["\u200b", "\u3164", "Caf\ufffd", "CafÃ©", "Oâ€™Brien", "\ue000", "\u202edrac"]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("field", ["biller", "name"])
def test_json_names_the_field(field: str, name: str) -> None:
    body = {"biller": "P", "name": "Power", "first_due": "2027-03-05"} | {field: name}
    with pytest.raises(Problem) as caught:
        read_fields(BillFields.model_validate(body), user_id="somebody", bill_id="bill")
    assert [each.field for each in caught.value.errors] == [field]


@pytest.mark.parametrize("word", BAD)
def test_a_code_word_is_read_by_the_same_rule(word: str) -> None:
    with pytest.raises(Problem) as caught:
        changed(a_user(), SettingsChange(code_word=word))
    assert [each.field for each in caught.value.errors] == ["code_word"]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("column", ["biller", "name"])
def test_a_file_of_bills_names_row_and_column(column: str, name: str) -> None:
    cells = {"bill_id": "rent", "biller": "Oak", "name": "Rent", "first_due": "2027-03-01"}
    row = ",".join((cells | {column: name}).values())
    parsed = read_own_bills(f"{','.join(cells)}\n{row}\n", "somebody")
    assert [(error.row, error.column) for error in parsed.errors] == [(2, column)]


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("column", ["attested_by", "evidence"])
def test_a_file_of_users_names_row_and_column(column: str, name: str) -> None:
    cells = dict.fromkeys(COLUMNS, "") | {
        "user_id": "somebody",
        "language": "en",
        "time_zone": "Europe/London",
        "channels": "sms",
        "attested_by": "Desk",
        "attested_at": "2027-01-01",
        "evidence": "form",
        column: name,
    }
    parsed = read_users(f"{','.join(cells)}\n{','.join(cells.values())}\n")
    assert [(error.row, error.column) for error in parsed.errors] == [(2, column)]
