"""Devices and test messages: push, and seeing a message arrive."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body as BodyParam
from aws_lambda_powertools.event_handler.openapi.params import Path
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api.answering import ALWAYS, POSTED, WITH_BODY, answers, nothing, ok
from bill_reminders.api.callers import me, my_account
from bill_reminders.api.config import config, outbound
from bill_reminders.api.contacts import Device, Devices, NewDevice, state_of, stopped_by
from bill_reminders.api.fields import Answer, Body, ChannelName, StateName
from bill_reminders.api.idempotency import IdempotencyKey, derived_id, done_once
from bill_reminders.api.problems import Problem, fault, invalid, not_found, read
from bill_reminders.channels import registry
from bill_reminders.channels.one_off import Direct
from bill_reminders.channels.providers import NotServed, Rejected
from bill_reminders.channels.push import endpoints
from bill_reminders.commands.contacts import give_up
from bill_reminders.delivery import direct, direct_rows
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import DAY
from bill_reminders.domain.people import StoppedBy, User
from bill_reminders.storage import accounts, codes, contacts, limits
from bill_reminders.storage.contacts import HeldByImport
from bill_reminders.storage.limits import HOUR, Limit

router = Router()

DeviceId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{20}$", description="The device's id, from the list.")
]

START_LIFTS = (StoppedBy.BOUNCED,)
"""What an app's start takes back: the device is there after all. Nobody said that they want push
again."""


@router.get(
    "/v1/devices",
    tags=["Devices"],
    operation_id="listDevices",
    summary="List devices",
    description="The device that takes push notifications.",
    responses=answers(200, Devices, "The devices.", *ALWAYS),
)
def list_devices() -> Response[Devices]:
    account = my_account(router, now=clock.now())
    device = _device(account.user)
    return ok(Devices(devices=[] if device is None else [device]))


def _device(user: User) -> Device | None:
    known = user.addresses.get(Channel.PUSH)
    if known is None:
        return None
    ident = codes.contact_id(user.user_id, Channel.PUSH, known.value)
    return Device(device_id=ident, state=state_of(known), stopped_by=stopped_by(known))


@router.post(
    "/v1/devices",
    status_code=201,
    middlewares=[done_once],
    tags=["Devices"],
    operation_id="registerDevice",
    summary="Register a device",
    description=(
        "Call it at each start of the app, with a new key. A token that is registered already is "
        "brought up to date; another one takes the place of the one before. Push joins the plan "
        "with the first device. What the user stopped stays stopped, for a new token too, until "
        "`resume` says that they want it again; only that the device was gone is over."
    ),
    responses=answers(201, Device, "It is registered.", *ALWAYS, *WITH_BODY, *POSTED, "conflict"),
)
def register_device(
    body: Annotated[NewDevice, BodyParam(description="The device.")], key: IdempotencyKey
) -> Response[Device]:
    user_id, now = me(router), clock.now()
    token = read(registry.contact(Channel.PUSH).read, body.token, "token")
    mine = my_account(router, now=now).user.addresses.get(Channel.PUSH)
    try:
        endpoint = endpoints.endpoint_of(_application(body.platform), token)
    except Rejected:
        remedy = "the push service takes no such token: copy it anew from the app"
        raise invalid([fault("token", remedy)]) from None
    try:
        account = contacts.take(
            user_id,
            Channel.PUSH,
            endpoint,
            lifts=StoppedBy if body.resume else START_LIFTS,
            now=now,
        )
    except HeldByImport:
        raise Problem(
            "conflict",
            "the device belongs to an account that a biller made: join that one first, by a link "
            "code or by confirming a contact that it holds",
        ) from None
    if mine is not None and mine.value != endpoint:
        endpoints.delete_endpoint(mine.value)
    device = _device(account.user)
    assert device is not None, "it was taken just now"
    return ok(device, 201)


def _application(platform: str) -> str:
    settings = config(router)
    arns = {
        "apple": settings.apple_push_application_arn,
        "google": settings.google_push_application_arn,
    }
    if not arns[platform]:
        raise Problem(
            "conflict",
            f"push for {platform} is not set up here: whoever runs this names an SNS application",
        )
    return arns[platform]


@router.delete(
    "/v1/devices/<device_id>",
    status_code=204,
    tags=["Devices"],
    operation_id="removeDevice",
    summary="Remove a device",
    description="Call it when the user signs out on it. Nothing is pushed there any more.",
    responses=answers(204, None, "It is gone.", *ALWAYS, "not-found"),
)
def remove_device(device_id: DeviceId) -> Response[None]:
    user_id, now = me(router), clock.now()
    user = my_account(router, now=now).user
    device = _device(user)
    if device is None or device.device_id != device_id:
        raise not_found("device")
    endpoint = user.addresses[Channel.PUSH].value
    endpoints.delete_endpoint(endpoint)  # first: what fails here may be repeated
    accounts.change(user_id, lambda account: give_up(account, Channel.PUSH, endpoint), now=now)
    return nothing()


class TestWanted(Body):
    """Where to send a test message."""

    __test__ = False

    channel: Annotated[ChannelName, Field(description="The channel to try.", examples=["sms"])]


class TestMessage(Answer):
    """A test message."""

    __test__ = False

    channel: Annotated[ChannelName, Field(description="Where it went.", examples=["sms"])]
    state: Annotated[
        StateName,
        Field(description="sent: the provider took it.", examples=["sent"]),
    ]


@router.post(
    "/v1/test-messages",
    status_code=201,
    middlewares=[done_once],
    tags=["First use"],
    operation_id="sendTestMessage",
    summary="Send a test message",
    description=(
        "Sends a message to the user's own address at once, also in quiet hours. At most 5 an hour "
        "and 20 a day, by SMS 5 a day for who registered by themselves."
    ),
    responses=answers(
        201, TestMessage, "It was sent.", *ALWAYS, *WITH_BODY, *POSTED, "too-often", "conflict"
    ),
)
def send_test_message(
    body: Annotated[TestWanted, BodyParam(description="Where to.")], key: IdempotencyKey
) -> Response[TestMessage]:
    user_id, now = me(router), clock.now()
    channel = Channel(body.channel)
    account = my_account(router, now=now)
    user = account.user
    address = user.address(channel)
    if address is None:
        raise Problem("conflict", f"there is no {channel} address in use: add and confirm one")
    _need_reachable(channel, address.value)
    limits.reserve(_test_limits(user, channel), now=now)
    where = codes.contact_id(user_id, channel, address.value)
    message = Direct(
        user_id,
        f"{direct_rows.TEST}{derived_id(router)}-{where}",
        channel,
        address.value,
        lambda: registry.words(channel).trial(
            user.language,
            to=address.value,
            sender=config(router).sender,
            code_word=user.code_word,
        ),
        user.self_registered,
        account.life,
    )
    state = direct.send(message, outbound(router).senders, now=now)
    return ok(TestMessage(channel=channel.value, state=state.value), 201)


def _need_reachable(channel: Channel, address: str) -> None:
    try:
        outbound(router).senders[channel].need_reachable(address)
    except NotServed as error:
        raise Problem("conflict", error.remedy) from None


def _test_limits(user: User, channel: Channel) -> list[Limit]:
    return [
        Limit("tests/hour", user.user_id, 5, HOUR),
        Limit("tests/day", user.user_id, 20, DAY),
        *registry.contact(channel).trial_limits(user),
    ]
