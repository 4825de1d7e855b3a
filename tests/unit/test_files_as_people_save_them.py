"""Files as spreadsheets and phones leave them: read where they have one meaning, else explained."""

from datetime import UTC, date, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.files import addresses
from bill_reminders.files.bills import OWN_COLUMNS, read_own_bills
from bill_reminders.files.cells import CellError, day, instant
from bill_reminders.files.rows import MAX_CELL, Parsed
from tests.support.examples import some_of

HEADER = "bill_id,biller,name,first_due"
RENT = "rent,Oak Homes,Rent,2027-03-01"
GAS = "gas,Bluefin,Gas,2027-03-02"


def names(parsed: Parsed) -> list[str]:
    return [row.name for row in parsed.rows]


class TestSizes:
    """Whatever a file holds, the report of it stays short, and the good rows go in."""

    @pytest.mark.parametrize(
        ("column", "length"),
        some_of(
            [*product([*OWN_COLUMNS, "no cell"], [MAX_CELL + 1, 131_073, 500_000])],
            step=2,
        ),
    )
    def test_a_cell_that_is_too_long_costs_its_row_alone(self, column: str, length: int) -> None:
        if column == "no cell":
            text = f"{HEADER}\n{'x' * length}\n{GAS}\n"
        else:
            cells = dict(zip(HEADER.split(","), RENT.split(","), strict=True))
            cells = dict.fromkeys(OWN_COLUMNS, "") | cells | {"country": "GB"}
            cells[column] = "9" * length
            good = f"gas,Bluefin,Gas,2027-03-02,{',' * (len(cells) - 5)}"
            order = [*HEADER.split(","), *(each for each in cells if each not in HEADER)]
            row = ",".join(cells[each] for each in order)
            text = f"{','.join(order)}\n{row}\n{good}\n"
        parsed = read_own_bills(text, "somebody")
        assert names(parsed) == ["Gas"]
        assert {error.row for error in parsed.errors} == {2}
        if column != "no cell":
            assert column in [error.column for error in parsed.errors]
            said = [error.problem for error in parsed.errors if error.column == column]
            assert any(f"at most {MAX_CELL}" in each for each in said)
        assert sum(len(error.problem) for error in parsed.errors) < 4000

    def test_a_quote_that_stays_open_is_still_told(self) -> None:
        parsed = read_own_bills(f'{HEADER}\n{RENT}\n"{GAS}\n', "somebody")
        assert names(parsed) == ["Rent"]
        assert "close the quote" in parsed.errors[0].problem

    @pytest.mark.parametrize("count", [11, 20_000])
    def test_unknown_columns_are_named_up_to_ten_and_counted(self, count: int) -> None:
        unknown = ",".join(f"my {chr(97 + number % 26)}" for number in range(count))
        parsed = read_own_bills(f"{HEADER},{unknown}\n", "somebody")
        named = [error.column for error in parsed.errors]
        assert named == [*(f"my {letter}" for letter in "abcdefghij"), ""]
        assert parsed.errors[-1].problem.startswith(f"{count - 10:,} more unknown column")
        assert sum(len(error.problem) for error in parsed.errors) < 8000

    def test_ten_unknown_columns_are_all_named(self) -> None:
        unknown = ",".join(f"extra {number}" for number in range(10))
        assert len(read_own_bills(f"{HEADER},{unknown}\n", "somebody").errors) == 10


PHONE = "+447700900123"


class TestPhones:
    """As phones, contacts and Chinese keyboards write them."""

    @pytest.mark.parametrize(
        "text",
        [
            "\u202a+44 7700 900123\u202c",
            "\u202d+447700900123\u202c",
            "\u2066+44 7700 900123\u2069",
            "\u200e+44\u00a07700\u00a0900123",
            "+44\u20117700\u2011900123",
            "+44\u20137700\u2212900123",
            "+44\u202f7700\u2009900\u3000123",
            "＋４４７７００９００１２３",
            "＋４４（７７００）９００－１２３",
            "+44\u200b7700900123\ufeff",
        ],
    )
    def test_a_pasted_number_is_read(self, text: str) -> None:
        assert addresses.phone(text) == PHONE

    @pytest.mark.parametrize(
        "text", ["447700900123", "+44 7700 90012x", "+٤٤٧٧٠٠٩٠٠١٢٣", "\u202a\u202c"]
    )
    def test_what_is_no_number_stays_none(self, text: str) -> None:
        with pytest.raises(CellError, match="country code"):
            addresses.phone(text)

    @given(st.text("\u202a\u202d\u202c\u2011\u00a0\u3000\u200f -", max_size=9), st.integers(1, 12))
    def test_signs_without_width_and_spaces_change_nothing(self, signs: str, place: int) -> None:
        assert addresses.phone(f"{PHONE[:place]}{signs}{PHONE[place:]}{signs}") == PHONE


class TestDates:
    """The year first has one meaning; anything else has two."""

    @pytest.mark.parametrize(
        "text",
        [
            "2027-03-05",
            "2027/3/5",
            "2027/03/05",
            "2027-3-5",
            "2027.3.5",
            "2027年3月5日",
            "2027年03月05日",
            "２０２７年３月５日",
            "2027-03-05 00:00:00",
            "2027-03-05T00:00:00",
            "2027/3/5 0:00",
            "2027-03-05 00:00:00.000",
        ],
    )
    def test_a_date_with_the_year_first_is_read(self, text: str) -> None:
        assert day(text) == date(2027, 3, 5)
        assert instant(text) == datetime(2027, 3, 5, tzinfo=UTC)

    @pytest.mark.parametrize(
        "text", ["3/5/2027", "05.03.2027", "5-3-2027", "03/05/27", "31/12/2027", "27/3/5"]
    )
    def test_a_date_that_a_spreadsheet_rewrote_is_refused_with_the_way_to_keep_it(
        self, text: str
    ) -> None:
        with pytest.raises(CellError, match=r"spreadsheet.*YYYY-MM-DD.*as text") as caught:
            day(text)
        assert text not in str(caught.value)

    @pytest.mark.parametrize(
        "text",
        [
            *("2027-3/5", "2027-03-05 09:00:00", "2027-03", "20270305", "2027-W04-7", "46086"),
            *("2027/2/30", "2027年13月5日", "1969/12/31", "2027-03-05 00:00:00Z", "2027年3月5"),
        ],
    )
    def test_what_is_no_date_is_refused(self, text: str) -> None:
        with pytest.raises(CellError):
            day(text)

    @given(st.dates(date(1970, 1, 1), date(2199, 12, 31)), st.sampled_from("-/."))
    def test_every_day_reads_in_every_form(self, wanted: date, mark: str) -> None:
        plain = mark.join(map(str, (wanted.year, wanted.month, wanted.day)))
        assert day(plain) == day(f"{plain} 0:00:00") == day(wanted.isoformat()) == wanted

    def test_an_instant_still_wants_its_offset(self) -> None:
        with pytest.raises(CellError, match="offset"):
            instant("2027-03-05 09:30:00")


class TestSeparators:
    """Semicolons and tabs part cells where the whole header is read by them."""

    @pytest.mark.parametrize("mark", [";", "\t"])
    @pytest.mark.parametrize("before", ["", "\ufeff", "sep={}\n", "\ufeffSEP={}\r\n", '"sep={}"\n'])
    def test_another_separator_is_recognised(self, mark: str, before: str) -> None:
        lines = [HEADER, RENT, 'gas,"Bluefin" ,"Gas",2027-03-02']
        text = before.format(mark) + "\n".join(lines).replace(",", mark)
        parsed = read_own_bills(text, "somebody")
        assert parsed.errors == ()
        assert names(parsed) == ["Rent", "Gas"]
        assert [row.row for row in parsed.rows] == [2, 3]

    def test_commas_may_be_named_and_stand_in_cells(self) -> None:
        assert names(read_own_bills(f"sep=,\n{HEADER}\n{RENT}\n", "somebody")) == ["Rent"]
        text = f"{HEADER}\n{RENT}\n".replace(",", ";").replace("Rent", "Rent, flat")
        assert names(read_own_bills(text, "somebody")) == ["Rent, flat"]

    def test_a_value_that_holds_the_separator_wants_quotes(self) -> None:
        text = f"{HEADER}\n{RENT}\n".replace(",", ";").replace("Rent", "Rent; flat")
        (error,) = read_own_bills(text, "somebody").errors
        assert (error.row, "a value that holds a semicolon" in error.problem) == (2, True)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("bill_id;biller;name\nrent;Oak;Rent\n", "semicolons"),
            ("bill_id\tbiller\tname\nrent\tOak\tRent\n", "tabs"),
            ("Konto;Name\nx;y\n", "semicolons"),
            ("bill_id|biller|name|first_due\n", "vertical bars"),
            ("My bills\nbill_id,biller,name,first_due\n", "one cell"),
            ("a,b,c\n", "3 cells"),
            ("b\x00i\x00l\x00l\x00", "UTF-16"),
        ],
    )
    def test_what_was_found_is_named_when_there_is_no_header(self, text: str, found: str) -> None:
        errors = read_own_bills(text, "somebody").errors
        assert found in errors[0].problem
        assert errors[0].row == 1
