"""Phone numbers: how they are written, what bounds the codes that go there, where links may
stand."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from bill_reminders.channels.one_off import CodeRequest
from bill_reminders.channels.sms.parameters import SmsParameters
from bill_reminders.domain.countries import rules_for
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.people import User
from bill_reminders.domain.quotas import SELF_REGISTERED_CODES_A_DAY, SELF_REGISTERED_TESTS_A_DAY
from bill_reminders.files.addresses import phone
from bill_reminders.storage.limits import Limit

CODES_IN_ALL = "codes/sms/day"

USED_UP: Mapping[str, tuple[str, str]] = {
    CODES_IN_ALL: ("codes by SMS are used up", "SmsCodesRefused")
}

read = phone


def counted_as(address: str) -> str:
    return address


def code_limits(asked: CodeRequest, parameters: SmsParameters) -> Iterator[Limit]:
    yield all_codes(parameters.sms_codes_per_day)
    if asked.self_registered:
        yield Limit("codes/sms/user/day", asked.user_id, SELF_REGISTERED_CODES_A_DAY, DAY)


def all_codes(most: int) -> Limit:
    """How many codes by SMS may go out in all. Who pumps from many places stops at it, and so does
    everybody, until the next day begins in UTC: reminders do not count and go on."""
    return Limit(CODES_IN_ALL, "everybody", most, DAY)


def trial_limits(user: User) -> Iterator[Limit]:
    if user.self_registered:
        yield Limit("tests/sms/day", user.user_id, SELF_REGISTERED_TESTS_A_DAY, DAY)


def need_few_returned(now: datetime) -> None:
    """An SMS that arrives nowhere harms no sender's name."""


def note_returned(*, sent_at: datetime) -> None:
    """It is not counted."""


def link_origin(address: str, *, page: str, short: str) -> str:
    return short if rules_for(address).links else ""


def takes_own_words(address: str) -> bool:
    return not rules_for(address).templates
