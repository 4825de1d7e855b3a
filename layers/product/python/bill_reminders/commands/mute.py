"""Bills that go on and are not reminded of: the user wants that, or says that one is not theirs."""

from dataclasses import replace
from datetime import datetime

from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Mute, MuteReason


def mute(account: Account, bill_id: str, reason: MuteReason, *, now: datetime) -> Account:
    """Remind of nothing of this bill until `unmute`. Another reason takes the place of the one
    before. Raises NoSuchBill."""
    bill = account.need_bill(bill_id)
    if bill.mute is not None and bill.mute.reason is reason:
        return account
    return account.with_bill(replace(bill, mute=Mute(now, reason)))


def unmute(account: Account, bill_id: str) -> Account:
    """Remind of a bill again. Raises NoSuchBill."""
    return account.with_bill(replace(account.need_bill(bill_id), mute=None))
