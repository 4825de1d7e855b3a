"""Whom SMS come from: the deployer's sender IDs and numbers, one parameter for all countries.

Its value is JSON by ISO country that an administrator edits in the console:
`{"GB": {"sender_id": "Lantern"}, "US": {"number": "+12025550100", "two_way": true}}`, for India
also `"entity_id"` and `"templates"`, the registered id of each wording by the number that
`make texts` gives it. `{}` leaves the choice to AWS.
"""

import json
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from bill_reminders import metrics
from bill_reminders.domain.countries import COUNTRIES, country_of
from bill_reminders.domain.errors import BillRemindersError, MayPass

logger = Logger(child=True)


class SenderIdsUnread(MayPass):
    """The parameter has not answered yet, so nobody can tell what it holds."""


class UnreadableSenderIds(BillRemindersError):
    """The parameter does not hold sender ids; the message names the country at fault."""


class SenderIdentity(NamedTuple):
    """Whom SMS to one country come from; what is empty is left to AWS.

    `number` (E.164, or a short code) goes before `sender_id`. With `two_way` it takes replies.
    """

    sender_id: str = ""
    number: str = ""
    two_way: bool = False
    entity_id: str = ""
    templates: Mapping[str, str] = MappingProxyType({})


LEFT_TO_AWS = SenderIdentity()


class SenderIds(NamedTuple):
    """The sender ids by ISO country."""

    by_country: Mapping[str, SenderIdentity] = MappingProxyType({})

    def of(self, number: str) -> SenderIdentity:
        """Whom an SMS to an E.164 `number` comes from."""
        return self.by_country.get(country_of(number), LEFT_TO_AWS)

    @property
    def two_way_numbers(self) -> frozenset[str]:
        """Our own numbers that take replies."""
        return frozenset(
            identity.number for identity in self.by_country.values() if identity.two_way
        )


def parse(text: str) -> SenderIds:
    """The sender ids that `text` holds. Raises UnreadableSenderIds."""
    try:
        entries = json.loads(text)
    except ValueError as error:
        raise UnreadableSenderIds("the origins are not JSON") from error
    if not isinstance(entries, dict):
        raise UnreadableSenderIds("the origins are not an object by country")
    return SenderIds(MappingProxyType({name: _identity(name, entries[name]) for name in entries}))


def _identity(country: str, entry: object) -> SenderIdentity:
    try:
        if country not in _KNOWN or not isinstance(entry, dict):
            raise TypeError("neither a country of the table nor an object")
        identity = SenderIdentity(**entry)
        texts = (
            identity.sender_id,
            identity.number,
            identity.entity_id,
            *identity.templates.values(),
        )
        sound = all(isinstance(text, str) for text in texts) and isinstance(identity.two_way, bool)
    except (TypeError, AttributeError) as error:
        raise UnreadableSenderIds(f"{country}: not an origin") from error
    if not sound:
        raise UnreadableSenderIds(f"{country}: every value is a text, but two_way is true or false")
    if identity.two_way and not identity.number:
        raise UnreadableSenderIds(f"{country}: only a number takes replies, and there is none")
    return identity


_KNOWN = frozenset(COUNTRIES.values())


class DeployedSenderIds:
    """The stack's parameter, as it was read last; empty until then."""

    def __init__(self, ssm: Any, parameter: str) -> None:
        self._ssm = ssm
        self._parameter = parameter
        self._complained = False
        self._answered = False
        self.current = SenderIds()

    def refresh(self) -> None:
        """Read the parameter: one call. Without an answer they stay as they are; with one
        that holds none, SMS go out without. An error is told with its
        reason once, until the next good answer."""
        try:
            value = self._ssm.get_parameter(Name=self._parameter)["Parameter"]["Value"]
            self._answered = True
            self.current = parse(value)
            self._complained = False
        except UnreadableSenderIds as error:
            self.current = SenderIds()
            self._complain(str(error), "OriginsUnread")
        except (BotoCoreError, ClientError) as error:
            self._complain(type(error).__name__, "Trouble")  # it may pass

    def known(self) -> SenderIds:
        """The sender ids. Raises SenderIdsUnread while the parameter has never answered: a message
        that needs its sender would be refused for good, a reply be taken for somebody else's."""
        if not self._answered:
            raise SenderIdsUnread("the SMS origins could not be read yet")
        return self.current

    def _complain(self, reason: str, signal_name: str) -> None:
        signal = metrics.signal(signal_name)
        if self._complained:
            logger.warning("SMS origins still unread", **signal)
            return
        self._complained = True
        logger.error(
            "SMS origins cannot be read", parameter=self._parameter, reason=reason, **signal
        )
