"""Push notifications on their way: through SNS, to the endpoint of a device."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bill_reminders.channels import providers
from bill_reminders.channels.given import Outgoing
from bill_reminders.channels.push.compose import push
from bill_reminders.channels.push.parameters import PushParameters
from bill_reminders.channels.push.request import Opens, push_request
from bill_reminders.domain.people import User
from bill_reminders.messages.notices import Sender

if TYPE_CHECKING:
    from bill_reminders.channels.one_off import Direct, DirectText


class PushReminders:
    """Sends the messages with reminders."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self.provider: Any = providers.client("sns")

    def prepare(self, wake_ups: int) -> bool:
        return True

    def held_until(self, user: User, now: datetime) -> datetime | None:
        return None

    def used(self) -> Mapping[str, float]:
        return {}

    def send(self, outgoing: Outgoing) -> str:
        text = push(
            outgoing.user,
            outgoing.notices,
            today=outgoing.today,
            sender=self._sender,
            first=outgoing.first,
            part=outgoing.part,
        )
        bills = {notice.bill.bill_id for notice in outgoing.notices}
        request = push_request(
            outgoing.address,
            text.title,
            text.body,
            expires_in=outgoing.expires_in,
            opens=Opens(
                url=text.link or outgoing.link,
                page=outgoing.link if text.link else None,
                thread=bills.pop() if len(bills) == 1 else "bills",
                badge=len(outgoing.notices),
            ),
        )
        return providers.send_once(self.provider.publish, **request)


class _DirectPush:
    def need_reachable(self, address: str) -> None:
        """Every endpoint is."""

    def send(self, message: "Direct", text: "DirectText", *, now: datetime) -> str:
        request = push_request(
            message.address, text.subject, text.text, expires_in=message.push_lasts
        )
        return providers.send_one_off("sns", "publish", **request)


def direct(parameters: PushParameters) -> _DirectPush:
    return _DirectPush()
