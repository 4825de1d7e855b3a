"""What billers are told: events on the stack's bus, which a deployer routes to each.

Ids alone, as the biller's own import wrote them; never a name, an amount or an address.
"""

import json
from datetime import datetime
from typing import Any

from bill_reminders.domain.errors import BillRemindersError
from bill_reminders.storage.attributes import INSTANT_FORMAT

SOURCE = "bill-reminders"


class NotTold(BillRemindersError):
    """The bus did not take an event."""


class BillEvents:
    """The bus."""

    def __init__(self, client: Any, bus: str) -> None:
        self.client = client
        self._bus = bus

    def not_mine(self, user_id: str, bill_id: str, *, now: datetime) -> None:
        """Its user says that a bill is not theirs. May come twice. Raises NotTold."""
        self._put("bill not mine", user_id, bill_id, now)

    def mine_after_all(self, user_id: str, bill_id: str, *, now: datetime) -> None:
        """They take that back. May come twice. Raises NotTold."""
        self._put("bill mine after all", user_id, bill_id, now)

    def _put(self, kind: str, user_id: str, bill_id: str, now: datetime) -> None:
        detail = {"user_id": user_id, "bill_id": bill_id, "at": now.strftime(INSTANT_FORMAT)}
        entry = {
            "Source": SOURCE,
            "DetailType": kind,
            "Detail": json.dumps(detail),
            "EventBusName": self._bus,
        }
        if self.client.put_events(Entries=[entry])["FailedEntryCount"]:
            raise NotTold("the bus took no event")
