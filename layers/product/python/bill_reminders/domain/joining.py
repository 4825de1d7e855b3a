"""Whether a confirmed contact is proof enough to open the imported account that holds it.

Numbers are handed on and mailboxes given away. Whoever reads a code there today has the address;
that the bills are theirs too follows only while something recent ties the account to it.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address, StoppedBy, User

SILENCED_LATELY = timedelta(days=30)
"""For so long a contact that a page has stopped keeps others from joining by a contact."""


def proof_since(now: datetime, *, months: int) -> datetime:
    """From when on an attestation or a delivery still says whose an address is."""
    return now - relativedelta(months=months)


def may_join(
    user: User,
    bills: Iterable[Bill],
    channel: Channel,
    *,
    delivered_at: datetime | None,
    since: datetime,
    now: datetime,
) -> bool:
    """Whether who confirms the user's address on `channel` may sign in as them: it was attested, or
    something was last `delivered_at` it, from `since` on; it is not stopped, for whatever reason;
    nobody said of a bill that it is not theirs; and no page has stopped another contact lately:
    whoever reads this one can do that, and its owner would not hear of the joining."""
    address = user.addresses.get(channel)
    if address is None or address.stopped_at is not None:
        return False
    if any(bill.is_not_mine for bill in bills):
        return False
    if any(_was_silenced(other, now) for each, other in user.addresses.items() if each != channel):
        return False
    proofs = (_attested_at(address), delivered_at)
    return any(proof is not None and proof >= since for proof in proofs)


def _attested_at(address: Address) -> datetime | None:
    return None if address.attestation is None else address.attestation.at


def _was_silenced(address: Address, now: datetime) -> bool:
    if address.stopped_at is None or address.stopped_by is not StoppedBy.PAGE:
        return False
    return address.stopped_at >= now - SILENCED_LATELY
