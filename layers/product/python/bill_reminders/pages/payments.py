"""The payments of one due date, as its page shows them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from bill_reminders.domain.bills import Bill
from bill_reminders.domain.money import Money
from bill_reminders.domain.payments import Payment
from bill_reminders.domain.people import User
from bill_reminders.messages.catalogue import Catalogue
from bill_reminders.messages.locale import amount, full_date
from bill_reminders.messages.names import shown


def payments_of(words: Catalogue, user: User, bill: Bill, number: int) -> list[dict[str, Any]]:
    """Those of occurrence `number`, each with the words of its way back, which names all of the due
    dates that it went to."""
    found = []
    for payment in bill.payments:
        if payment.occurrence == number:
            parts = [each for each in bill.payments if each.payment_id == payment.payment_id]
            undo = "page_undo_payment" if len(parts) == 1 else "page_undo_payments"
            found.append(
                {
                    "id": payment.payment_id,
                    "text": words.sentences(
                        _noted(words, payment, user), _part_of(words, bill, parts)
                    ),
                    "reference": shown(payment.reference or ""),
                    "note": shown(payment.note or ""),
                    "undo": words.say(undo, count=len(parts)),
                }
            )
    return found


def _noted(words: Catalogue, payment: Payment, user: User) -> str:
    day = full_date(payment.on(user.zone), words.language)
    if payment.amount is None:
        return words.say("page_payment_all", date=day)
    return words.say("page_payment", amount=amount(payment.amount, words.language), date=day)


def _part_of(words: Catalogue, bill: Bill, parts: Sequence[Payment]) -> str:
    """Of what it is a part, and for which dates; "" where it is all."""
    days = [day for each in parts if (day := bill.due_on(each.occurrence)) is not None]
    amounts = [each.amount for each in parts if each.amount is not None]
    if len(days) < 2 or not amounts:
        return ""
    total = sum((each.amount for each in amounts), Decimal(0))
    return words.say(
        "page_payment_parts",
        total=amount(Money(total, amounts[0].currency), words.language),
        count=len(parts),
        first=full_date(bill.payable_on(min(days)), words.language),
        last=full_date(bill.payable_on(max(days)), words.language),
    )
