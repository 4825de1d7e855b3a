"""Contacts, devices and test messages: where a user is reached."""

from datetime import datetime
from functools import partial
from typing import Annotated

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path

from bill_reminders import clock
from bill_reminders.api import audit, queued_jobs
from bill_reminders.api.answering import ALWAYS, LOCATION, POSTED, WITH_BODY, answers, nothing, ok
from bill_reminders.api.callers import caller, me, my_account
from bill_reminders.api.config import config, outbound
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
from bill_reminders.channels import registry
from bill_reminders.channels.one_off import CodeRequest, Direct, DirectText
from bill_reminders.channels.providers import Rejected, UsedUp
from bill_reminders.channels.sends import CODE
from bill_reminders.commands import stops
from bill_reminders.commands.contacts import give_up
from bill_reminders.delivery import code_limits, direct, direct_rows
from bill_reminders.domain.account import Account
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.joining import proof_since
from bill_reminders.domain.journal import Event
from bill_reminders.storage import accounts, codes, contacts
from bill_reminders.storage.codes import Pending, WrongCode
from bill_reminders.storage.contacts import REACHED_BY_CODE, HeldByImport

router = Router()
logger = Logger(child=True)

ContactId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{20}$", description="The contact's id, from the list.")
]


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
    account = my_account(router, now=now)
    return ok(Contacts(contacts=_contacts(account, now)))


@router.get(
    "/v1/contacts/<contact_id>",
    tags=["Contacts"],
    operation_id="getContact",
    summary="Read a contact",
    description="One contact, as in the list. One that waits is gone when its code expires.",
    responses=answers(200, Contact, "The contact.", *ALWAYS, "not-found"),
)
def get_contact(contact_id: ContactId) -> Response[Contact]:
    now = clock.now()
    contact = _contact(my_account(router, now=now), contact_id, now)
    if contact is None:
        raise not_found("contact")
    return ok(contact)


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
        "10 a day for a user, 3 and 6 for an address, 20 and 60 from one source; by SMS at most 5 "
        "a day for who registered by themselves, and as many a day in all as whoever runs this "
        "allows, who may also name the countries that SMS go to; by e-mail as many a day in all, "
        "and 30 an hour and 100 a day to a domain that is no big provider's. Plus-tags and dots in "
        "an address make no other address for these limits. Numbers of premium rate, shared "
        "cost, toll-free, pager, personal and satellite services are refused. Once confirmed it "
        "takes the place of an earlier address of its channel."
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
    account = my_account(router, now=now)
    outbound(router).senders[channel].need_reachable(address)
    source, is_self_registered = caller(router).source, account.user.self_registered
    request = CodeRequest(user_id, channel, address, source, is_self_registered)
    code_limits.reserve(request, outbound(router).parameters, now=now)

    def compose() -> DirectText:
        return registry.words(channel).code(
            account.user.language,
            to=address,
            sender=config(router).sender,
            code=codes.create(user_id, channel, address, now=now),
            minutes=int(codes.LIFETIME.total_seconds() // 60),
        )

    contact_id = codes.contact_id(user_id, channel, address)
    key_in_ledger = f"{CODE}{derived_id(router)}-{contact_id}"
    message = Direct(
        user_id,
        key_in_ledger,
        channel,
        address,
        compose,
        account.user.self_registered,
        account.life,
    )
    _send(message, contact_id, now)
    if not _waits(user_id, contact_id, now):
        # An earlier try of this request died before there was a code, so it has sent none.
        direct_rows.give_back(user_id, message.key)
        _send(message, contact_id, now)
    contact = _contact(account, contact_id, now)
    if contact is None:
        raise not_found("contact")
    return ok(contact, 201, location=f"/v1/contacts/{contact_id}")


def _send(message: Direct, contact_id: str, now: datetime) -> None:
    try:
        direct.send(message, outbound(router).senders, now=now)
    except (Rejected, UsedUp):
        codes.forget(message.user_id, contact_id)  # nobody will ever enter it
        raise


def _address(channel: Channel, text: str) -> str:
    return read(registry.contact(channel).read, text, "address")


def _waits(user_id: str, contact_id: str, now: datetime) -> bool:
    return any(each.contact_id == contact_id for each in codes.pending(user_id, now=now))


@router.post(
    "/v1/contacts/<contact_id>/confirm",
    middlewares=[done_once],
    tags=["Contacts"],
    operation_id="confirmContact",
    summary="Enter the code",
    description=(
        "Confirms a contact: from now on reminders go there. When a biller has made an account "
        "with this very address, and the caller's own has no bills yet, the token opens that one "
        "from now on. That takes an address that the biller vouched for, or that a message was "
        "delivered to, within a year or as long as whoever runs this allows; that is not stopped; "
        "and an account of which no bill was called somebody else's. Otherwise the address "
        "becomes the caller's own, `joined` is false, and that account is joined by a link code "
        "alone. An address that is somebody else's becomes the caller's too: numbers are handed "
        "on, and who reads the code has it now. A code that is older than somebody else's "
        "confirmation of the address no longer works."
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
    is_mine = _contact(my_account(router, now=now), contact_id, now) is not None
    asked_by = user_id if is_mine else queued_jobs.joined_from(router)
    if asked_by is None:
        raise not_found("contact")
    request = derived_id(router)
    pending = _entered(asked_by, contact_id, body.code, request, now)
    codes.outdate_others(pending, now=now)
    take = partial(
        contacts.take, channel=pending.channel, value=pending.address, consent=body.consent
    )
    joined = not is_mine
    try:
        account = take(
            user_id,
            now=now,
            proof_since=proof_since(now, months=config(router).join_within_months),
            tell=partial(queued_jobs.tell, router),
        )
    except HeldByImport as held:
        queued_jobs.join(router, held.owner, now=now, channel=pending.channel)
        account = take(held.owner, now=now)
        joined = True
    codes.use_up(asked_by, contact_id, request=request)
    address = account.user.addresses[pending.channel]
    ident = codes.contact_id(account.user.user_id, pending.channel, pending.address)
    return ok(Confirmed(contact=contact_view(ident, pending.channel, address), joined=joined))


def _entered(user_id: str, contact_id: str, code: str, request: str, now: datetime) -> Pending:
    try:
        return codes.enter(user_id, contact_id, code, request=request, now=now)
    except WrongCode:
        audit.tell(Event.WRONG_CODE)
        raise


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
    account = my_account(router, now=now)
    in_use = [each for each in REACHED_BY_CODE if _id(user_id, each, account) == contact_id]
    if not in_use and not codes.is_known(user_id, contact_id):
        raise not_found("contact")
    for channel in in_use:
        value = account.user.addresses[channel].value
        accounts.change(user_id, partial(give_up, channel=channel, value=value), now=now)
    codes.forget(user_id, contact_id)  # last: until it is done all of this may be repeated
    return nothing()


@router.delete(
    "/v1/links",
    status_code=204,
    tags=["Contacts"],
    operation_id="closeLinks",
    summary="Close all links in messages",
    description=(
        "For a user whose phone or mailbox was in wrong hands: no link in a message that went out "
        "so far opens anything any more, nor does an old mail's unsubscribe button work. Those of "
        "later messages do. The calendar's address is another one, see Calendar."
    ),
    responses=answers(204, None, "They are closed.", *ALWAYS),
)
def close_links() -> Response[None]:
    now = clock.now()
    accounts.change(me(router), partial(stops.close_links, now=now), now=now)
    return nothing()


def _contacts(account: Account, now: datetime) -> list[Contact]:
    """Each once: an address in use that waits for a code too says so in its own entry."""
    user_id = account.user.user_id
    waiting = {each.contact_id: each for each in codes.pending(user_id, now=now)}
    in_use = [
        contact_view(contact_id, channel, known, waiting.pop(contact_id, None))
        for channel in REACHED_BY_CODE
        if (known := account.user.addresses.get(channel)) is not None
        and (contact_id := codes.contact_id(user_id, channel, known.value))
    ]
    return [*in_use, *map(pending_view, waiting.values())]


def _contact(account: Account, contact_id: str, now: datetime) -> Contact | None:
    listed = _contacts(account, now)
    return next((each for each in listed if each.contact_id == contact_id), None)


def _id(user_id: str, channel: Channel, account: Account) -> str | None:
    known = account.user.addresses.get(channel)
    return None if known is None else codes.contact_id(user_id, channel, known.value)
