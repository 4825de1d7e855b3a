"""SMS on their way: through SNS, within the bounds of the stack."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools import Logger
from pynamodb.exceptions import PynamoDBException

from bill_reminders import clock, metrics
from bill_reminders.channels import providers
from bill_reminders.channels.given import Outgoing
from bill_reminders.channels.providers import Refused
from bill_reminders.channels.sms.bounds import SmsBounds
from bill_reminders.channels.sms.budget import SmsBudget
from bill_reminders.channels.sms.compose import sms
from bill_reminders.channels.sms.parameters import SmsParameters
from bill_reminders.channels.sms.request import sms_request
from bill_reminders.channels.sms.sender_ids import DeployedSenderIds, SenderIds, SenderIdsUnread
from bill_reminders.channels.sms.text import segments
from bill_reminders.domain.people import User
from bill_reminders.messages.notices import Sender
from bill_reminders.trouble import may_pass

if TYPE_CHECKING:
    from bill_reminders.channels.one_off import Direct, DirectText

logger = Logger(child=True)


class SmsReminders:
    """Sends the messages with reminders."""

    def __init__(self, sender: Sender, parameters: SmsParameters) -> None:
        self._sender = sender
        self.provider: Any = providers.client("sns")
        self.sender_ids = DeployedSenderIds(
            providers.client("ssm"), parameters.sms_origins_parameter
        )
        self.bounds = SmsBounds.of(parameters)
        self.budget = SmsBudget(self.bounds)
        self._parts: list[int] = []  # threads append to it

    def prepare(self, wake_ups: int) -> bool:
        self.sender_ids.refresh()
        self.sender_ids.known()
        return self.budget.open(wake_ups, clock.now())

    def held_until(self, user: User, now: datetime) -> datetime | None:
        return self.budget.held_until(user, now)

    def used(self) -> Mapping[str, float]:
        parts, self._parts = sum(self._parts), []
        return {"SmsParts": parts} if parts else {}

    def send(self, outgoing: Outgoing) -> str:
        self.bounds.need_country(outgoing.address, self.sender_ids.current)
        identity = self.sender_ids.current.of(outgoing.address)
        text = sms(
            outgoing.user,
            outgoing.notices,
            today=outgoing.today,
            sender=self._sender,
            first=outgoing.first,
            part=outgoing.part,
            link=outgoing.link,
            two_way=identity.two_way,
        )
        parts = segments(text.body)
        self.budget.take(parts)
        request = sms_request(outgoing.address, text.body, identity=identity, wording=text.wording)
        provider_id = providers.send_once(self.provider.publish, **request)
        self._parts.append(parts)
        return provider_id


class DirectSms:
    """Sends one-off messages."""

    def __init__(self, parameters: SmsParameters) -> None:
        self._parameter = parameters.sms_origins_parameter
        self._bounds = SmsBounds.of(parameters)

    def need_reachable(self, address: str) -> None:
        """One read."""
        self._bounds.need_country(address, self._sender_ids())

    def send(self, message: "Direct", text: "DirectText", *, now: datetime) -> str:
        """Raises also bounds.SmsUsedUp, which is Refused."""
        sender_ids = self._sender_ids()
        self._bounds.need_country(message.address, sender_ids)
        identity = sender_ids.of(message.address)
        request = sms_request(message.address, text.text, identity=identity, wording=text.wording)
        parts = segments(text.text)
        self._take(parts, message.self_registered, now)
        provider_id = providers.send_one_off("sns", "publish", **request)
        logger.info("SMS sent", **metrics.of(SmsParts=parts))
        return provider_id

    def _sender_ids(self) -> SenderIds:
        deployed = DeployedSenderIds(providers.shared("ssm"), self._parameter)
        deployed.refresh()
        try:
            return deployed.known()
        except SenderIdsUnread:
            raise Refused("origins_unread") from None

    def _take(self, parts: int, self_registered: bool, now: datetime) -> None:
        try:
            self._bounds.take(parts, self_registered=self_registered, now=now)
        except PynamoDBException as error:
            if not may_pass(error):
                raise
            raise Refused("total_unread") from error


def direct(parameters: SmsParameters) -> DirectSms:
    return DirectSms(parameters)
