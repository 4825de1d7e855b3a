"""E-mails on their way: through SES."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bill_reminders.channels import providers
from bill_reminders.channels.email.compose import email, templates
from bill_reminders.channels.email.parameters import EmailParameters
from bill_reminders.channels.email.request import Mailbox, email_request
from bill_reminders.channels.given import Outgoing
from bill_reminders.domain.people import User
from bill_reminders.messages.notices import Sender

if TYPE_CHECKING:
    from bill_reminders.channels.one_off import Direct, DirectText


class EmailReminders:
    """Sends the messages with reminders, from `mailbox`."""

    def __init__(self, sender: Sender, mailbox: Mailbox) -> None:
        self._sender = sender
        self._mailbox = mailbox
        self.provider: Any = providers.client("sesv2")
        templates()  # now, when a cold start has a whole processor, and not at the first e-mail

    def prepare(self, wake_ups: int) -> bool:
        return True

    def held_until(self, user: User, now: datetime) -> datetime | None:
        return None

    def used(self) -> Mapping[str, float]:
        return {}

    def send(self, outgoing: Outgoing) -> str:
        text = email(
            outgoing.user,
            outgoing.notices,
            today=outgoing.today,
            sender=self._sender,
            first=outgoing.first,
            reference=outgoing.message_id,
            part=outgoing.part,
            link=outgoing.link,
            unsubscribe_link=outgoing.unsubscribe_link,
        )
        return providers.send_once(
            self.provider.send_email,
            **email_request(
                sender=self._mailbox,
                to=outgoing.address,
                subject=text.subject,
                text=text.text,
                html=text.html,
                message_id=outgoing.message_id,
                list_unsubscribe=text.list_unsubscribe,
                one_click=text.one_click,
            ),
        )


class _DirectEmail:
    def __init__(self, parameters: EmailParameters) -> None:
        self._parameters = parameters

    def need_reachable(self, address: str) -> None:
        """Every mailbox is, as far as anybody can tell."""

    def send(self, message: "Direct", text: "DirectText", *, now: datetime) -> str:
        request = email_request(
            sender=self._mailbox(message),
            to=message.address,
            subject=text.subject,
            text=text.text,
            html=text.html,
            message_id=message.tag,
        )
        return providers.send_one_off("sesv2", "send_email", **request)

    def _mailbox(self, message: "Direct") -> Mailbox:
        """Strangers decide where codes go: what comes back of them is told apart."""
        known = self._parameters
        by = known.codes_configuration_set if message.is_code else known.configuration_set
        return Mailbox(known.from_address, by, known.sender_name)


def direct(parameters: EmailParameters) -> _DirectEmail:
    return _DirectEmail(parameters)
