"""The request that SES takes for an e-mail."""

from dataclasses import dataclass
from email.header import Header
from email.utils import formataddr
from typing import Any


@dataclass(frozen=True, slots=True)
class Mailbox:
    """Who e-mails come from, by address and `name`, and the configuration set by which SES tells
    what becomes of them."""

    address: str
    configuration_set: str
    name: str = ""

    @property
    def header(self) -> str:
        """As the header From has it: without a name, an inbox shows what is before the @. A name
        that is not ASCII is encoded (RFC 2047), in words of 75 characters at most."""
        readable = "".join(sign if sign.isprintable() else " " for sign in self.name)
        name = " ".join(readable.split())
        if not name.isascii() or "=?" in name:  # that would be read as encoded already
            return f"{Header(name, 'utf-8', maxlinelen=75).encode(linesep='')} <{self.address}>"
        return formataddr((name, self.address))


def email_request(
    *,
    sender: Mailbox,
    to: str,
    subject: str,
    text: str,
    html: str,
    message_id: str,
    list_unsubscribe: str | None = None,
    one_click: bool = False,
) -> dict[str, Any]:
    """For SESv2 SendEmail."""
    simple: dict[str, Any] = {
        "Subject": _utf8(subject),
        "Body": {"Text": _utf8(text), "Html": _utf8(html)},
    }
    # no out-of-office reply, please (RFC 3834)
    simple["Headers"] = [{"Name": "Auto-Submitted", "Value": "auto-generated"}]
    if list_unsubscribe is not None:
        simple["Headers"].append({"Name": "List-Unsubscribe", "Value": list_unsubscribe})
        if one_click:
            post = {"Name": "List-Unsubscribe-Post", "Value": "List-Unsubscribe=One-Click"}
            simple["Headers"].append(post)
    return {
        "FromEmailAddress": sender.header,
        "ConfigurationSetName": sender.configuration_set,
        "Destination": {"ToAddresses": [to]},
        "Content": {"Simple": simple},
        "EmailTags": [{"Name": "message_id", "Value": message_id}],
    }


def _utf8(text: str) -> dict[str, str]:
    return {"Data": text, "Charset": "UTF-8"}
