"""Due dates of all bills: what is to be paid in the days to come."""

from datetime import date
from itertools import islice
from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api import cursors
from bill_reminders.api.answering import ALWAYS, answers, ok
from bill_reminders.api.bills import (
    Occurrence,
    Silenced,
    occurrence_view,
    silenced_view,
)
from bill_reminders.api.callers import me, my_account
from bill_reminders.api.cursors import Cursor, Limit
from bill_reminders.api.fields import Answer, Currency, Day, LocalDate, Sum
from bill_reminders.api.problems import fault, invalid, read
from bill_reminders.api.settings import local_date as day_of
from bill_reminders.domain.due_dates import Due, Total, due_dates, totals
from bill_reminders.domain.local_time import DAY, local_date
from bill_reminders.files.money import plain

router = Router()

USUAL_DAYS = 30
MOST_DAYS = 366
MOST_FOUND = 5000
"""Five hundred bills that are due each day for a year would be thirty times as many."""


class BillOccurrence(Occurrence):
    """One due date, and of which bill."""

    bill_id: Annotated[str, Field(description="The bill.", examples=["rent"])]
    biller: Annotated[str, Field(description="Who is to be paid.", examples=["Lantern Bank"])]
    name: Annotated[str, Field(description="What the bill is called.", examples=["Credit card"])]
    autopay: Annotated[
        bool, Field(description="Whether the biller takes the money by itself.", examples=[False])
    ]
    silenced: Annotated[
        Silenced | None, Field(description="Set while nothing reminds of the bill; else null.")
    ]


class CurrencyTotal(Answer):
    """What is not paid yet, in one currency."""

    currency: Annotated[Currency, Field(description="The currency.")]
    left: Annotated[Sum, Field(description="What is left to pay where the amount is known.")]
    expected: Annotated[
        Sum,
        Field(description="What the others will probably come to, from earlier statements."),
    ]
    count: Annotated[int, Field(description="How many due dates are in the two.", examples=[3])]


class OccurrencePage(Answer):
    """Some due dates, the earliest first, with the totals of all of them."""

    first_day: Annotated[Day, Field(description="The first day that was looked at.")]
    last_day: Annotated[Day, Field(description="The last day that was looked at.")]
    occurrences: Annotated[list[BillOccurrence], Field(description="The due dates.")]
    totals: Annotated[
        list[CurrencyTotal],
        Field(
            description=(
                "What is not paid of all these days, not of this page alone; the currency of most "
                "due dates first."
            )
        ),
    ]
    unknown: Annotated[
        int,
        Field(
            description="How many unpaid ones nobody knows the amount of: they are in no total.",
            examples=[0],
        ),
    ]
    next_cursor: Annotated[
        str | None,
        Field(
            description="Send it as `cursor` for the next page; null on the last.", examples=[None]
        ),
    ]


@router.get(
    "/v1/occurrences",
    tags=["Bills"],
    operation_id="listOccurrences",
    summary="List what is due",
    description=(
        "The due dates of all bills in some days, paid ones too, with the totals of what is not "
        "paid. Bills that are closed, or silenced as not_mine, are left out. What was due before "
        "`from` is not in it: for what is overdue ask from an earlier day. At most 5,000 due dates."
    ),
    responses=answers(200, OccurrencePage, "A page of due dates.", *ALWAYS, "invalid-value"),
)
def list_occurrences(
    first: Annotated[
        LocalDate | None, Query(alias="from", description="The first day; left out: today.")
    ] = None,
    until: Annotated[
        LocalDate | None,
        Query(
            description=(
                "The last day, included; left out: 30 days in all. At most 366 days are looked at."
            )
        ),
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response[OccurrencePage]:
    user_id, now = me(router), clock.now()
    filters = {"from": first, "until": until, "list": "occurrences"}
    after = "" if cursor is None else cursors.read(user_id, filters, cursor)
    account = my_account(router, now=now)
    today = local_date(now, account.user.zone)
    start, end = _span(first, until, today)
    found = list(islice(due_dates(account.bills, first=start, last=end), MOST_FOUND + 1))
    if len(found) > MOST_FOUND:
        more = f"more than {MOST_FOUND} due dates up to then: choose an earlier day"
        raise invalid([fault("until", more, "query")])
    rest = sorted((due for due in found if _place(due) > after), key=_place)
    page = rest[:limit]
    sums, unknown = totals(found, today)
    return ok(
        OccurrencePage(
            first_day=start.isoformat(),
            last_day=end.isoformat(),
            occurrences=[_view(due, today) for due in page],
            totals=[_total_view(each) for each in sums],
            unknown=unknown,
            next_cursor=(
                cursors.make(user_id, filters, _place(page[-1])) if len(rest) > limit else None
            ),
        )
    )


def _span(first: str | None, until: str | None, today: date) -> tuple[date, date]:
    """The first and the last day. Raises an invalid-value problem."""
    start = today if first is None else read(day_of, first, "from", "query")
    usual = start + (USUAL_DAYS - 1) * DAY
    end = usual if until is None else read(day_of, until, "until", "query")
    if end < start:
        raise invalid([fault("until", "before the first day: choose a later one", "query")])
    if end - start >= MOST_DAYS * DAY:
        too_far = f"more than {MOST_DAYS} days: choose an earlier day, or a later first one"
        raise invalid([fault("until", too_far, "query")])
    return start, end


def _place(due: Due) -> str:
    """Where it stands in the list, as text that sorts; each has its own."""
    return f"{due.payable_on}#{due.bill.bill_id}#{due.number:06}"


def _view(due: Due, today: date) -> BillOccurrence:
    bill = due.bill
    return BillOccurrence(
        **dict(occurrence_view(bill, due.number, due.due_on, today=today)),
        bill_id=bill.bill_id,
        biller=bill.biller,
        name=bill.name,
        autopay=bill.terms_of(due.number).autopay,
        silenced=silenced_view(bill),
    )


def _total_view(total: Total) -> CurrencyTotal:
    return CurrencyTotal(
        currency=total.left.currency,
        left=plain(total.left),
        expected=plain(total.expected),
        count=total.count,
    )
