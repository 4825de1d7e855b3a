"""Contacts, devices and test messages: where a user is reached."""

from datetime import datetime
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from bill_reminders import clock
from bill_reminders.api import promises
from bill_reminders.api.answering import ALWAYS, LOCATION, POSTED, WITH_BODY, answers, nothing, ok
from bill_reminders.api.callers import caller, me
from bill_reminders.api.config import config
from bill_reminders.api.contacts import (
    CodeEntered,
    Confirmed,
    Contact,
    Contacts,
    NewContact,
    contact_view,
    pending_view,
)
from bill_reminders.api.idempotency import IdempotencyKey, derived_id, done_once
from bill_reminders.api.problems import not_found, read
from bill_reminders.delivery import direct
from bill_reminders.delivery.direct import Direct
from bill_reminders.delivery.providers import Rejected
from bill_reminders.domain.clock import DAY
from bill_reminders.domain.terms import Channel
from bill_reminders.files import addresses
from bill_reminders.messages.direct import DirectText
from bill_reminders.messages.direct import code as code_text
from bill_reminders.storage import accounts, codes, contacts, direct_rows, limits
from bill_reminders.storage.accounts import Account
from bill_reminders.storage.addresses import address_hash
from bill_reminders.storage.codes import Pending
from bill_reminders.storage.contacts import HeldByImport
from bill_reminders.storage.limits import HOUR, Limit

router = Router()

ContactId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{20}$", description="The contact's id, from the list.")
]

REACHED_BY_CODE = (Channel.SMS, Channel.EMAIL)


def code_limits(user_id: str, address: str, source: str) -> tuple[Limit, ...]:
    """How many codes may go out: for one user, to one address, and asked for from one source, which
    stops SMS pumping through many accounts."""
    return (
        Limit("codes/user/hour", user_id, 5, HOUR),
        Limit("codes/user/day", user_id, 10, DAY),
        Limit("codes/address/hour", address, 3, HOUR),
        Limit("codes/address/day", address, 6, DAY),
        Limit("codes/source/hour", source, 20, HOUR),
        Limit("codes/source/day", source, 60, DAY),
    )


@router.get(
    "/v1/contacts",
    tags=["Contacts"],
    operation_id="listContacts",
    summary="List contacts",
    description="The phone number and the e-mail address in use, and those that wait for a code.",
    responses=answers(200, Contacts, "The contacts.", *ALWAYS),
)
def list_contacts() -> Response[Contacts]:
    now = clock.now()
    account = accounts.read(me(router), now=now)
    return ok(Contacts(contacts=_contacts(account, now)))


@router.post(
    "/v1/contacts",
    status_code=201,
    middlewares=[done_once],
    tags=["Contacts"],
    operation_id="addContact",
    summary="Add a contact",
    description=(
        "Sends a six-digit code to the address; it lives for ten minutes and takes five tries. To "
        "send another one, add the same address again with a new key. At most 5 codes an hour and "
        "10 a day for a user, 3 and 6 for an address, 20 and 60 from one source. Once confirmed "
        "it takes the place of an earlier address of its channel."
    ),
    responses=answers(
        201,
        Contact,
        "The code is on its way.",
        *ALWAYS,
        *WITH_BODY,
        *POSTED,
        "too-often",
        headers=LOCATION,
    ),
)
def add_contact(
    body: Annotated[NewContact, Body(description="The address.")], key: IdempotencyKey
) -> Response[Contact]:
    user_id, now = me(router), clock.now()
    channel = Channel(body.channel)
    address = _address(channel, body.address)
    account = accounts.read(user_id, now=now)
    named = address_hash(channel, address)
    limits.reserve(code_limits(user_id, named, caller(router).source), now=now)

    def compose() -> DirectText:
        return code_text(
            account.user.language,
            channel,
            to=address,
            sender=config(router).sender,
            code=codes.create(user_id, channel, address, now=now),
            minutes=int(codes.LIFETIME.total_seconds() // 60),
        )

    contact_id = codes.contact_id(user_id, channel, address)
    key_in_ledger = f"{direct_rows.CODE}{derived_id(router)}-{contact_id}"
    message = Direct(user_id, key_in_ledger, channel, address, compose)
    _send(message, contact_id, now)
    pending = _pending(user_id, contact_id, now)
    if pending is None:
        # An earlier try of this request died before there was a code, so it has sent none.
        direct_rows.give_back(user_id, message.key)
        _send(message, contact_id, now)
        pending = _pending(user_id, contact_id, now)
    if pending is None:
        raise not_found("contact")
    location = f"/v1/contacts/{pending.contact_id}"
    return ok(pending_view(pending), 201, location=location)


def _send(message: Direct, contact_id: str, now: datetime) -> None:
    try:
        direct.send(
            message,
            mailbox=config(router).mailbox,
            origins_parameter=config(router).sms_origins_parameter,
            now=now,
        )
    except Rejected:
        codes.forget(message.user_id, contact_id)  # nobody will ever enter it
        raise


def _address(channel: Channel, text: str) -> str:
    parse = addresses.phone if channel is Channel.SMS else addresses.email
    return read(parse, text, "address")


def _pending(user_id: str, contact_id: str, now: datetime) -> Pending | None:
    waiting = codes.pending(user_id, now=now)
    return next((each for each in waiting if each.contact_id == contact_id), None)


@router.post(
    "/v1/contacts/<contact_id>/confirm",
    middlewares=[done_once],
    tags=["Contacts"],
    operation_id="confirmContact",
    summary="Enter the code",
    description=(
        "Confirms a contact: from now on reminders go there. When a biller has made an account "
        "with this very address, and the caller's own has no bills yet, the token opens that one "
        "from now on. An address that is somebody else's becomes the caller's: numbers are handed "
        "on, and who reads the code has it now."
    ),
    responses=answers(
        200,
        Confirmed,
        "The contact is in use.",
        *ALWAYS,
        *WITH_BODY,
        *POSTED,
        "not-found",
        "conflict",
    ),
)
def confirm_contact(
    contact_id: ContactId,
    body: Annotated[CodeEntered, Body(description="The code.")],
    key: IdempotencyKey,
) -> Response[Confirmed]:
    user_id, now = me(router), clock.now()
    known = {each.contact_id for each in _contacts(accounts.read(user_id, now=now), now)}
    if contact_id not in known:
        raise not_found("contact")
    request = derived_id(router)
    pending = codes.enter(user_id, contact_id, body.code, request=request, now=now)
    joined = False
    try:
        contacts.take(user_id, pending.channel, pending.address, now=now)
    except HeldByImport as held:
        promises.join(router, held.owner, now=now)
        contacts.take(held.owner, pending.channel, pending.address, now=now)
        joined = True
    codes.use_up(user_id, contact_id, request=request)
    account = accounts.read(me(router), now=now)
    address = account.user.addresses[pending.channel]
    ident = codes.contact_id(account.user.user_id, pending.channel, pending.address)
    return ok(Confirmed(contact=contact_view(ident, pending.channel, address), joined=joined))


@router.delete(
    "/v1/contacts/<contact_id>",
    status_code=204,
    tags=["Contacts"],
    operation_id="removeContact",
    summary="Remove a contact",
    description=(
        "Nothing goes there any more, from now on. Its channel leaves the plan; a contact that "
        "waits for its code is forgotten."
    ),
    responses=answers(204, None, "It is gone.", *ALWAYS, "not-found"),
)
def remove_contact(contact_id: ContactId) -> Response[None]:
    user_id, now = me(router), clock.now()
    forgotten = codes.forget(user_id, contact_id)
    account = accounts.read(user_id, now=now)
    for channel in REACHED_BY_CODE:
        if _id(user_id, channel, account) == contact_id:
            contacts.give_up(user_id, channel, account.user.addresses[channel].value, now=now)
            return nothing()
    if not forgotten:
        raise not_found("contact")
    return nothing()


def _contacts(account: Account, now: datetime) -> list[Contact]:
    user = account.user
    in_use = [
        contact_view(codes.contact_id(user.user_id, channel, known.value), channel, known)
        for channel in REACHED_BY_CODE
        if (known := user.addresses.get(channel)) is not None
    ]
    confirmed = {each.contact_id for each in in_use if each.state == "confirmed"}
    waiting = [
        pending_view(each)
        for each in codes.pending(user.user_id, now=now)
        if each.contact_id not in confirmed
    ]
    return [*in_use, *waiting]


def _id(user_id: str, channel: Channel, account: Account) -> str | None:
    known = account.user.addresses.get(channel)
    return None if known is None else codes.contact_id(user_id, channel, known.value)
