"""What users.csv may hold, and what is said about a file that cannot be used."""

import csv
import io
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.domain.enums import Channel
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import DEFAULT_PLAN, Attestation, Join, Language
from bill_reminders.files.rows import MAX_ROWS, RowError, decode
from bill_reminders.files.users import COLUMNS, OPTIONAL_COLUMNS, UserRow, read_users
from tests.support.examples import examples

SAMPLE = Path(__file__).parents[2] / "samples" / "users.csv"

PHONE = "+447700900456"
EMAIL = "somebody.private@example.net"
TOKEN = "0a1b2c3d" * 8

GOOD = {
    "user_id": "harbor-01",
    "language": "en",
    "time_zone": "Europe/London",
    "channels": "sms+email",
    "phone": PHONE,
    "email": EMAIL,
    "push_token": TOKEN,
    "attested_by": "Branch desk",
    "attested_at": "2026-08-14",
    "evidence": "form 7",
}
OTHER = {"user_id": "meadow-02", "phone": "", "email": "", "push_token": ""}


def users_csv(*changes: dict[str, str], columns: tuple[str, ...] = COLUMNS) -> str:
    """A file with a good row for each of `changes`, changed so."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for change in changes or ({},):
        cells = GOOD | change
        writer.writerow([cells.get(column, "") for column in columns])
    return text.getvalue()


def the_row(text: str) -> UserRow:
    parsed = read_users(text)
    assert parsed.errors == ()
    (row,) = parsed.rows
    return row


def the_error(text: str) -> RowError:
    (error,) = read_users(text).errors
    return error


def test_a_row_becomes_a_user_with_attested_addresses() -> None:
    row = the_row(users_csv({"quiet_hours": "22:00-08:00"}))

    by = Attestation("Branch desk", datetime(2026, 8, 14, tzinfo=UTC), "form 7")
    assert row.row == 2
    assert row.user.user_id == "harbor-01"
    assert row.user.language is Language.ENGLISH
    assert row.user.zone == ZoneInfo("Europe/London")
    assert row.user.quiet_hours == QuietHours(time(22), time(8))
    assert {channel: a.value for channel, a in row.user.addresses.items()} == {
        Channel.SMS: PHONE,
        Channel.EMAIL: EMAIL,
    }
    assert {address.attestation for address in row.user.addresses.values()} == {by}
    assert (row.push_token, row.attestation) == (TOKEN, by)


def test_the_repr_of_a_row_shows_no_address() -> None:
    shown = repr(the_row(users_csv()))

    assert not [address for address in (PHONE, EMAIL, TOKEN) if address in shown]


def test_empty_plan_cells_keep_the_default_plan() -> None:
    plan = the_row(users_csv({"channels": "sms"})).user.plan

    assert plan == DEFAULT_PLAN


def test_a_user_without_attestation_has_addresses_that_may_not_be_used() -> None:
    row = the_row(users_csv({"attested_by": "", "attested_at": "", "evidence": ""}))

    assert row.user.addresses.keys() == {Channel.SMS, Channel.EMAIL}
    assert row.user.address(Channel.SMS) is None
    assert row.attestation is None


def test_a_wanted_channel_may_lack_its_address() -> None:
    row = the_row(users_csv({"channels": "push+sms+email", "phone": "", "push_token": ""}))

    assert row.user.plan.channels == (Channel.PUSH, Channel.SMS, Channel.EMAIL)
    assert row.user.addresses.keys() == {Channel.EMAIL}
    assert row.push_token is None


@pytest.mark.parametrize(
    ("column", "cell", "value"),
    [
        ("lead_days", "30+7+0", (30, 7, 0)),
        ("lead_days", " 3 + 1 ", (3, 1)),
        ("lead_days", "365", (365,)),
        ("lead_days", "none", ()),
        ("overdue_days", "1+60", (1, 60)),
        ("overdue_days", "None", ()),
        ("remind_at", "00:00", time(0)),
        ("remind_at", "9:05", time(9, 5)),
        ("remind_at", "23:59", time(23, 59)),
        ("channels", "email", (Channel.EMAIL,)),
        ("channels", "Push + SMS", (Channel.PUSH, Channel.SMS)),
    ],
)
def test_plan_cells(column: str, cell: str, value: object) -> None:
    plan = the_row(users_csv({column: cell})).user.plan

    assert getattr(plan, column) == value


@pytest.mark.parametrize(
    ("cell", "joins"),
    [
        ("push+sms", ()),
        ("push+sms@0", (Join(Channel.SMS, 0),)),
        ("push+sms@7+email@365", (Join(Channel.SMS, 7), Join(Channel.EMAIL, 365))),
    ],
)
def test_a_channel_may_join_late(cell: str, joins: tuple[Join, ...]) -> None:
    assert the_row(users_csv({"channels": cell})).user.plan.joins == joins


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("+1 202-555-0123", "+12025550123"),
        ("+1 (202) 555.0123", "+12025550123"),
        ("+44 7700 900123", "+447700900123"),
        ("+44 (0)7700 900123", "+447700900123"),
        ("+61 491 570 006", "+61491570006"),
        ("+86 138 0013 8000", "+8613800138000"),
        ("+852 5123 4567", "+85251234567"),
    ],
)
def test_phone_numbers_are_stored_in_one_form(cell: str, stored: str) -> None:
    assert the_row(users_csv({"phone": cell})).user.addresses[Channel.SMS].value == stored


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("+44 9098 790000", id="premium rate, United Kingdom"),
        pytest.param("+1 900 555 0123", id="premium rate, United States"),
        pytest.param("+33 899 12 34 56", id="premium rate, France"),
        pytest.param("+358 700 123456", id="premium rate, Finland"),
        pytest.param("+49 180 1123456", id="shared cost"),
        pytest.param("+1 800 555 0123", id="toll-free"),
        pytest.param("+81 120 123 456", id="toll-free, Japan"),
        pytest.param("+44 7600 000000", id="pager"),
        pytest.param("+44 3000 000000", id="one number of a company"),
        pytest.param("+44 7000 000000", id="personal number"),
        pytest.param("+881 6 1234 5678", id="satellite"),
        pytest.param("+870 773111632", id="satellite of ships"),
        pytest.param("+882 13300655", id="international network"),
        pytest.param("+883 510001234", id="international network, too"),
        pytest.param("+979 123456789", id="international premium rate"),
        pytest.param("+800 1234 5678", id="international toll-free"),
    ],
)
def test_a_number_that_only_costs_money_is_a_bad_cell(cell: str) -> None:
    error = the_error(users_csv({"phone": cell}))
    assert error.column == "phone"
    assert "write a mobile number" in error.problem
    assert cell not in error.problem


@pytest.mark.parametrize(
    "cell",
    [
        pytest.param("+1 202 555 0123", id="fixed line or mobile, kept for fiction"),
        pytest.param("+44 7700 900123", id="of no known kind, kept for fiction"),
        pytest.param("+86 138 0013 8000", id="mobile"),
        pytest.param("+81 50 1234 5678", id="by internet"),
        pytest.param("+44 20 7946 0123", id="fixed line, which may be read aloud"),
        pytest.param("+17005550123", id="of no known kind"),
    ],
)
def test_a_number_that_an_sms_may_reach_is_taken(cell: str) -> None:
    assert Channel.SMS in the_row(users_csv({"phone": cell})).user.addresses


@pytest.mark.parametrize(
    ("cell", "stored"),
    [
        ("a@example.com", "a@example.com"),
        ("First.Last+bills@Example.ORG", "First.Last+bills@example.org"),
        ("a@例子.中国", "a@xn--fsqu00a.xn--fiqs8s"),
    ],
)
def test_email_addresses_are_stored_in_one_form(cell: str, stored: str) -> None:
    assert the_row(users_csv({"email": cell})).user.addresses[Channel.EMAIL].value == stored


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        ("2026-08-14", datetime(2026, 8, 14, tzinfo=UTC)),
        ("2026-08-14T09:30:00Z", datetime(2026, 8, 14, 9, 30, tzinfo=UTC)),
        ("2026-08-14T09:30+08:00", datetime(2026, 8, 14, 1, 30, tzinfo=UTC)),
        ("2026-08-14 09:30:00.75-04:00", datetime(2026, 8, 14, 13, 30, tzinfo=UTC)),
    ],
)
def test_an_attestation_is_dated_in_utc(cell: str, instant: datetime) -> None:
    attestation = the_row(users_csv({"attested_at": cell})).attestation

    assert attestation is not None
    assert attestation.at == instant


@pytest.mark.parametrize("cell", ["zh-Hans", "zh-Hant", "en", "ZH-HANS"])
def test_languages(cell: str) -> None:
    assert the_row(users_csv({"language": cell})).user.language.lower() == cell.lower()


@pytest.mark.parametrize(
    "cell", ["Asia/Shanghai", "America/Argentina/Buenos_Aires", "Asia/Kolkata", "UTC"]
)
def test_time_zones(cell: str) -> None:
    assert the_row(users_csv({"time_zone": cell})).user.zone.key == cell


@pytest.mark.parametrize(
    ("cell", "start", "end"),
    [
        ("22:00-08:00", time(22), time(8)),
        ("9:00 - 17:30", time(9), time(17, 30)),
        ("00:00-20:00", time(0), time(20)),
        ("12:00-08:00", time(12), time(8)),
    ],
)
def test_quiet_hours(cell: str, start: time, end: time) -> None:
    assert the_row(users_csv({"quiet_hours": cell})).user.quiet_hours == QuietHours(start, end)


@pytest.mark.parametrize(
    ("column", "cell", "remedy"),
    [
        ("user_id", "", "fill it in"),
        ("user_id", "a b", "write 1 to 64 letters"),
        ("user_id", "用户", "write 1 to 64 letters"),
        ("user_id", "x" * 65, "write 1 to 64 letters"),
        ("language", "", "fill it in"),
        ("language", "fr", "write en, zh-Hans, zh-Hant"),
        ("language", "zh", "write en, zh-Hans, zh-Hant"),
        ("time_zone", "", "fill it in"),
        ("time_zone", "+08:00", "write the IANA zone"),
        ("time_zone", "UTC+8", "write the IANA zone"),
        ("time_zone", "GMT-05:00", "write the IANA zone"),
        ("time_zone", "Etc/GMT-8", "write the IANA zone"),
        ("time_zone", "EST", "write the IANA zone"),
        ("time_zone", "MST", "write the IANA zone"),
        ("time_zone", "HST", "write the IANA zone"),
        ("time_zone", "GMT", "write the IANA zone"),
        ("time_zone", "Etc/GMT", "write the IANA zone"),
        ("time_zone", "Greenwich", "write the IANA zone"),
        ("time_zone", "Asia/Beijing", "write Area/City"),
        ("time_zone", "europe/london", "write Area/City"),
        ("time_zone", "../../etc/passwd", "write Area/City"),
        ("time_zone", "Factory", "write Area/City"),
        ("channels", "", "write the channels"),
        ("channels", "whatsapp", "write sms, push and email"),
        ("channels", "sms,email", "write sms, push and email"),
        ("channels", "sms+", "write sms, push and email"),
        ("channels", "sms+email+sms", "write each once"),
        ("channels", "push+sms@", "0 to 365"),
        ("channels", "push+sms@366", "0 to 365"),
        ("channels", "push+sms@-1", "0 to 365"),
        ("lead_days", "366", "write numbers from 0 to 365"),
        ("lead_days", "-1", "write numbers from 0 to 365"),
        ("lead_days", "3,1,0", "write numbers from 0 to 365"),
        ("lead_days", "1.5", "write numbers from 0 to 365"),
        ("lead_days", "٣", "write numbers from 0 to 365"),
        ("lead_days", "9" * 5000, "write numbers from 0 to 365"),
        ("lead_days", "3+03", "write each once"),
        ("overdue_days", "0", "write numbers from 1 to 60"),
        ("overdue_days", "61", "write numbers from 1 to 60"),
        ("remind_at", "24:00", "write HH:MM"),
        ("remind_at", "09:60", "write HH:MM"),
        ("remind_at", "9am", "write HH:MM"),
        ("remind_at", "09:00:00", "write HH:MM"),
        ("quiet_hours", "22:00", "write HH:MM-HH:MM"),
        ("quiet_hours", "22:00-08:00-09:00", "write HH:MM-HH:MM"),
        ("quiet_hours", "22-8", "write HH:MM"),
        ("quiet_hours", "22:00-22:00", "write two times"),
        ("quiet_hours", "12:00-08:01", "leave at least 4 hours"),
        ("quiet_hours", "00:00-20:01", "leave at least 4 hours"),
        ("phone", "202-555-0123", "write + and the country code"),
        ("phone", "001 202 555 0123", "write + and the country code"),
        ("phone", "+1 555 0123", "write + and the country code"),
        ("phone", "+1 202 555 012", "write + and the country code"),
        ("phone", "+999 123 456 789", "write + and the country code"),
        ("phone", "+1 202 555 0123 ext 5", "write + and the country code"),
        ("phone", "call +1 202 555 0123", "write + and the country code"),
        ("phone", "+1-800-FLOWERS", "write + and the country code"),
        ("phone", "1.20256E+10", "write + and the country code"),
        ("phone", "+" + "9" * 5000, "write + and the country code"),
        ("email", "somebody", "write one address"),
        ("email", "a@example.com; b@example.com", "write one address"),
        ("email", "Some Body <a@example.com>", "write one address"),
        ("email", "用户@example.com", "write one address"),
        ("email", "a@localhost", "write one address"),
        ("push_token", "x" * 15, "copy all of it"),
        ("push_token", "x" * 4097, "copy all of it"),
        ("push_token", "0a1b 2c3d " * 4, "copy all of it"),
        ("push_token", "令牌" * 20, "copy all of it"),
        ("attested_by", "", "leave all three empty"),
        ("attested_by", "x" * 101, "write at most 100"),
        ("attested_by", "desk\nnumber 2", "delete it"),
        ("attested_at", "", "leave all three empty"),
        ("attested_at", "14.08.2026", "write YYYY-MM-DD"),
        ("attested_at", "2026-08-14T09:30:00", "with Z or +hh:mm"),
        ("attested_at", "2026-08-14T25:00:00Z", "with Z or +hh:mm"),
        ("attested_at", "2026-02-30", "a day that exists"),
        ("attested_at", "2026-02-30T00:00:00Z", "a day that exists"),
        ("attested_at", "0001-01-01T00:00:00+14:00", "from 1970 to 2199"),
        ("evidence", "", "leave all three empty"),
        ("evidence", "form \u202e7", "delete it"),
    ],
)
def test_a_bad_cell_is_named_with_its_remedy(column: str, cell: str, remedy: str) -> None:
    parsed = read_users(users_csv(OTHER, {column: cell}))

    (error,) = parsed.errors
    assert (error.row, error.column) == (3, column)
    assert remedy in error.problem
    assert [row.row for row in parsed.rows] == [2]


def test_all_errors_of_a_row_are_reported() -> None:
    bad = {"user_id": "a b", "language": "fr", "phone": "1", "email": "x", "evidence": ""}

    errors = read_users(users_csv(bad)).errors

    assert {error.column for error in errors} == bad.keys()
    assert {error.row for error in errors} == {2}


def test_a_user_stands_in_a_file_once() -> None:
    parsed = read_users(users_csv({}, {"language": "zh-Hans"}))

    (error,) = parsed.errors
    assert (error.row, error.column) == (3, "user_id")
    assert "row 2" in error.problem
    assert "keep one" in error.problem
    assert [row.user.language for row in parsed.rows] == [Language.ENGLISH]


@pytest.mark.parametrize(
    ("column", "first", "second"),
    [
        ("phone", "+1 202-555-0123", "+1 (202) 5550123"),
        ("email", "Some.Body@example.com", "some.body@EXAMPLE.com"),
        ("push_token", TOKEN, TOKEN),
    ],
)
def test_an_address_belongs_to_one_user(column: str, first: str, second: str) -> None:
    error = the_error(users_csv(OTHER | {column: first}, {**OTHER, "user_id": "x", column: second}))

    assert (error.row, error.column) == (3, column)
    assert "an address belongs to one user" in error.problem
    assert "row 2" in error.problem
    assert second not in str(error)


def test_a_row_counts_as_a_spreadsheet_shows_it() -> None:
    header, good, bad = users_csv(OTHER, {"language": "fr"}).splitlines()
    two_lines_in_a_cell = users_csv({**OTHER, "user_id": "x", "evidence": "a\nb"})
    broken = two_lines_in_a_cell.split("\r\n", 1)[1].rstrip()

    errors = read_users("\r\n".join([header, good, "", ",,,,,,,,,,,,,", broken, bad, "", ""]))

    assert [(e.row, e.column) for e in errors.errors] == [(5, "evidence"), (6, "language")]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_end_and_blank_lines_at_the_end_will_do(line_end: str) -> None:
    text = users_csv().replace("\r\n", line_end) + line_end * 3

    assert the_row(text).user.user_id == "harbor-01"


def test_spaces_letter_case_and_order_of_columns_do_not_matter() -> None:
    columns = tuple(f" {column.upper()} " for column in reversed(COLUMNS))
    cells = (f'  "{GOOD.get(column, "")}" \t' for column in reversed(COLUMNS))

    row = the_row(f"{','.join(columns)}\n{','.join(cells)} \n")

    assert (row.user.user_id, row.push_token) == ("harbor-01", TOKEN)


def test_a_file_with_a_header_alone_holds_nobody() -> None:
    parsed = read_users(",".join(COLUMNS))

    assert (parsed.rows, parsed.errors) == ((), ())


@pytest.mark.parametrize("text", ["", "\ufeff", "\n \n", ",,,\n"])
def test_an_empty_file(text: str) -> None:
    error = the_error(text)

    assert (error.row, error.column) == (1, "")
    assert "start it with the row user_id," in error.problem


def test_a_missing_column_is_named() -> None:
    without = tuple(column for column in COLUMNS if column != "email")

    error = the_error(users_csv(columns=without))

    assert (error.row, error.column) == (1, "email")
    assert "add it" in error.problem


def test_an_unknown_column_is_named_with_the_known_ones() -> None:
    error = the_error(users_csv(columns=(*COLUMNS, "Nick name")))

    assert (error.row, error.column) == (1, "nick name")
    assert "remove it" in error.problem
    assert ", ".join(COLUMNS) in error.problem


def test_a_repeated_column_is_named() -> None:
    error = the_error(users_csv(columns=(*COLUMNS, "phone")))

    assert (error.row, error.column) == (1, "phone")
    assert "keep one" in error.problem


def test_a_file_without_header_or_with_other_separators() -> None:
    headless = users_csv().split("\r\n", 1)[1]

    for text, found in ((headless, "cells"), (users_csv().replace(",", "|"), "vertical bars")):
        error = the_error(text)
        assert (error.row, error.column) == (1, "")
        assert "separated by commas: user_id" in error.problem
        assert error.problem.endswith(found)

    assert read_users(users_csv().replace(",", ";")) == read_users(users_csv())


@pytest.mark.parametrize("extra", [",", ",x,y"])
def test_a_row_with_too_many_cells(extra: str) -> None:
    error = the_error(users_csv().rstrip() + extra)

    assert (error.row, error.column) == (2, "")
    assert "put quotes around" in error.problem


def test_a_row_with_too_few_cells() -> None:
    error = the_error(users_csv() + "meadow-02,en\n")

    assert (error.row, error.column) == (3, "")
    assert "give every column a cell" in error.problem


@pytest.mark.parametrize("cell", ['"never closed', '"closed" too early'])
def test_a_quote_that_is_not_closed(cell: str) -> None:
    text = users_csv(OTHER) + f"x,en,{cell},\n" + users_csv().split("\r\n", 1)[1]

    parsed = read_users(text)

    (error,) = parsed.errors
    assert (error.row, error.column) == (3, "")
    assert "close the quote" in error.problem
    assert [row.row for row in parsed.rows] == [2]


def test_a_file_with_too_many_rows_is_refused_whole() -> None:
    most = users_csv() + "x\r\n" * (MAX_ROWS - 1)
    assert len(read_users(most).rows) == 1

    parsed = read_users(most + "x\r\n")

    (error,) = parsed.errors
    assert parsed.rows == ()
    assert (error.row, error.column) == (MAX_ROWS + 2, "")
    assert "split the file" in error.problem


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_is_read_with_or_without_its_mark(encoding: str) -> None:
    text = users_csv({"attested_by": "纸船服务台"})

    assert decode(text.encode(encoding)) == text
    assert the_row("\ufeff" + text).user.user_id == "harbor-01"


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "utf-16"])
def test_another_encoding_is_refused(encoding: str) -> None:
    with pytest.raises(InvalidValue, match="UTF-8"):
        decode("用戶,纸船".encode(encoding, errors="ignore"))


def test_an_error_reads_as_a_line_of_a_report() -> None:
    assert str(RowError(3, "phone", "bad: mend it")) == "row 3, phone: bad: mend it"
    assert str(RowError(3, "", "bad: mend it")) == "row 3: bad: mend it"


def test_the_sample_has_no_error() -> None:
    parsed = read_users(decode(SAMPLE.read_bytes()))

    assert parsed.errors == ()
    assert len(parsed.rows) == 8
    assert {row.user.language for row in parsed.rows} == set(Language)
    assert len({row.user.zone for row in parsed.rows}) >= 5


ANY_CELL = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(codec=None, categories=["Cc", "Cs", "Nd", "Po"]), max_size=10),
    st.sampled_from([*GOOD.values(), "none", "+", "-", '"', "2027-02-30", "9" * 400]),
)


@given(st.text())
def test_any_text_gives_errors_and_raises_nothing(text: str) -> None:
    parsed = read_users(text)

    assert parsed.rows == ()
    assert parsed.errors


@given(st.binary())
def test_any_bytes_are_text_or_refused(data: bytes) -> None:
    try:
        decode(data)
    except InvalidValue as error:
        assert error.problem


@given(st.lists(st.lists(ANY_CELL, min_size=len(COLUMNS), max_size=len(COLUMNS)), max_size=4))
def test_any_cells_raise_nothing(table: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([COLUMNS, *table])

    parsed = read_users(text.getvalue())

    numbers = {row.row for row in parsed.rows} | {error.row for error in parsed.errors}
    assert numbers <= set(range(2, len(table) + 2))


@examples(300)
@given(st.data())
def test_no_error_repeats_an_address(data: st.DataObject) -> None:
    """Addresses in any column, also in the header: columns get shifted, headers forgotten."""
    cell = st.sampled_from([PHONE, EMAIL, TOKEN, "x"])
    row = st.lists(cell, min_size=len(COLUMNS) - 1, max_size=len(COLUMNS) + 1)
    header = data.draw(st.sampled_from([list(COLUMNS), [*COLUMNS[:-1], PHONE, EMAIL, TOKEN]]))
    table = data.draw(st.lists(row, max_size=4))
    text = io.StringIO()
    csv.writer(text).writerows([header, *table])

    said = " ".join(map(str, read_users(text.getvalue()).errors)).lower()

    assert not [address for address in (PHONE, EMAIL, TOKEN) if address in said]


def test_a_pause_lasts_until_a_date() -> None:
    (row,) = read_users(users_csv({"paused_until": "2027-03-14"})).rows
    assert row.user.paused_until == date(2027, 3, 14)
    assert the_error(users_csv({"paused_until": "soon"})).column == "paused_until"
    older = tuple(column for column in COLUMNS if column not in OPTIONAL_COLUMNS)
    assert read_users(users_csv(columns=older)).rows[0].user.paused_until is None
