"""First use: the steps from nothing to the first reminder."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from bill_reminders.api.fields import Answer
from bill_reminders.domain.account import Account
from bill_reminders.domain.local_time import local_date

StepName = Literal["account", "contact", "bill", "resume", "test_message"]


class Step(Answer):
    """One thing to do."""

    step: Annotated[
        StepName,
        Field(
            description=(
                "account: language and time zone; contact: somewhere to be reached; bill: one that "
                "is open and reminded of; resume: end a pause, listed during one; test_message: "
                "see one arrive."
            ),
            examples=["contact"],
        ),
    ]
    done: Annotated[bool, Field(description="Whether it is done.", examples=[False])]
    method: Annotated[str, Field(description="How to do it: the method.", examples=["POST"])]
    path: Annotated[str, Field(description="And the path.", examples=["/v1/contacts"])]
    hint: Annotated[
        str,
        Field(
            description="What to do, for the developer of a front end.",
            examples=["Add a phone number or an e-mail address, then enter the code sent to it."],
        ),
    ]


class Setup(Answer):
    """What is still missing for a new user."""

    sign_up: Annotated[
        Literal["open", "closed"],
        Field(
            description=(
                "closed: nobody makes an account here; one that a biller made is joined with its "
                "link code."
            )
        ),
    ]
    complete: Annotated[bool, Field(description="Whether reminders will arrive.", examples=[False])]
    next_step: Annotated[
        StepName | None, Field(description="The first step that is not done; null after the last.")
    ]
    steps: Annotated[list[Step], Field(description="All steps, in order.")]


def setup_view(
    account: Account | None, *, now: datetime, tested: bool, takes_new_users: bool
) -> Setup:
    """`account` None: nobody has registered yet."""
    reachable = account is not None and any(
        account.user.address(channel) is not None for channel in account.user.plan.channels
    )
    steps = [
        _account_step(done=account is not None, takes_new_users=takes_new_users),
        Step(
            step="contact",
            done=reachable,
            method="POST",
            path="/v1/contacts",
            hint="Add a phone number or an e-mail address, then enter the code sent to it.",
        ),
        Step(
            step="bill",
            done=account is not None and _awaits(account, now),
            method="POST",
            path="/v1/bills",
            hint=(
                "Add a bill: who is to be paid, what for, when, how often. One that is closed, "
                "silenced or paid for good reminds of nothing."
            ),
        ),
        *_resume(account, now),
        Step(
            step="test_message",
            done=tested,
            method="POST",
            path="/v1/test-messages",
            hint="Send a test message and see it arrive.",
        ),
    ]
    missing = [step.step for step in steps if not step.done]
    # a test message is good to have; reminders arrive without one
    complete = set(missing) <= {"test_message"}
    return Setup(
        sign_up="open" if takes_new_users else "closed",
        complete=complete,
        next_step=missing[0] if missing else None,
        steps=steps,
    )


def _account_step(*, done: bool, takes_new_users: bool) -> Step:
    if not takes_new_users:
        hint = "Join the account that a biller made, with its link code."
        path = "/v1/account/join"
        return Step(step="account", done=done, method="POST", path=path, hint=hint)
    hint = (
        "Give the language and the time zone; or join the account that a biller made, with its "
        "link code, at POST /v1/account/join."
    )
    return Step(step="account", done=done, method="POST", path="/v1/account", hint=hint)


def _awaits(account: Account, now: datetime) -> bool:
    today = local_date(now, account.user.zone)
    return any(bill.reminds and bill.first_unpaid(today) is not None for bill in account.bills)


def _resume(account: Account | None, now: datetime) -> list[Step]:
    """The step that a pause adds; none without one."""
    user = None if account is None else account.user
    if user is None or user.paused_until is None:
        return []
    until = user.paused_until
    if until < local_date(now, user.zone):
        return []
    return [
        Step(
            step="resume",
            done=False,
            method="PATCH",
            path="/v1/settings",
            hint=f"Reminders are paused up to and including {until}: set paused_until to null.",
        )
    ]
