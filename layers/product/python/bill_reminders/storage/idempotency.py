"""Answers by idempotency key: a request that is repeated is answered as it was, and done once.

A key belongs to one caller and one request (method and path), so an answer leaks to nobody else. A
request that died in the middle may be tried again once its lock ran out; what it creates has an id
that derives from the key and is written conditionally, so the second try finds what the first did.
"""

import gzip
import json
from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import uuid4

from pynamodb.exceptions import DeleteError, PutError, UpdateError
from pynamodb.expressions.update import Action

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.storage.sign_in_tables import AnswerItem
from bill_reminders.storage.transactions import condition_failed
from bill_reminders.trouble import may_pass

KEPT = timedelta(days=1)
LOCK = timedelta(seconds=40)
"""Longer than a function behind the API may run."""


LONG = 50_000
"""Bytes of a body from which on it is packed."""


class InProgress(BillRemindersError):
    """The same request is at work elsewhere."""

    def __init__(self, retry_after: timedelta) -> None:
        super().__init__("the request is being worked on")
        self.retry_after = retry_after


class AnotherRequest(BillRemindersError):
    """The key was used for a request with another body or query."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What a request was answered; `body` is JSON, or None."""

    status: int
    body: str | None
    headers: Mapping[str, str]


def owner_of(caller: str) -> str:
    """The partition of what `<issuer>#<subject>` was answered."""
    return sha256(caller.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Request:
    """A request that is to be done once. `caller` is `<issuer>#<subject>`."""

    caller: str
    method: str
    path: str
    key: str
    body: bytes
    query: str = ""

    @property
    def owner(self) -> str:
        return owner_of(self.caller)

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}#{self.key}"

    @property
    def content_hash(self) -> str:
        """Of what may not differ between two requests with one key."""
        query = f"{self.query}\0".encode() if self.query else b""
        return sha256(query + self.body).hexdigest()

    @property
    def derived_id(self) -> str:
        """An id for what the request creates: the same for each repetition."""
        return sha256(f"{self.owner}\0{self.name}".encode()).hexdigest()[:24]


def begin(request: Request, *, now: datetime) -> StoredAnswer | str:
    """The stored answer, or the name of this attempt, which is now the one at work.

    Raises InProgress, AnotherRequest.
    """
    attempt = uuid4().hex
    item = AnswerItem(
        request.owner,
        request.name,
        body_hash=request.content_hash,
        attempt=attempt,
        locked_until=now + LOCK,
        expires_at=int((now + KEPT).timestamp()),
    )
    try:
        item.save(condition=AnswerItem.caller.does_not_exist())
    except PutError as error:
        if not condition_failed(error):
            unlock(request, attempt)
            raise
        return _known(request, item, now)
    return attempt


def _known(request: Request, item: AnswerItem, now: datetime) -> StoredAnswer | str:
    try:
        known = AnswerItem.get(request.owner, request.name, consistent_read=True)
    except AnswerItem.DoesNotExist:  # given back in between
        raise InProgress(timedelta(seconds=1)) from None
    if known.attempt == item.attempt:  # the answer to the library's first attempt was lost
        return str(item.attempt)
    expired = known.expires_at <= now.timestamp()
    if known.body_hash != item.body_hash and not expired:
        raise AnotherRequest("the key was used with another body or query")
    if known.status is not None and not expired:
        body = known.body if known.packed is None else _unpacked(known.packed)
        return StoredAnswer(known.status, body, json.loads(known.headers or "{}"))
    if known.locked_until > now and not expired:
        raise InProgress(max(timedelta(seconds=1), known.locked_until - now))
    try:  # whoever was at work has died
        item.save(condition=AnswerItem.attempt == known.attempt)
    except PutError as error:
        if not condition_failed(error):
            raise
        raise InProgress(LOCK) from None
    return str(item.attempt)


def finish(request: Request, attempt: str, answer: StoredAnswer) -> None:
    """Store the answer, unless another attempt took over."""
    actions: list[Action] = [AnswerItem.status.set(answer.status)]
    body = None if answer.body is None else answer.body.encode()
    if body is not None and len(body) > LONG:
        actions.append(AnswerItem.packed.set(_packed(body)))
    elif answer.body is not None:
        actions.append(AnswerItem.body.set(answer.body))
    if answer.headers:
        actions.append(AnswerItem.headers.set(json.dumps(dict(answer.headers))))
    try:
        AnswerItem(request.owner, request.name).update(
            actions, condition=AnswerItem.attempt == attempt
        )
    except UpdateError as error:
        if not condition_failed(error):
            raise


def _packed(body: bytes) -> str:
    return b64encode(gzip.compress(body, mtime=0)).decode()


def _unpacked(packed: str) -> str:
    return gzip.decompress(b64decode(packed)).decode()


def give_back(request: Request, attempt: str) -> None:
    """There is no answer: the key may be used again at once. One that is stored stays."""
    at_work = (AnswerItem.attempt == attempt) & AnswerItem.status.does_not_exist()
    try:
        AnswerItem(request.owner, request.name).delete(condition=at_work)
    except DeleteError as error:
        if not condition_failed(error):
            raise


def unlock(request: Request, attempt: str) -> None:
    """Give the key back, if the table lets it: else the lock runs out by itself."""
    try:
        give_back(request, attempt)
    except Exception as error:
        if not may_pass(error):
            raise
