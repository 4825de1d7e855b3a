"""One mailbox counts once, however its address is written; nobody is written to by what counts."""

import pytest

from bill_reminders.domain.mailboxes import domain_key, mailbox_key

SAME = [
    ("ann@example.com", "ann+1@example.com"),
    ("ann@example.com", "ann+a+b@example.com"),
    ("ann@example.com", "a.n.n@example.com"),
    ("ann@example.com", "Ann@EXAMPLE.com"),
    ("ann@gmail.com", "a.nn+x@googlemail.com"),
    ("ann@example.com", "ann@example.com."),
]
OTHERS = [
    ("ann@example.com", "anna@example.com"),
    ("ann@example.com", "ann@example.org"),
    ("ann@example.com", "ann@mail.example.com"),
    ("+ann@example.com", "+bob@example.com"),
    ("...@example.com", "+x@example.com"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_addresses_that_reach_one_mailbox_have_one_key(one: str, other: str) -> None:
    assert mailbox_key(one) == mailbox_key(other)


@pytest.mark.parametrize(("one", "other"), OTHERS)
def test_other_mailboxes_have_other_keys(one: str, other: str) -> None:
    assert mailbox_key(one) != mailbox_key(other)


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("ann@example.com", "example.com"),
        ("ann@mail.example.com", "example.com"),
        ("ann@a.b.c.example.com", "example.com"),
        ("ann@Example.CO.uk", "example.co.uk"),
        ("ann@x.example.com.au", "example.com.au"),
        ("ann@localhost", "localhost"),
        ("ann@gmail.com", None),
        ("ann@googlemail.com", None),
        ("ann@qq.com", None),
        ("ann@yahoo.co.uk", None),
        ("ann@mail.gmail.com.example.com", "example.com"),
    ],
)
def test_a_domain_is_counted_with_those_below_it_and_no_big_provider_is(
    address: str, key: str | None
) -> None:
    assert domain_key(address) == key
