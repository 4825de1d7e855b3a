"""How a bill is paid, as its user said it, where it may be told."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from bill_reminders.messages.names import shown
from bill_reminders.messages.notices import Notice


@dataclass(frozen=True, slots=True)
class Paying:
    """What a message tells; "" for what is not known, or better not told."""

    link: str = field(default="", repr=False)
    reference: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """Where the link leads, for people to see before they follow it."""
        return urlsplit(self.link).netloc


@dataclass(frozen=True, slots=True)
class PayingOnPage(Paying):
    """What the bill's page tells: also what no message may."""

    note: str = field(default="", repr=False)


def in_message(notice: Notice) -> Paying:
    if not _is_to_pay(notice):
        return Paying()
    bill = notice.bill
    return Paying(link=bill.pay_link or "", reference=shown(bill.reference or ""))


def on_page(notice: Notice) -> PayingOnPage:
    told = in_message(notice)
    note = shown(notice.bill.note or "")
    return PayingOnPage(link=told.link, reference=told.reference, note=note)


def _is_to_pay(notice: Notice) -> bool:
    """Not where nothing is left, where the money will be taken or was, or where the user says that
    they owe nothing of the kind."""
    is_over = notice.owed.is_closed or notice.will_be_debited
    return not (is_over or notice.bill.is_not_mine)
