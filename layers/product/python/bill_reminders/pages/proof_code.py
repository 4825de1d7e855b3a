"""Sends the code that opens what is beyond a message's bills; loaded when somebody asks for one."""

import re
from dataclasses import dataclass

from bill_reminders.channels import registry
from bill_reminders.channels.one_off import CodeRequest, Direct, DirectText
from bill_reminders.channels.providers import Rejected, UsedUp
from bill_reminders.channels.registry import DirectSenders, Parameters
from bill_reminders.channels.sends import CODE
from bill_reminders.delivery import code_limits, direct, direct_rows
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.people import Address
from bill_reminders.messages.notices import Sender
from bill_reminders.pages.code_page import CODE_MINUTES
from bill_reminders.pages.forms import Form, Unclear, field_of
from bill_reminders.pages.view import Opened
from bill_reminders.storage import codes
from bill_reminders.storage.limits import TooOften

REQUEST = re.compile(r"[0-9a-f]{32}")
"""What a button that sends a code carries, so that pressing it twice sends one."""


@dataclass(frozen=True, slots=True)
class Post:
    """Who sends codes, and with what."""

    sender: Sender
    parameters: Parameters


def send(opened: Opened, form: Form, post: Post, *, source: str) -> None:
    """Send a code to where the message went; `source` is the IP address that asks for it. Raises
    Unclear, limits.TooOften, providers.Refused or NoAnswer, accounts.UnknownUser."""
    request = field_of(form, "request")
    if REQUEST.fullmatch(request) is None:
        raise Unclear("page_fault_form")
    user_id, channel, address = opened.link.user_id, opened.link.channel, _address(opened)
    assert channel is not None, "it has an address"
    key = f"{CODE}page-{request}"
    if direct_rows.is_known(user_id, key):
        return
    account = opened.account
    is_self_registered = account.user.self_registered
    asked = CodeRequest(user_id, channel, address.value, source, is_self_registered)
    code_limits.reserve(asked, post.parameters, now=opened.now)

    def compose() -> DirectText:
        return _compose(opened, channel, address, post)

    message = Direct(
        user_id, key, channel, address.value, compose, is_self_registered, account.life
    )
    try:
        direct.send(message, DirectSenders(post.parameters), now=opened.now)
    except Rejected:
        raise Unclear("page_fault_proof_unreached") from None
    except UsedUp as error:
        raise TooOften(error.retry_after) from None


def _address(opened: Opened) -> Address:
    """Where the message went, if anything may go there."""
    channel = opened.link.channel
    known = None if channel is None else opened.account.user.address(channel)
    if known is None:
        raise Unclear("page_fault_proof_stopped")
    return known


def _compose(opened: Opened, channel: Channel, address: Address, post: Post) -> DirectText:
    link = opened.link
    ident = codes.link_id(link.token_hash)
    return registry.words(channel).proof(
        opened.account.user.language,
        to=address.value,
        sender=post.sender,
        code=codes.create(link.user_id, channel, address.value, ident=ident, now=opened.now),
        minutes=CODE_MINUTES,
    )
