"""Who is told of a channel that died, when, and in which words."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bill_reminders.channels import registry
from bill_reminders.channels.sms import registered
from bill_reminders.channels.sms.registered import Wording
from bill_reminders.channels.sms.text import is_gsm
from bill_reminders.domain.countries import rules_for
from bill_reminders.domain.dead_channels import (
    TOLD_OF,
    DeadChannel,
    died,
    is_dead_since,
    may_go_at,
    to_tell,
)
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Language, StoppedBy, User
from bill_reminders.messages.notices import Sender
from tests.support.people import a_user
from tests.support.sms_segments import counted

NOON = datetime(2027, 3, 1, 12, tzinfo=UTC)
LINK = "https://pay.example.com/r/abcdefghijklmnopq"
USER = a_user(channels=tuple(Channel))
MAILBOX = "stop@example.com"


def stopped(user: User, channel: Channel, by: StoppedBy, at: datetime = NOON) -> User:
    known = user.addresses[channel]
    return user.with_address(channel, replace(known, stopped_at=at, stopped_by=by))


@pytest.mark.parametrize("by", StoppedBy)
def test_only_what_its_user_did_not_wish_is_a_death(by: StoppedBy) -> None:
    found = [*died(USER, stopped(USER, Channel.EMAIL, by))]
    assert found == ([Channel.EMAIL] if by in TOLD_OF else [])
    assert {StoppedBy.BOUNCED, StoppedBy.COMPLAINT} == TOLD_OF


def test_what_was_stopped_dead_or_never_confirmed_does_not_die_again() -> None:
    dead = stopped(USER, Channel.EMAIL, StoppedBy.BOUNCED)
    said_stop = stopped(USER, Channel.EMAIL, StoppedBy.PAGE)
    unconfirmed = USER.with_address(
        Channel.EMAIL, replace(USER.addresses[Channel.EMAIL], attestation=None)
    )
    other = dead.with_address(
        Channel.EMAIL, replace(dead.addresses[Channel.EMAIL], value="other@example.com")
    )
    for before, after in ((dead, dead), (said_stop, dead), (unconfirmed, dead), (USER, other)):
        assert [*died(before, after)] == []


def test_it_is_that_very_death() -> None:
    dead = stopped(USER, Channel.EMAIL, StoppedBy.BOUNCED, NOON.replace(microsecond=7))
    assert is_dead_since(dead, Channel.EMAIL, NOON)
    assert not is_dead_since(dead, Channel.EMAIL, NOON + timedelta(seconds=1))
    assert not is_dead_since(USER, Channel.EMAIL, NOON)
    assert not is_dead_since(stopped(USER, Channel.EMAIL, StoppedBy.REPLY), Channel.EMAIL, NOON)
    assert not is_dead_since(USER.without_address(Channel.EMAIL), Channel.EMAIL, NOON)


def test_the_channels_of_the_plan_come_first_and_a_dead_one_never() -> None:
    plan = replace(USER.plan, channels=(Channel.PUSH, Channel.EMAIL))
    user = replace(USER, plan=plan)
    assert [channel for channel, _ in to_tell(user, Channel.EMAIL)] == [Channel.PUSH, Channel.SMS]
    user = stopped(user, Channel.PUSH, StoppedBy.BOUNCED)
    assert [channel for channel, _ in to_tell(user, Channel.EMAIL)] == [Channel.SMS]


@pytest.mark.parametrize(
    ("paused_until", "quiet", "hour"),
    [
        (None, None, 12),
        (None, (12, 15), 15),
        (date(2027, 3, 1), None, 24 + 9),
        (date(2027, 3, 1), (22, 10), 24 + 10),
        (date(2027, 2, 28), None, 12),
    ],
)
def test_nothing_goes_out_in_a_pause_or_in_quiet_hours(
    paused_until: date | None, quiet: tuple[int, int] | None, hour: int
) -> None:
    hours = None if quiet is None else QuietHours(*(time(each) for each in quiet))
    user = replace(USER, paused_until=paused_until, quiet_hours=hours)
    assert may_go_at(user, Channel.EMAIL, NOON) == NOON + timedelta(hours=hour - 12)


@pytest.mark.parametrize("by", sorted(TOLD_OF))
@pytest.mark.parametrize("dead", [Channel.SMS, Channel.EMAIL])
def test_the_link_is_worth_a_second_segment(dead: Channel, by: StoppedBy) -> None:
    told = DeadChannel(Language.ENGLISH, dead, by, link=LINK, source="Lantern Bank")
    words = registry.words(Channel.SMS)
    said = words.dead_channel(told, to="+12025550123", sender=Sender("È", MAILBOX))
    assert LINK in said.text
    assert "top" in said.text.partition(LINK)[2]


NAMES = st.text(max_size=60) | st.sampled_from(["W" * 60, "账" * 60, "|" * 60, "{bill} {0}"])


@given(
    language=st.sampled_from(Language),
    channel=st.sampled_from(Channel),
    by=st.sampled_from(sorted(TOLD_OF)),
    link=st.sampled_from(["", LINK]),
    source=NAMES,
    sender=NAMES,
    to=st.sampled_from(["+12025550123", "+8613800138000", "+919876543210"]),
)
def test_it_fits_two_segments_and_the_registered_wordings(
    language: Language,
    channel: Channel,
    by: StoppedBy,
    link: str,
    source: str,
    sender: str,
    to: str,
) -> None:
    dead = DeadChannel(language, channel, by, link=link, source=source)
    said = registry.words(Channel.SMS).dead_channel(dead, to=to, sender=Sender(sender, MAILBOX))
    assert counted(said.text) <= 2
    rules = rules_for(to)
    if not rules.templates:
        assert said.wording == ""
        # of an alphabet that takes twice the room, the name of a channel may leave none for it
        assert link in said.text or not is_gsm(sender)
        return
    listed = dict(registered.listing(language, sender=Sender(sender, MAILBOX), rules=rules))
    assert said.wording in listed
    assert int(said.wording) % 100 in (Wording.DEAD_CHANNEL, Wording.DEAD_CHANNEL + 20)
    assert "https" not in said.text


@pytest.mark.parametrize("language", Language)
@pytest.mark.parametrize("by", sorted(TOLD_OF))
@pytest.mark.parametrize("to", Channel)
def test_every_channel_says_it_in_every_language(
    language: Language, by: StoppedBy, to: Channel
) -> None:
    words = registry.words(to)
    for link in ("", LINK):
        dead = DeadChannel(language, Channel.EMAIL, by, link=link)
        told = words.dead_channel(dead, to="+12025550123", sender=Sender("Lantern", MAILBOX))
        first = words.dead_channel(
            replace(dead, source="Branch desk"),
            to="+12025550123",
            sender=Sender("Lantern", MAILBOX),
        )
        assert link in told.text
        assert "Branch desk" in first.text
        assert "Branch desk" not in told.text
        assert "None" not in told.text + told.subject


def test_in_english_by_sms() -> None:
    sms = registry.words(Channel.SMS).dead_channel
    to, sender = "+12025550123", Sender("Lantern", MAILBOX)
    dead = DeadChannel(Language.ENGLISH, Channel.EMAIL, StoppedBy.BOUNCED, link=LINK)
    assert sms(dead, to=to, sender=sender).text == (
        "Lantern: Reminders by e-mail no longer reach you: messages came back from there."
        f" Change it: {LINK}"
    )
    registered_there = sms(replace(dead, link=""), to="+919876543210", sender=sender)
    assert registered_there.text == (
        "Lantern: Reminders by e-mail no longer reach you. Please confirm it anew."
    )
    assert registered_there.wording == "11"
