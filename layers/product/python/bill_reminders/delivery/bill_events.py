"""What billers are told: events on the stack's bus, which a deployer routes to each.

Ids alone, as the biller's own import wrote them; never a name, an amount or an address.
"""

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import cached_property
from typing import Any

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.domain.errors import MayPass
from bill_reminders.domain.facts import Fact, FactKind
from bill_reminders.storage.attributes import INSTANT_FORMAT

SOURCE = "bill-reminders"
DETAIL_TYPES = {
    FactKind.NOT_MINE: "bill not mine",
    FactKind.MINE_AFTER_ALL: "bill mine after all",
}

logger = Logger(child=True)


class NotTold(MayPass):
    """The bus did not take an event."""


class BillEvents:
    """The bus."""

    def __init__(self, make_client: Callable[[], Any], bus: str) -> None:
        self._make_client = make_client
        self._bus = bus

    @cached_property
    def client(self) -> Any:
        """Made when it is first needed: few changes are told, and every cold start would pay."""
        return self._make_client()

    def tell(self, facts: Iterable[Fact], *, now: datetime) -> None:
        """Tell the billers what a change makes true. It may come twice. Raises NotTold."""
        for fact in facts:
            self._put(fact, now)
            if fact.kind is FactKind.NOT_MINE:
                logger.warning(
                    "bill is not its user's",
                    user_id=fact.user_id,
                    bill_id=fact.bill_id,
                    **metrics.signal("BillsNotMine"),
                )

    def _put(self, fact: Fact, now: datetime) -> None:
        at = now.strftime(INSTANT_FORMAT)
        detail = {"user_id": fact.user_id, "bill_id": fact.bill_id, "at": at}
        entry = {
            "Source": SOURCE,
            "DetailType": DETAIL_TYPES[fact.kind],
            "Detail": json.dumps(detail),
            "EventBusName": self._bus,
        }
        if self.client.put_events(Entries=[entry])["FailedEntryCount"]:
            raise NotTold("the bus took no event")
