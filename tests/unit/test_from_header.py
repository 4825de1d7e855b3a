"""Who an inbox says that an e-mail is from."""

from email import message_from_string, policy
from email.header import decode_header, make_header
from email.utils import parseaddr

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels.email.request import Mailbox, email_request

ADDRESS = "reminders@example.com"


def from_header(name: str) -> str:
    request = email_request(
        sender=Mailbox(ADDRESS, "events", name),
        to="somebody@example.com",
        subject="Due today",
        text="Due today",
        html="<p>Due today</p>",
        message_id="one",
    )
    return str(request["FromEmailAddress"])


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("Lantern", "Lantern <reminders@example.com>"),
        ("Lantern Bank", "Lantern Bank <reminders@example.com>"),
        ("Lantern, Inc.", '"Lantern, Inc." <reminders@example.com>'),
        ('The "Lantern"', '"The \\"Lantern\\"" <reminders@example.com>'),
        ("A\\B", '"A\\\\B" <reminders@example.com>'),
        ("me@evil.example", '"me@evil.example" <reminders@example.com>'),
        ("<a@b.example>", '"<a@b.example>" <reminders@example.com>'),
        ("账单提醒", "=?utf-8?b?6LSm5Y2V5o+Q6YaS?= <reminders@example.com>"),
        ("", ADDRESS),
        (" \t ", ADDRESS),
        ("A\r\nBcc: b@example.com", '"A Bcc: b@example.com" <reminders@example.com>'),
    ],
)
def test_the_senders_name_stands_before_the_address(name: str, header: str) -> None:
    assert from_header(name) == header


@given(st.text(max_size=40))
def test_every_name_reads_back_and_leaves_the_address_alone(name: str) -> None:
    header = from_header(name)
    assert header.isascii()
    assert header.isprintable()
    assert all(len(word) <= 75 for word in header.split() if word.startswith("=?"))
    shown, address = parseaddr(header)
    assert address == ADDRESS
    wanted = "".join(sign if sign.isprintable() else " " for sign in name)
    assert str(make_header(decode_header(shown))).split() == wanted.split()


@given(st.text(max_size=40))
def test_a_mail_program_finds_one_sender(name: str) -> None:
    mail = message_from_string(f"From: {from_header(name)}\n\n", policy=policy.default)
    (sender,) = mail["From"].addresses
    assert sender.addr_spec == ADDRESS
