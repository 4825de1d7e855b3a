"""Which links a bill may hold: those of a page that everybody can open, and no trap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.files.cells import CellError
from bill_reminders.files.web_addresses import LONGEST, web_address


@pytest.mark.parametrize(
    "link",
    [
        "https://pay.example.com",
        "https://pay.example.com/",
        "https://pay.example.com/bill/7?amount=120.50&ref=A-1#now",
        "https://pay.example.com?bill[]=7",
        "https://pay.example.com:8443/bill",
        "https://xn--bcher-kva.example.com/%E8%B4%A6%E5%8D%95",
        "https://example.xn--p1ai/",
        "https://pay.example.com/" + "x" * (LONGEST - 24),
    ],
)
def test_a_link_to_a_public_page_stays_as_it_is(link: str) -> None:
    assert web_address(link) == link


def test_scheme_and_host_are_written_small() -> None:
    assert web_address("HTTPS://Pay.Example.COM/Bill") == "https://pay.example.com/Bill"


@pytest.mark.parametrize(
    ("link", "remedy"),
    [
        ("http://pay.example.com", "starts with https://"),
        ("pay.example.com", "starts with https://"),
        ("//pay.example.com", "starts with https://"),
        ("https:/pay.example.com", "starts with https://"),
        ("https：//pay.example.com", "starts with https://"),
        ("javascript:alert(1)", "starts with https://"),
        ("javascript://pay.example.com/%0aalert(1)", "starts with https://"),
        ("data:text/html,x", "starts with https://"),
        ("alipays://platformapi/startapp", "starts with https://"),
        ("https://bank.example.com@evil.example.com/", "leave out all between"),
        ("https://user:word@pay.example.com/", "leave out all between"),
        ("https://", "not an IP address"),
        ("https:///bill", "not an IP address"),
        ("https://pay", "not an IP address"),
        ("https://localhost/bill", "not an IP address"),
        ("https://pay.localhost/bill", "not an IP address"),
        ("https://printer.local", "not an IP address"),
        ("https://pay.corp.internal/", "not an IP address"),
        ("https://127.0.0.1/", "not an IP address"),
        ("https://0x7f.1/", "not an IP address"),
        ("https://2130706433/", "not an IP address"),
        ("https://[::1]/", "not an IP address"),
        ("https://169.254.169.254/latest", "not an IP address"),
        ("https://pay..example.com/", "not an IP address"),
        ("https://-pay.example.com/", "not an IP address"),
        ("https://pay.example.com./", "not an IP address"),
        ("https://pay_.example.com/", "not an IP address"),
        ("https://pаy.example.com/", "not an IP address"),  # a Cyrillic а
        ("https://pay。example。com/", "not an IP address"),
        ("https://" + "a." * 130 + "com/", "not an IP address"),
        ("https://pay.example.com:/", "leave it out"),
        ("https://pay.example.com:0/", "leave it out"),
        ("https://pay.example.com:65536/", "leave it out"),
        ("https://pay.example.com:443x/", "leave it out"),
        ("https://pay.example.com\\@evil.example.com/", "leave out all between"),
        ("https://pay.example.com\\.evil.example.com/", "not an IP address"),
        ("https://pay.example.com/a b", "copy it from a browser"),
        ("https://pay.example.com/\u202ebill", "copy it from a browser"),
        ("https://pay.example.com/账单", "copy it from a browser"),
        ('https://pay.example.com/"onclick="x', "copy it from a browser"),
        ("https://pay.example.com/<script>", "copy it from a browser"),
        ("https://pay.example.com/%zz", "copy it from a browser"),
        ("https://pay.example.com/#one#two", "copy it from a browser"),
        ("https://pay.example.com/\n", "copy it from a browser"),
        ("https://pay.example.com/" + "x" * (LONGEST - 23), "at most 500 characters"),
    ],
)
def test_everything_else_is_refused_with_a_remedy(link: str, remedy: str) -> None:
    with pytest.raises(CellError) as caught:
        web_address(link)
    assert remedy in str(caught.value)


@given(st.text() | st.text("htps:/@.aé1[]%#? \\", max_size=30).map("https://a.b.com{}".format))
def test_whatever_passes_is_plain_and_has_no_user(text: str) -> None:
    try:
        link = web_address(text)
    except CellError:
        return
    assert link.startswith("https://") and link.isascii() and link.isprintable()
    assert not set(link) & set(' "<>\\^`{|}')
    assert web_address(link) == link
