"""Devices: how their tokens are written. An app registers them, and no code goes there but the one
that opens a page."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from bill_reminders.channels.one_off import CodeRequest
from bill_reminders.channels.push.parameters import PushParameters
from bill_reminders.domain.people import User
from bill_reminders.files.addresses import push_token
from bill_reminders.storage.limits import Limit

USED_UP: Mapping[str, tuple[str, str]] = {}

read = push_token


def counted_as(address: str) -> str:
    return address


def code_limits(asked: CodeRequest, parameters: PushParameters) -> Iterable[Limit]:
    return ()


def trial_limits(user: User) -> Iterable[Limit]:
    return ()


def need_few_returned(now: datetime) -> None:
    """A push costs nothing and harms nobody's name."""


def note_returned(*, sent_at: datetime) -> None:
    """It is not counted."""


def link_origin(address: str, *, page: str, short: str) -> str:
    return page


def takes_own_words(address: str) -> bool:
    return True
