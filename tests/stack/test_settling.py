"""A sender that dies between claim and mark, on the deployed stack: found, and sent once more."""

from collections.abc import Callable
from datetime import timedelta

from bill_reminders.delivery.claims import claim_next
from bill_reminders.domain.enums import Channel
from bill_reminders.storage.saving import save_bills
from bill_reminders.storage.tables import LedgerItem
from local.stack import Stack, wait_until
from tests.stack.people import NOW, register_user
from tests.support.people import bill_due_today

MINUTE = timedelta(minutes=1)


def test_what_was_claimed_and_never_marked_is_sent_once_more(
    stack: Stack, new_id: Callable[[], str]
) -> None:
    user_id = new_id()
    register_user(stack, user_id, channels=(Channel.EMAIL,))
    save_bills(user_id, [bill_due_today(user_id, name=user_id)], now=NOW - MINUTE)
    claim = claim_next(user_id, Channel.EMAIL, now=NOW)
    assert claim.reminders

    def row() -> LedgerItem:
        return LedgerItem.get(user_id, claim.message_key, consistent_read=True)

    def texts() -> list[str]:
        return [sent.text for sent in stack.outbox() if user_id in sent.text]

    stack.set_clock(NOW + 3 * MINUTE)
    stack.sweep()
    assert (row().state, row().reason) == ("unknown", "not_marked")
    stack.set_clock(NOW + 13 * MINUTE)
    stack.sweep()
    assert row().state == "waiting"
    assert not texts()
    for minutes in (14, 15):
        stack.set_clock(NOW + minutes * MINUTE)
        stack.tick()
    wait_until(lambda: bool(texts()), 60, "it was not sent again")
    stack.settle()
    stack.set_clock(NOW + 60 * MINUTE)
    stack.sweep()
    assert (row().state, row().attempt, row().resends) == ("sent", 2, 1)
    assert len(texts()) == 1
