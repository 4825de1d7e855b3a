"""Amounts as somebody types them into a form."""

from decimal import Decimal

from bill_reminders.files import money
from bill_reminders.files.cells import CellError
from bill_reminders.files.money import TwoMeanings
from bill_reminders.pages.forms import Unclear


def typed(text: str, currency: str, unreadable: str) -> Decimal:
    """Raises Unclear: `unreadable` is what the page then says, unless it has two meanings."""
    try:
        return money.typed_amount(text, currency=currency)
    except TwoMeanings as error:
        readings = {"large": error.large, "small": error.small}
        raise Unclear("page_fault_two_amounts", **readings, currency=currency) from None
    except CellError:
        raise Unclear(unreadable) from None
