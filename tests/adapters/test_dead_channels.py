"""When a channel of a user dies by its provider's word, they are told on another one, once."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from bill_reminders.delivery.wake_ups import WakeUp
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import QuietHours
from bill_reminders.domain.people import Address, Attestation, Language, StoppedBy, User
from bill_reminders.storage import accounts, erasure, leftovers, tables
from bill_reminders.storage.access_tables import LinkItem
from bill_reminders.storage.tables import LedgerItem
from tests.adapters.conftest import SetClock
from tests.support import account_changes, wire
from tests.support import receipts as forms
from tests.support.entered import NINE, enter, ledger_of
from tests.support.functions import Context, sample_event, sqs_event
from tests.support.logged import logged
from tests.support.moto_stack import MotoStack
from tests.support.people import ATTESTED, EMAIL, ENDPOINT, PHONE, a_bill, a_user
from tests.support.permissions import allowed, watched
from tests.support.queues import waiting
from tests.support.visitor import Visitor

SECOND, MINUTE, HOUR, DAY = (
    timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days")
)
TODAY = date(2027, 3, 1)
BOTH = (Channel.EMAIL, Channel.SMS)
BUSY = wire.json_error("ProvisionedThroughputExceededException")


class Died(BaseException):
    """The process is gone: nothing of ours may catch it."""


class Stage:
    def __init__(self, stack: MotoStack, set_clock: SetClock) -> None:
        self.stack, self.set_clock = stack, set_clock
        stack.client("sesv2").create_email_identity(EmailIdentity="example.com")
        self.now = NINE
        self.at(NINE + 5 * SECOND)

    def at(self, now: datetime) -> None:
        self.now = now
        self.set_clock(now)

    def reminded(self, user: User, channel: Channel = Channel.EMAIL) -> LedgerItem:
        """A reminder went out; its row."""
        enter(replace(user, plan=replace(user.plan, channels=(channel,))), a_bill(due_on=TODAY))
        function = self.stack.function(f"Send{channel.value.capitalize()}")
        function.handler(sqs_event(WakeUp("somebody", NINE).body()), Context())
        (row,) = (each for each in ledger_of("somebody") if each.state == "sent")
        return row

    def receive(self, *bodies: str) -> None:
        handler = self.stack.function("ReadReceipts").handler
        assert handler(sqs_event(*bodies, receives=3), Context()) == {"batchItemFailures": []}

    def sweep(self) -> list[str]:
        """What it hands over."""
        self.stack.function("Settle").handler(sample_event("reconcile"), Context())
        return waiting(self.stack, "JobsQueue")

    def work(self, *bodies: str) -> None:
        if bodies:
            answer = self.stack.function("RunJobs").handler(sqs_event(*bodies), Context())
            assert answer == {"batchItemFailures": []}

    def pass_on(self) -> None:
        """A minute of the sweep, and the jobs that it gives."""
        self.work(*self.sweep())


@pytest.fixture
def stage(stack: MotoStack, set_clock: SetClock) -> Iterator[Stage]:
    stage = Stage(stack, set_clock)
    with logged(stack.function("RunJobs").logger) as log:
        yield stage
    for address in (PHONE, EMAIL, ENDPOINT):
        assert address not in log.getvalue()


def emails() -> list[Any]:
    sent = get_backend("sesv2")[DEFAULT_ACCOUNT_ID]["us-east-1"].core_backend.sent_messages
    return [each.body for each in sent]


def texts() -> list[str]:
    backend = get_backend("sns")[DEFAULT_ACCOUNT_ID]["us-east-1"]
    return [text for _, text in backend.sms_messages.values()]


def told() -> list[str]:
    """What was said of a channel that died, wherever."""
    return [text for text in (*emails(), *texts()) if "no longer reach you" in text]


def deaths() -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in ledger_of("dead:somebody")]


def tries() -> list[tuple[str, str | None]]:
    rows = ledger_of("somebody")
    return [(row.state, row.reason) for row in rows if row.key.startswith("told:")]


def bounced(row: LedgerItem, kind: str = "Permanent") -> str:
    assert row.owner is not None
    return forms.of_email(
        "Bounce",
        tag=row.owner,
        address=EMAIL,
        at=NINE,
        bounceType=kind,
        bounceSubType="General",
    )


def complained(row: LedgerItem) -> str:
    assert row.owner is not None
    return forms.of_email("Complaint", tag=row.owner, address=EMAIL, at=NINE)


def undeliverable(row: LedgerItem, why: str) -> str:
    return forms.of_sms(
        number=PHONE, provider_id=row.provider_id or "", at=NINE, status="FAILURE", said=why
    )


def replaced(channel: Channel, **changes: Any) -> Callable[[User], User]:
    return lambda user: user.with_address(channel, replace(user.addresses[channel], **changes))


# Who is told, and where ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "why"),
    [(bounced, "messages came back"), (complained, "reported there as unwanted")],
)
def test_who_is_not_reached_by_email_any_more_is_told_by_sms_once(
    stage: Stage, said: Callable[[LedgerItem], str], why: str
) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(said(row), said(row))
    assert told() == []
    bodies = stage.sweep()
    assert len(bodies) == 1
    stage.work(*bodies, *bodies)
    (text,) = told()
    assert text in texts()
    assert "Reminders by e-mail no longer reach you" in text
    assert why in text
    stage.receive(said(row))
    for hours in (1, 2, 30):
        stage.at(NINE + hours * HOUR)
        stage.work(*bodies)
        stage.pass_on()
    assert len(told()) == 1
    assert deaths() == [("sent", None)]
    assert tries() == [("sent", None)]


def test_who_is_not_reached_by_sms_any_more_is_told_by_email(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH), Channel.SMS)
    stage.receive(undeliverable(row, "Phone number is invalid"))
    stage.pass_on()
    (text,) = told()
    assert text in emails()
    assert "Reminders by SMS no longer reach you" in text


def test_a_provider_that_says_it_at_once_is_heard_too(stage: Stage) -> None:
    push = a_user(channels=(Channel.PUSH, Channel.SMS))
    push = replace(push, plan=replace(push.plan, channels=(Channel.PUSH,)))
    enter(push, a_bill(due_on=TODAY))
    module = stage.stack.function("SendPush")
    with wire.before(module.reminders.provider, "Publish", wire.xml_error("EndpointDisabled")):
        module.handler(sqs_event(WakeUp("somebody", NINE).body()), Context())
    stage.pass_on()
    (text,) = told()
    assert "Reminders by app notification no longer reach you" in text


def test_whoever_opted_out_with_the_provider_knows_it(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH), Channel.SMS)
    stage.receive(undeliverable(row, "Phone number is opted out"))
    held = accounts.read("somebody", now=stage.now).user.addresses[Channel.SMS]
    assert held.stopped_by is StoppedBy.PROVIDER
    assert stage.sweep() == []


@pytest.mark.parametrize("by", [StoppedBy.REPLY, StoppedBy.PAGE, StoppedBy.UNSUBSCRIBE])
def test_so_does_whoever_said_stop(stage: Stage, by: StoppedBy) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    account_changes.stop("somebody", Channel.EMAIL, by=by, now=stage.now)
    stage.receive(bounced(row))
    assert stage.sweep() == []


def test_a_bounce_for_now_kills_no_channel(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row, "Transient"))
    assert stage.sweep() == []


@pytest.mark.parametrize(
    "change",
    [
        replaced(Channel.SMS, attestation=None),
        replaced(Channel.SMS, stopped_at=NINE),
        lambda user: user.without_address(Channel.SMS),
    ],
    ids=["not confirmed", "stopped", "none"],
)
def test_nothing_goes_where_nothing_may_go(stage: Stage, change: Callable[[User], User]) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    account_changes.change_user("somebody", change, now=stage.now)
    stage.receive(bounced(row))
    stage.pass_on()
    assert told() == []
    assert (deaths(), tries()) == ([], [])


def test_nor_where_it_no_longer_may(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    account_changes.stop("somebody", Channel.SMS, now=stage.now)
    stage.pass_on()
    assert told() == []
    assert deaths() == [("skipped", "no_address")]
    assert tries() == []


def test_two_that_die_at_once_are_not_told_on_each_other(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=tuple(Channel)))
    stage.receive(bounced(row))
    account_changes.stop("somebody", Channel.PUSH, by=StoppedBy.BOUNCED, now=stage.now)
    stage.pass_on()
    assert len(told()) == 1
    assert told() == texts()


def test_the_plans_own_channel_comes_first(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=tuple(Channel)), Channel.SMS)
    account_changes.change_user(
        "somebody",
        lambda user: replace(
            user, plan=replace(user.plan, channels=(Channel.SMS, Channel.EMAIL, Channel.PUSH))
        ),
        now=stage.now,
    )
    stage.receive(undeliverable(row, "Phone number is invalid"))
    stage.pass_on()
    (text,) = told()
    assert text in emails()


def test_each_death_of_an_address_is_told(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    stage.pass_on()
    stage.at(NINE + HOUR)
    anew = Address(EMAIL, Attestation.by_code(stage.now))
    account_changes.change_user(
        "somebody", lambda user: user.with_address(Channel.EMAIL, anew), now=stage.now
    )
    stage.at(NINE + 2 * HOUR)
    assert row.owner is not None
    late = forms.of_email(
        "Bounce", tag=row.owner, address=EMAIL, at=stage.now, bounceType="Permanent"
    )
    stage.receive(late)
    stage.pass_on()
    assert len(told()) == 2


# When ---------------------------------------------------------------------------------------------


def test_nobody_is_told_in_quiet_hours(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH, quiet_hours=QuietHours(time(9, 1), time(12))))
    stage.at(NINE + 2 * MINUTE)
    stage.receive(bounced(row))
    for minutes in (2, 3, 70, 179):
        stage.at(NINE + minutes * MINUTE)
        stage.pass_on()
        assert told() == []
    stage.at(NINE + 180 * MINUTE)
    stage.pass_on()
    assert len(told()) == 1


def test_nor_in_a_pause(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    account_changes.change_user(
        "somebody", lambda user: replace(user, paused_until=TODAY + DAY), now=stage.now
    )
    stage.receive(bounced(row))
    for hours in (0, 30, 47):
        stage.at(NINE + hours * HOUR + 6 * SECOND)
        stage.pass_on()
        assert told() == []
    stage.at(NINE + 48 * HOUR)
    stage.pass_on()
    assert len(told()) == 1


def test_an_address_that_came_back_meanwhile_is_not_told_of(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    anew = Address(EMAIL, Attestation.by_code(stage.now + SECOND))
    account_changes.change_user(
        "somebody", lambda user: user.with_address(Channel.EMAIL, anew), now=stage.now
    )
    stage.pass_on()
    assert told() == []
    assert deaths() == [("skipped", "withdrawn")]


# Trouble ------------------------------------------------------------------------------------------


def test_a_provider_that_refuses_for_now_is_asked_again(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    with wire.before(shared_sns(), "Publish", wire.xml_error("Throttling")):
        stage.pass_on()
    assert told() == []
    stage.at(stage.now + 10 * MINUTE)
    assert stage.sweep() == []
    stage.at(stage.now + 6 * MINUTE)
    stage.pass_on()
    assert len(told()) == 1


def test_where_one_provider_refuses_for_good_the_next_channel_tells(stage: Stage) -> None:
    user = a_user(channels=tuple(Channel))
    row = stage.reminded(replace(user, language=Language.ENGLISH), Channel.SMS)
    stage.receive(undeliverable(row, "Phone number is invalid"))
    account_changes.change_user(
        "somebody",
        lambda user: replace(user, plan=replace(user.plan, channels=(Channel.SMS, Channel.PUSH))),
        now=stage.now,
    )
    with wire.before(shared_sns(), "Publish", wire.xml_error("InvalidParameter")):
        stage.pass_on()
    assert tries() == [("sent", None), ("failed", "invalid")]
    assert told() == [text for text in emails() if "no longer reach you" in text]
    assert len(told()) == 1


def test_what_got_no_answer_is_not_risked_twice(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    with wire.before(shared_sns(), "Publish", wire.raises(wire.TIMEOUT)):
        stage.pass_on()
    for hours in (1, 2, 3):
        stage.at(NINE + hours * HOUR)
        stage.pass_on()
    assert told() == []
    assert deaths() == [("unknown", None)]


def test_a_job_that_dies_while_it_tells_leaves_it_unknown(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    with wire.before(shared_sns(), "Publish", wire.raises(Died())), suppress(Died):
        stage.pass_on()
    stage.at(stage.now + HOUR)
    stage.pass_on()
    assert told() == []
    assert deaths() == [("unknown", None)]


def test_what_was_handed_over_and_got_lost_is_handed_over_again(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    assert len(stage.sweep()) == 1
    assert stage.sweep() == []
    stage.at(stage.now + HOUR)
    stage.pass_on()
    assert len(told()) == 1


def test_it_is_written_with_the_stop_or_not_at_all(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    with wire.before(tables.connection.client, "TransactWriteItems", BUSY):
        stage.receive(bounced(row))
    assert deaths() == []
    stage.receive(bounced(row))
    assert deaths() == [("waiting", None)]


# Erasure ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("when", ["before the sweep", "before the job", "after it"])
def test_an_erased_user_is_not_told_and_leaves_nothing(stage: Stage, when: str) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    bodies = [] if when == "before the sweep" else stage.sweep()
    if when == "after it":
        stage.work(*bodies)
    sent = len(told())
    erasure.begin("somebody", accounts.life_of("somebody"))
    stage.work(*bodies)
    leftovers.clear("somebody")
    stage.work(*bodies, *stage.sweep())
    assert len(told()) == sent == (1 if when == "after it" else 0)
    assert ledger_of("somebody") == deaths() == []
    assert [link for link in LinkItem.scan() if link.user_id == "somebody"] == []


# What is said -------------------------------------------------------------------------------------


def test_it_leads_to_a_page_where_links_may_stand(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH), Channel.SMS)
    stage.receive(undeliverable(row, "Phone number is invalid"))
    stage.pass_on()
    (text,) = told()
    assert "Change it: http" in text
    (link,) = (each for each in LinkItem.scan() if each.channel == "email")
    assert list(link.reminders) == [row.key]
    page = Visitor(stage.stack).get(re.search(r"/r/\w+", text)[0])
    assert page.status == 200
    assert "Credit card" in page.text


def test_the_first_message_to_an_address_says_how_to_stop(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    stage.receive(bounced(row))
    stage.pass_on()
    (text,) = told()
    assert ATTESTED.source in text


@pytest.mark.parametrize(
    ("language", "words"),
    [
        (Language.SIMPLIFIED_CHINESE, "邮件提醒已无法送达"),
        (Language.TRADITIONAL_CHINESE, "電子郵件提醒已無法送達"),
    ],
)
def test_it_is_told_in_the_users_language(stage: Stage, language: Language, words: str) -> None:
    row = stage.reminded(replace(a_user(channels=BOTH), language=language))
    stage.receive(bounced(row))
    stage.pass_on()
    assert len([text for text in texts() if words in text]) == 1


def test_the_roles_allow_what_is_needed(stage: Stage) -> None:
    row = stage.reminded(a_user(channels=BOTH))
    with watched(stage.stack) as used:
        with stage.stack.working("ReadReceipts"):
            stage.receive(bounced(row))
        with stage.stack.working("Settle"):
            bodies = stage.sweep()
        with stage.stack.working("RunJobs"):
            stage.work(*bodies)
    assert len(told()) == 1
    for function in ("ReadReceipts", "Settle", "RunJobs"):
        assert used[function] <= allowed(function), function


def shared_sns() -> Any:
    from bill_reminders.channels import providers

    return providers.shared("sns")
