"""Bills: create, list, read, change, close, delete."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Body, Path, Query
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api import cursors
from bill_reminders.api.answering import (
    ALWAYS,
    ETAG,
    LOCATION,
    POSTED,
    WITH_BODY,
    answers,
    nothing,
    ok,
)
from bill_reminders.api.bills import (
    BillChange,
    BillPage,
    BillStatus,
    BillSummary,
    FailedDebitView,
    Occurrence,
    PaymentView,
    PrepaymentView,
    bill_etag,
    failed_debit_view,
    occurrence_view,
    occurrences_view,
    payment_view,
    prepayments_view,
    read_change,
    summary,
)
from bill_reminders.api.callers import me, my_account
from bill_reminders.api.coming import ComingReminder, coming_view
from bill_reminders.api.cursors import Cursor, Limit
from bill_reminders.api.etags import IfMatch, need_match
from bill_reminders.api.fields import LabelName, LocalDate, Words
from bill_reminders.api.idempotency import IdempotencyKey, derived_id, done_once
from bill_reminders.api.problems import fault, invalid, not_found
from bill_reminders.api.settings import local_date as day_of
from bill_reminders.api.terms import NewBill, TermsView, read_new, terms_view
from bill_reminders.commands import bills
from bill_reminders.commands.bills import Since
from bill_reminders.domain.account import Account
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.edits import opened_and_closed
from bill_reminders.domain.forecast import forecast
from bill_reminders.domain.local_time import DAY, local_date
from bill_reminders.files.cells import CellError
from bill_reminders.storage import accounts
from bill_reminders.storage.accounts import Command, Tell

router = Router()

BillId = Annotated[
    str, Path(pattern=r"^[A-Za-z0-9._-]{1,64}$", description="The bill's id, from the list.")
]

SINCE = rf"^(\d{{4}}-\d{{2}}-\d{{2}}|{bills.BEGINNING})$"

ASK_FIRST = (
    "no, for a change from the beginning: ask with dry_run what it opens and closes, then send it "
    "with confirm"
)

PLANNED_AHEAD = 400 * DAY
PLANNED_AT_MOST = 10


class BillDetail(BillSummary):
    """A bill with its due dates, its payments and the reminders that are planned."""

    occurrences: Annotated[
        list[Occurrence],
        Field(description="The latest 12 due dates that are past, those unpaid, and the next 12."),
    ]
    payments: Annotated[
        list[PaymentView],
        Field(description="The payments, the latest last; older ones by `listOlderPayments`."),
    ]
    failed_debits: Annotated[
        list[FailedDebitView],
        Field(description="Automatic payments that did not go through, the latest last."),
    ]
    prepayments: Annotated[
        list[PrepaymentView], Field(description="What was paid back early, if it is a loan.")
    ]
    terms: Annotated[
        list[TermsView],
        Field(
            description=(
                "What its dates and amounts were, are and will be, one after the other: a change "
                "from now on, or from a later day, leaves the dates before it as they were."
            )
        ),
    ]
    planned_reminders: Annotated[
        list[ComingReminder], Field(description="The next 10 reminders, if nothing else happens.")
    ]


class ChangedBill(BillDetail):
    """A bill after a change, and which of its dates that opened or closed."""

    dry_run: Annotated[bool, Field(description="Whether nothing was changed.", examples=[False])]
    opens: Annotated[
        list[Occurrence],
        Field(description="Dates that nothing was left to pay of, and now something is."),
    ]
    closes: Annotated[
        list[Occurrence],
        Field(description="Dates that something was left to pay of, and now nothing is."),
    ]


def bill_as_it_is(status: int, *kinds: str) -> dict[int, Any]:
    """The `responses` of a route that answers with one bill, or with these kinds of problems."""
    said = "The bill as it is now."
    return answers(status, BillDetail, said, *ALWAYS, "not-found", *kinds, headers=ETAG)


def detail(account: Account, bill: Bill, *, now: datetime) -> BillDetail:
    today = local_date(now, account.user.zone)
    recorded = {
        key: row for key, row in account.recorded.items() if row.reminder.bill_id == bill.bill_id
    }
    planned = forecast(
        account.user,
        (bill,),
        recorded,
        now=now,
        until=now + PLANNED_AHEAD,
        at_most=PLANNED_AT_MOST,
    )
    return BillDetail.model_construct(
        **dict(summary(bill, today=today)),
        occurrences=occurrences_view(bill, today=today),
        payments=[payment_view(payment) for payment in bill.payments],
        failed_debits=[failed_debit_view(failed) for failed in bill.failed_debits],
        prepayments=prepayments_view(bill),
        terms=terms_view(bill),
        planned_reminders=[coming_view(each, account) for each in planned],
    )


def answer(account: Account, bill_id: str, *, now: datetime, status: int = 200) -> Response[Any]:
    """The bill as it stands in `account`. Raises a not-found problem."""
    bill = account.bill(bill_id)
    if bill is None:
        raise not_found("bill")
    location = f"/v1/bills/{bill_id}" if status == 201 else None
    return ok(detail(account, bill, now=now), status, etag=bill_etag(bill), location=location)


def answer_to(
    router: Router,
    bill_id: str,
    command: Command,
    *,
    now: datetime,
    status: int = 200,
    tell: Tell = lambda facts: None,
) -> Response[Any]:
    """Change the caller's account; the bill as it stands then. Raises a not-found problem."""
    after = accounts.change(me(router), command, now=now, tell=tell)
    return answer(after, bill_id, now=now, status=status)


@router.get(
    "/v1/bills",
    tags=["Bills"],
    operation_id="listBills",
    summary="List bills",
    description=(
        "All bills that fit the filters, by the date that is due next; those without one, as what "
        "is closed or paid for good, last."
    ),
    responses=answers(200, BillPage, "A page of bills.", *ALWAYS, "invalid-value"),
)
def list_bills(
    status: Annotated[
        list[BillStatus] | None,
        Query(
            max_length=6,
            description="Only those with this status; given several times, with one of them.",
        ),
    ] = None,
    due_from: Annotated[
        LocalDate | None, Query(description="Only those whose next date is this or later.")
    ] = None,
    due_until: Annotated[
        LocalDate | None, Query(description="Only those whose next date is this or earlier.")
    ] = None,
    biller: Annotated[
        Words | None, Query(description="Only those of this biller, whatever the case.")
    ] = None,
    label: Annotated[LabelName | None, Query(description="Only those with this label.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[BillPage]:
    user_id, now = me(router), clock.now()
    filters: dict[str, Any] = {
        "status": None if status is None else sorted(set(status)),
        "due_from": due_from,
        "due_until": due_until,
        "biller": biller,
        "label": label,
    }
    _need_days(filters, "due_from", "due_until")
    after = "" if cursor is None else cursors.read(user_id, filters, cursor)
    account = my_account(router, now=now)
    today = local_date(now, account.user.zone)
    views = [summary(bill, today=today) for bill in account.bills]
    wanted = sorted((_place(view), view) for view in views if _fits(view, filters))
    rest = [(place, view) for place, view in wanted if place > after]
    page = rest[:limit]
    more = cursors.make(user_id, filters, page[-1][0]) if len(rest) > limit else None
    return ok(BillPage.model_construct(bills=[view for _, view in page], next_cursor=more))


def _need_days(filters: Mapping[str, Any], *names: str) -> None:
    """Raises an invalid-value problem for a filter by a date that does not exist."""
    faults = []
    for name in names:
        text = filters[name]
        try:
            _ = text is None or day_of(text)
        except CellError as error:
            faults.append(fault(name, str(error), "query"))
    if faults:
        raise invalid(faults)


def _place(view: BillSummary) -> str:
    """Where a bill stands in the list, as text that sorts; each bill has its own."""
    return f"{view.next.due_on if view.next else '~'}#{view.bill_id}"


def _fits(view: BillSummary, filters: Mapping[str, Any]) -> bool:
    due_on = view.next.due_on if view.next else None
    tests = {
        "status": lambda wanted: view.status in wanted,
        "due_from": lambda wanted: due_on is not None and due_on >= wanted,
        "due_until": lambda wanted: due_on is not None and due_on <= wanted,
        "biller": lambda wanted: view.biller.casefold() == wanted.casefold(),
        "label": lambda wanted: view.label == wanted,
    }
    return all(tests[name](wanted) for name, wanted in filters.items() if wanted is not None)


@router.post(
    "/v1/bills",
    status_code=201,
    middlewares=[done_once],
    tags=["Bills"],
    operation_id="createBill",
    summary="Create a bill",
    description=(
        "At most 500 open bills a user, 2,000 with those that are closed; and no more reminders "
        "live at once than `plan.lead_days` says."
    ),
    responses=answers(
        201,
        BillDetail,
        "The bill.",
        *ALWAYS,
        *WITH_BODY,
        *POSTED,
        "too-many",
        headers=ETAG | LOCATION,
    ),
)
def create_bill(
    body: Annotated[NewBill, Body(description="The bill.")], key: IdempotencyKey
) -> Response[BillDetail]:
    bill_id = f"b{derived_id(router)}"
    draft = read_new(body, user_id=me(router), bill_id=bill_id)
    now = clock.now()
    return answer_to(
        router,
        bill_id,
        lambda account: bills.enter(account, bill_id, draft.as_of(account.today(now)), now=now),
        now=now,
        status=201,
    )


@router.get(
    "/v1/bills/<bill_id>",
    tags=["Bills"],
    operation_id="getBill",
    summary="Read a bill",
    description="With its due dates, its payments and the reminders that are planned.",
    responses=answers(200, BillDetail, "The bill.", *ALWAYS, "not-found", headers=ETAG),
)
def get_bill(bill_id: BillId) -> Response[BillDetail]:
    now = clock.now()
    return answer(my_account(router, now=now), bill_id, now=now)


@router.patch(
    "/v1/bills/<bill_id>",
    tags=["Bills"],
    operation_id="changeBill",
    summary="Change a bill",
    description=(
        "Changes what is named and leaves the rest; `plan`, `loan` and `repeats` are replaced as a "
        "whole. Dates, amounts and the loan change from now on: from the first date that is "
        "neither paid nor past. What is over stays as it is, and payments stay with their due "
        "dates. `from` names a later day, or the beginning. When a due date moves after the user "
        "heard of it, they are told. Needs the ETag that was read."
    ),
    responses=answers(
        200,
        ChangedBill,
        "The bill as it is now; with `dry_run` as it would be.",
        *ALWAYS,
        "not-found",
        *WITH_BODY,
        "changed-meanwhile",
        "precondition-required",
        headers=ETAG,
    ),
)
def change_bill(
    bill_id: BillId,
    # BillChange is made at run time from the fields of a bill, so mypy knows no type of it
    body: Annotated[BillChange, Body(description="What shall change.")],  # type: ignore[valid-type]
    since: Annotated[
        Annotated[str, Field(pattern=SINCE)] | None,
        Query(
            alias="from",
            description=(
                "From when on it holds: left out, from now on; a day, from the first date due on "
                "it or later; `beginning`, for all dates, as if it had been entered so, which "
                "wants `confirm`."
            ),
        ),
    ] = None,
    dry_run: Annotated[
        bool, Query(description="Only say what it would make of the bill, and change nothing.")
    ] = False,
    confirm: Annotated[
        bool, Query(description="Yes to a change from the beginning, after a dry run.")
    ] = False,
    if_match: IfMatch = None,
) -> Response[ChangedBill]:
    now = clock.now()

    def changed(account: Account) -> Account:
        return bills.change(
            account,
            bill_id,
            lambda known: read_change(known, body).bill,
            since=_since(since, sure=dry_run or confirm),
            now=now,
        )

    def change(account: Account) -> Account:
        known = account.need_bill(bill_id)
        need_match(if_match, bill_etag(known), lambda: changed(account).bill(bill_id) == known)
        return changed(account)

    if dry_run:
        before = my_account(router, now=now)
        after = change(before)
    else:
        before, after = accounts.change_from(me(router), change, now=now)
    return _changed_answer(before, after, bill_id, now=now, dry_run=dry_run)


def _since(text: str | None, *, sure: bool) -> Since:
    """Raises an invalid-value problem for a day that does not exist, and for the beginning unless
    the caller is `sure`."""
    if text is None:
        return None
    if text == bills.BEGINNING:
        if not sure:
            raise invalid([fault("confirm", ASK_FIRST, "query")])
        return bills.BEGINNING
    try:
        return day_of(text)
    except CellError as error:
        raise invalid([fault("from", str(error), "query")]) from None


def _changed_answer(
    before: Account, after: Account, bill_id: str, *, now: datetime, dry_run: bool
) -> Response[ChangedBill]:
    was, bill = before.need_bill(bill_id), after.need_bill(bill_id)
    today = local_date(now, after.user.zone)
    opens, closes = opened_and_closed(was, bill, today)
    view = ChangedBill.model_construct(
        **dict(detail(after, bill, now=now)),
        dry_run=dry_run,
        opens=[occurrence_view(bill, number, day, today=today) for number, day in opens],
        closes=[occurrence_view(bill, number, day, today=today) for number, day in closes],
    )
    return ok(view, etag=bill_etag(was if dry_run else bill))


@router.post(
    "/v1/bills/<bill_id>/close",
    middlewares=[done_once],
    tags=["Bills"],
    operation_id="closeBill",
    summary="Close a bill",
    description="Nothing of it is reminded of any more. It can still be read.",
    responses=answers(
        200, BillDetail, "The bill, closed.", *ALWAYS, *POSTED, "not-found", headers=ETAG
    ),
)
def close_bill(bill_id: BillId, key: IdempotencyKey) -> Response[BillDetail]:
    now = clock.now()
    return answer_to(
        router, bill_id, lambda account: bills.close(account, bill_id, now=now), now=now
    )


@router.post(
    "/v1/bills/<bill_id>/reopen",
    middlewares=[done_once],
    tags=["Bills"],
    operation_id="reopenBill",
    summary="Reopen a closed bill",
    description=(
        "It is reminded of again, as if it had never been closed: what fell due meanwhile and was "
        "not paid is owed. One that is open stays as it is."
    ),
    responses=bill_as_it_is(200, *POSTED, "too-many", "invalid-value"),
)
def reopen_bill(bill_id: BillId, key: IdempotencyKey) -> Response[BillDetail]:
    return answer_to(
        router, bill_id, lambda account: bills.reopen(account, bill_id), now=clock.now()
    )


@router.delete(
    "/v1/bills/<bill_id>",
    status_code=204,
    tags=["Bills"],
    operation_id="deleteBill",
    summary="Delete a bill",
    description=(
        "With its payments; what is queued about it does not go out. Its reminders stay in the "
        "history. Close it instead to keep it."
    ),
    responses=answers(204, None, "It is gone.", *ALWAYS, "not-found"),
)
def delete_bill(bill_id: BillId) -> Response[None]:
    accounts.change(me(router), lambda account: bills.delete(account, bill_id), now=clock.now())
    return nothing()
