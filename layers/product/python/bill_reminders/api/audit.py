"""What an administrator is alarmed of when much of it happens within an hour."""

from collections.abc import Mapping
from types import MappingProxyType

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.domain.journal import Event

logger = Logger(child=True)

COUNTED_AS: Mapping[Event, str] = MappingProxyType(
    {
        Event.JOINED: "JoinedAccounts",
        Event.EXPORT: "ExportedAccounts",
        Event.ERASURE: "ErasedAccounts",
        Event.WRONG_CODE: "WrongCodes",
    }
)


def tell(event: Event) -> None:
    """Count what the journal has a row of. It names nobody."""
    logger.info("in the journal", what=event.value, **metrics.signal(COUNTED_AS[event]))
