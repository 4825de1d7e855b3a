"""What bounds the SMS of a stack, whoever causes them: a total for a day, and countries."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from aws_lambda_powertools import Logger

from bill_reminders import metrics
from bill_reminders.channels.providers import NotServed, UsedUp
from bill_reminders.channels.sms.parameters import SmsParameters
from bill_reminders.channels.sms.sender_ids import SenderIdentity, SenderIds
from bill_reminders.domain.countries import country_of_phone
from bill_reminders.storage import sms_total

logger = Logger(child=True)

NEARLY = 0.8
"""The share of the total from which on an alarm tells."""


class SmsUsedUp(UsedUp):
    """As many SMS went out today as may."""

    def __init__(self, retry_after: timedelta) -> None:
        remedy = (
            "as many SMS went out today as whoever runs this allows: try again tomorrow (UTC), or "
            "use e-mail"
        )
        super().__init__("sms_total", remedy, retry_after)


class CountryNotAllowed(NotServed):
    """SMS go to no number of that country."""

    def __init__(self) -> None:
        remedy = (
            "no SMS go to numbers of this country here: use another number, or an e-mail address"
        )
        super().__init__("country_not_allowed", remedy)


class SmsBounds(NamedTuple):
    """Countries by ISO code with commas in between ("" for those with a sender id or a number of
    ours), parts a day, and up to which percentage of them users who registered themselves may
    draw."""

    countries: str
    parts_per_day: int
    self_registered_percent: int

    @classmethod
    def of(cls, parameters: SmsParameters) -> Self:
        return cls(
            parameters.sms_countries,
            parameters.sms_parts_per_day,
            parameters.sms_self_registered_percent,
        )

    def most_for(self, *, self_registered: bool) -> int:
        """Parts of the day's total up to which a message to such a user may go."""
        share = self.self_registered_percent if self_registered else 100
        return self.parts_per_day * share // 100

    def take(self, parts: int, *, self_registered: bool, now: datetime) -> None:
        """Take the parts of one message. Raises SmsUsedUp, and what the table raises."""
        most = self.most_for(self_registered=self_registered)
        used = sms_total.take(parts, most=most, now=now)
        if used is None:
            self.tell(self.parts_per_day)
            raise SmsUsedUp(sms_total.ends_in(now))
        self.tell(used)

    def tell(self, used: int) -> None:
        """Let an alarm know when most of the day's parts are used."""
        if used >= NEARLY * self.parts_per_day:
            logger.warning(
                "most of today's SMS are used",
                of=self.parts_per_day,
                **metrics.signal("SmsTotalNearlyUsed"),
            )

    def need_country(self, number: str, sender_ids: SenderIds) -> None:
        """Raises CountryNotAllowed for an E.164 `number` of a country that SMS do not go to."""
        allowed = allowed_countries(self.countries, sender_ids.by_country)
        if allowed and country_of_phone(number) not in allowed:
            raise CountryNotAllowed


def allowed_countries(named: str, sender_ids: Mapping[str, SenderIdentity]) -> frozenset[str]:
    """The ISO countries that SMS may go to: those that are `named`, else those with a sender id or
    a number of ours. Empty for all, where there are none."""
    if named:
        return frozenset(named.split(","))
    return frozenset(name for name, each in sender_ids.items() if each.sender_id or each.number)
