"""Bills as files: in by CSV, out as CSV and JSON."""

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.api_gateway import Router
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from bill_reminders import clock
from bill_reminders.api.answering import ALWAYS, POSTED, WITH_BODY, answers, ok
from bill_reminders.api.callers import me, my_account
from bill_reminders.api.fields import Answer
from bill_reminders.api.idempotency import IdempotencyKey, done_once
from bill_reminders.api.problems import fault, invalid
from bill_reminders.api.terms import BillInFile, bill_in_file
from bill_reminders.commands.drafts import SeveralTerms, place_of
from bill_reminders.commands.imports import DraftRefused, Saved
from bill_reminders.domain.errors import InvalidValue
from bill_reminders.domain.journal import Entrance
from bill_reminders.domain.local_time import local_date
from bill_reminders.files.bills import by_bill, read_own_bills, unlabelled
from bill_reminders.files.export import write_bills
from bill_reminders.files.rows import RowError, decode
from bill_reminders.storage.journal import through
from bill_reminders.storage.saving import save_bills

router = Router()

MOST_ERRORS = 500
"""So that the answer fits into a table's item of 400 KB, where it is kept for a repetition: the
longest remedy, with the subdivisions of a country, takes some 600 bytes."""


class RowFault(Answer):
    """What is wrong in a file."""

    row: Annotated[
        int, Field(description="As a spreadsheet counts: the header is row 1.", examples=[3])
    ]
    column: Annotated[
        str,
        Field(
            description="Empty when the whole row, or the file, is at fault.", examples=["amount"]
        ),
    ]
    detail: Annotated[
        str,
        Field(
            description="What is wrong, and the remedy.",
            examples=["zero: write what is to be paid"],
        ),
    ]


class Imported(Answer):
    """What an import did."""

    new: Annotated[int, Field(description="Bills that were made.", examples=[2])]
    changed: Annotated[int, Field(description="Bills that were there and changed.", examples=[0])]
    unchanged: Annotated[int, Field(description="Bills that were there just so.", examples=[1])]
    errors: Annotated[
        list[RowFault],
        Field(
            max_length=MOST_ERRORS,
            description=(
                f"What is wrong, row by row, the first {MOST_ERRORS} of it; all other rows went in."
            ),
        ),
    ]
    errors_left_off: Annotated[
        int,
        Field(
            description="How many more there are: correct these and send the file again.",
            examples=[0],
        ),
    ]


class BillFile(Answer):
    """All bills."""

    bills: Annotated[list[BillInFile], Field(description="The bills, by their ids.")]


@router.post(
    "/v1/bills/files/csv",
    middlewares=[done_once],
    tags=["Files"],
    operation_id="importBills",
    summary="Import bills from CSV",
    description=(
        "The body is a CSV file in UTF-8, at most 512 KiB: one bill a row, or one row for each of "
        "its terms with the day in the column from; a header that names the "
        "columns; only bill_id, biller, name and first_due are needed. A bill_id that is known "
        "changes that bill, so the same file may be sent again; an empty label or cell of its plan "
        "leaves what the bill has. Rows that cannot be used are named with their column and a "
        "remedy."
    ),
    responses=answers(200, Imported, "What was done.", *ALWAYS, *WITH_BODY, *POSTED, "too-many"),
)
def import_bills(
    key: IdempotencyKey,
    all_or_none: Annotated[
        bool, Query(description="Import nothing when a row cannot be used.")
    ] = False,
) -> Response[Imported]:
    user_id, now = me(router), clock.now()
    body: bytes = router.context["body"]
    if not body:
        raise invalid([fault("", "there is no file: send it as the body")], "invalid-request")
    parsed = read_own_bills(decode(body), user_id)
    if all_or_none and parsed.errors:
        return ok(_report(Counter(), parsed.errors))
    bills = by_bill(parsed.rows)
    refused: list[RowError] = []

    def refuse(place: int, error: InvalidValue) -> None:
        refused.append(bills[place].refused(error, place_of(error)))

    try:
        with through(Entrance.FILE):
            saved = save_bills(
                user_id,
                [SeveralTerms(bill.terms) for bill in bills],
                now=now,
                unlabelled=unlabelled(parsed.rows),
                own=True,
                refuse=None if all_or_none else refuse,
            )
    except DraftRefused as refusal:
        error = refusal.error
        return ok(_report(Counter(), [bills[refusal.place].refused(error, place_of(error))]))
    return ok(_report(saved, sorted([*parsed.errors, *refused], key=lambda each: each.row)))


def _report(saved: Counter[Saved], errors: Sequence[RowError]) -> Imported:
    return Imported(
        new=saved[Saved.NEW],
        changed=saved[Saved.CHANGED],
        unchanged=saved[Saved.UNCHANGED],
        errors=[_fault(error) for error in errors[:MOST_ERRORS]],
        errors_left_off=max(0, len(errors) - MOST_ERRORS),
    )


def _fault(error: RowError) -> RowFault:
    return RowFault(row=error.row, column=error.column, detail=error.problem)


@router.get(
    "/v1/bills/files/csv",
    tags=["Files"],
    operation_id="exportBillsAsCsv",
    summary="Export bills as CSV",
    description=(
        "All bills that are not closed, with the columns that the import takes. Payments are in "
        "the JSON of each bill."
    ),
    responses=answers(200, None, "The file.", *ALWAYS),
    enable_validation=True,
)
def export_csv() -> Response[Any]:
    account = my_account(router, now=clock.now())
    name = {"Content-Disposition": 'attachment; filename="bills.csv"'}
    return Response(200, "text/csv; charset=utf-8", write_bills(account.bills), headers=name)


@router.get(
    "/v1/bills/files/json",
    tags=["Files"],
    operation_id="exportBillsAsJson",
    summary="Export bills as JSON",
    description=(
        "All bills at once, with all their terms. Everything else about the user is in an account "
        "export."
    ),
    responses=answers(200, BillFile, "The bills.", *ALWAYS),
)
def export_json() -> Response[BillFile]:
    now = clock.now()
    account = my_account(router, now=now)
    today = local_date(now, account.user.zone)
    bills = sorted(account.bills, key=lambda bill: bill.bill_id)
    return ok(BillFile.model_construct(bills=[bill_in_file(bill, today=today) for bill in bills]))
