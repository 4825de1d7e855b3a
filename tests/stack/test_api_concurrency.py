"""Front ends that act at the same instant: one wins, and each is told what became of its own."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import chain
from threading import Barrier
from uuid import uuid4

import pytest

from bill_reminders.storage import idempotency
from bill_reminders.storage.idempotency import Request
from local.stack import Stack
from tests.support.api import Reply
from tests.support.http import Front

ROUNDS = 20
AT_ONCE = 5
"""Each is a process of the function; twenty of them take a machine of two cores a minute to start,
longer than a request may."""
TIMES = 20
BILL = {"biller": "Oak Homes", "name": "Rent", "first_due": "2027-03-20"}


def at_once[T](calls: Iterable[Callable[[], T]]) -> list[T]:
    """What comes of calls that all start together."""
    waiting = list(calls)
    all_are_here = Barrier(len(waiting))

    def start(call: Callable[[], T]) -> T:
        all_are_here.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(len(waiting)) as pool:
        return list(pool.map(start, waiting))


@pytest.fixture
def front(stack: Stack) -> Front:
    return Front(stack.api, stack.token(f"{uuid4().hex}@example.com")).registered()


@pytest.fixture(scope="module")
def wide_awake(stack: Stack) -> None:
    """Lets the function have a process for each request that will come at once, one by one."""
    somebody = Front(stack.api, stack.token(f"{uuid4().hex}@example.com")).registered()
    for number in range(2, AT_ONCE + 1):
        replies = at_once([partial(somebody.get, "/v1/bills")] * number)
        assert {reply.status for reply in replies} == {200}


def race(front: Front, address: str, field: str) -> None:
    """Two changes of the same state: one is made, the other is refused and leaves no trace."""
    for number in range(ROUNDS):
        before = front.get(address)
        values = [f"{side} {number}" for side in ("left", "right")]
        replies = at_once(
            [partial(front.patch, address, {field: value}, before.etag) for value in values]
        )
        assert sorted(answer.status for answer in replies) == [200, 412], replies
        (won,) = [n for n, answer in enumerate(replies) if answer.status == 200]
        after = front.get(address)
        assert after.json[field] == replies[won].json[field] == values[won]
        assert after.etag == replies[won].etag != before.etag


def test_of_two_changes_of_the_same_settings_one_is_made(front: Front) -> None:
    race(front, "/v1/settings", "code_word")


def test_of_two_changes_of_the_same_bill_one_is_made(front: Front) -> None:
    race(front, front.post("/v1/bills", BILL).headers["location"], "name")


@pytest.mark.usefixtures("wide_awake")
def test_a_request_that_is_sent_twenty_times_is_done_once(front: Front) -> None:
    key = uuid4().hex

    def post() -> list[Reply]:
        return [front.post("/v1/bills", BILL, key=key) for _ in range(TIMES // AT_ONCE)]

    replies = list(chain.from_iterable(at_once([post] * AT_ONCE)))
    assert len(replies) == TIMES

    made = [answer for answer in replies if answer.status == 201]
    assert made, replies
    ids = {answer.json["bill_id"] for answer in made}
    others = [answer for answer in replies if answer.status != 201]
    for other in others:
        assert (other.status, other.json["type"]) == (409, "/v1/docs#in-progress"), other.text
        assert 1 <= int(other.headers["retry-after"]) <= 40
    (bill,) = front.get("/v1/bills").json["bills"]
    assert ids == {bill["bill_id"]}

    again = front.post("/v1/bills", BILL, key=key)
    assert (again.status, again.json) == (201, made[0].json)
    assert (again.etag, again.headers["location"]) == (made[0].etag, made[0].headers["location"])
    other_body = front.post("/v1/bills", {**BILL, "name": "Flat"}, key=key)
    assert (other_body.status, other_body.json["type"]) == (422, "/v1/docs#key-used")
    assert len(front.get("/v1/bills").json["bills"]) == 1


@pytest.mark.usefixtures("wide_awake")
def test_requests_with_keys_of_their_own_are_all_done(front: Front) -> None:
    """So that what is done once above is not one because the others were lost."""
    replies = at_once([lambda: front.post("/v1/bills", BILL)] * AT_ONCE)
    done = {answer.json["bill_id"] for answer in replies if answer.status == 201}
    assert {answer.status for answer in replies} <= {201, 503}, replies
    assert {bill["bill_id"] for bill in front.get("/v1/bills").json["bills"]} == done
    assert len(done) > 1


def test_of_twenty_at_once_one_takes_the_lock(stack: Stack) -> None:
    """The lock itself, on the deployed table, without the function's processes around it."""
    request = Request(uuid4().hex, "POST", "/v1/bills", uuid4().hex, b"{}")
    now = datetime.now(UTC)

    def begin() -> str:
        try:
            return str(idempotency.begin(request, now=now))
        except idempotency.InProgress as refused:
            assert timedelta(seconds=1) <= refused.retry_after <= idempotency.LOCK
            return ""

    begun = at_once([begin] * TIMES)
    assert len([attempt for attempt in begun if attempt]) == 1
