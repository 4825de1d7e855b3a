"""Settings: read, change, and what a new user has still to do."""

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body

from bill_reminders import clock
from bill_reminders.api.answering import ALWAYS, ETAG, WITH_BODY, answers, ok
from bill_reminders.api.callers import caller, me, my_account
from bill_reminders.api.config import config
from bill_reminders.api.etags import IfMatch, need_match
from bill_reminders.api.settings import (
    Settings,
    SettingsChange,
    changed,
    settings_etag,
    settings_view,
)
from bill_reminders.api.setup import Setup, setup_view
from bill_reminders.delivery import direct_rows
from bill_reminders.domain.account import Account
from bill_reminders.storage import accounts, identities

router = Router()


@router.get(
    "/v1/setup",
    tags=["First use"],
    operation_id="getSetup",
    summary="What is still missing",
    description=(
        "What a user has still to do before reminders arrive, in order, and how. Also answers "
        "while there is no account."
    ),
    responses=answers(200, Setup, "The steps.", "internal", "try-again"),
)
def get_setup() -> Response[Setup]:
    user_id = identities.user_of(caller(router).identity)
    now, is_open = clock.now(), config(router).takes_new_users
    if user_id is None:
        return ok(setup_view(None, now=now, tested=False, takes_new_users=is_open))
    account = my_account(router, now=now)
    tested = direct_rows.any_test(user_id)
    return ok(setup_view(account, now=now, tested=tested, takes_new_users=is_open))


@router.get(
    "/v1/settings",
    tags=["Settings"],
    operation_id="getSettings",
    summary="Read all settings",
    description="All settings, the plan that results for each kind of bill, and what comes next.",
    responses=answers(200, Settings, "The settings.", *ALWAYS, headers=ETAG),
)
def get_settings() -> Response[Settings]:
    now = clock.now()
    account = my_account(router, now=now)
    return ok(settings_view(account, now=now), etag=settings_etag(account.user))


@router.patch(
    "/v1/settings",
    tags=["Settings"],
    operation_id="changeSettings",
    summary="Change some settings",
    description=(
        "Changes what is named and leaves the rest. Reminders that are still to come follow the "
        "new settings at once; none is repeated. Needs the ETag that was read."
    ),
    responses=answers(
        200,
        Settings,
        "The settings as they are now.",
        *ALWAYS,
        *WITH_BODY,
        "changed-meanwhile",
        "precondition-required",
        headers=ETAG,
    ),
)
def change_settings(
    body: Annotated[SettingsChange, Body(description="What shall change.")],
    if_match: IfMatch = None,
) -> Response[Settings]:
    now = clock.now()

    def change(account: Account) -> Account:
        user = account.user
        need_match(if_match, settings_etag(user), lambda: changed(user, body) == user)
        return account.with_user(changed(user, body))

    after = accounts.change(me(router), change, now=now)
    return ok(settings_view(after, now=now), etag=settings_etag(after.user))
