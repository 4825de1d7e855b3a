"""Who is told of a handover, when, and in which words."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import product

import pytest

from bill_reminders.channels.sms.direct import handover as by_sms
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.handovers import Handover, HandoverKind, others, told_at, undo_until
from bill_reminders.domain.joining import may_join, proof_since
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Address, Language, User
from bill_reminders.messages.notices import Sender
from tests.support.people import ATTESTED, a_user

NOON = datetime(2027, 3, 1, 12, 0, tzinfo=UTC)
SENDER = Sender("Lantern Bank Reminders", "stop@example.com")
LINK = "https://pay.example.com/r/abcdefghijklmnopq"


def everywhere() -> User:
    return a_user(channels=tuple(Channel))


@pytest.mark.parametrize("channel", [*Channel, None])
def test_all_are_told_but_the_contact_that_changed_hands(channel: Channel | None) -> None:
    assert set(others(everywhere(), channel)) == set(Channel) - {channel}


def test_a_contact_that_may_not_be_written_to_is_not_told() -> None:
    user = everywhere().with_address(Channel.EMAIL, Address("a@example.com", ATTESTED, NOON))
    user = user.with_address(Channel.PUSH, Address("arn"))
    assert set(others(user, None)) == {Channel.SMS}


def test_the_week_begins_when_the_last_of_them_may_be_told() -> None:
    quiet = QuietHours(time(11), time(18))
    user = a_user(channels=[Channel.SMS, Channel.EMAIL], quiet_hours=quiet)
    assert told_at(user, Channel.EMAIL, NOON) == NOON.replace(hour=18)
    assert undo_until(user, Channel.SMS, NOON) == NOON.replace(hour=18) + timedelta(days=7)
    awake = a_user(channels=[Channel.EMAIL])
    assert undo_until(awake, None, NOON) == NOON + timedelta(days=7)


@pytest.mark.parametrize(
    ("language", "kind", "link"), [*product(Language, HandoverKind, [LINK, ""])]
)
def test_an_sms_has_two_segments_at_most_and_its_link_whole(
    language: Language, kind: HandoverKind, link: str
) -> None:
    was = replace(a_user(), language=language)
    handover = Handover(kind, "e", was, Channel.SMS, "by", NOON, NOON + timedelta(days=7))
    said = by_sms(handover, to="+12025550123", sender=SENDER, link=link).text
    assert segments(said) <= 2
    assert link in said


@pytest.mark.parametrize(("months", "days", "opens"), [(12, 364, True), (12, 366, False)])
def test_a_proof_is_good_for_so_many_months(months: int, days: int, opens: bool) -> None:
    user = a_user().with_address(Channel.SMS, Address("+12025550123"))
    since = proof_since(NOON, months=months)
    at = NOON - timedelta(days=days)
    assert may_join(user, (), Channel.SMS, delivered_at=at, since=since, now=NOON) is opens
    assert not may_join(user, (), Channel.EMAIL, delivered_at=at, since=since, now=NOON)
