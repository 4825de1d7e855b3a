"""A bill's terms in JSON: what holds from which date on."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field, create_model

from bill_reminders.api.bills import (
    BillFields,
    BillSummary,
    LoanView,
    Repeats,
    as_entered,
    described,
    fields_view,
    read_fields,
    summary,
)
from bill_reminders.api.fields import (
    Answer,
    Body,
    Currency,
    Day,
    LocalDate,
    ShiftName,
    Sum,
    absent,
)
from bill_reminders.api.problems import Problem, fault, invalid
from bill_reminders.commands.bills import BillFactory
from bill_reminders.commands.drafts import SeveralTerms
from bill_reminders.domain.bills import Bill
from bill_reminders.domain.edits import MOST_TERMS
from bill_reminders.domain.several_terms import since_when
from bill_reminders.domain.terms import Terms
from bill_reminders.files import cells
from bill_reminders.files.bill_fields import OF_TERMS
from bill_reminders.files.cells import CellError

NAMES = tuple(each.name for each in OF_TERMS)
"""The fields of a bill that its terms say."""

FROM = Field(
    alias="from",
    description="The day from which they hold: from the first date that is due on it or later.",
    examples=["2027-07-05"],
)


def _terms_fields() -> type[Body]:
    fields = {
        name: (Annotated[info.annotation, *info.metadata, described(info)], absent())
        for name, info in BillFields.model_fields.items()
        if name in NAMES
    }
    # mypy cannot match fields that are made at run time with create_model's own parameters
    return create_model(
        "TermsFields",
        __base__=Body,
        __doc__="What changes on a day. What is left out stays as it was before.",
        since=(Annotated[LocalDate, FROM], ...),
        **fields,
    )  # type: ignore[call-overload]


TermsFields = _terms_fields()


class NewBill(BillFields):
    """A bill as it is entered, with what is known of later."""

    # TermsFields is made at run time from the fields of a bill, so mypy knows no type of it
    terms: Annotated[
        list[TermsFields],  # type: ignore[valid-type]
        Field(
            max_length=MOST_TERMS,
            description=(
                "What its dates and amounts are from later days on, as a rent that rises in July; "
                "empty: they stay. The fields beside it hold until then. An export has all terms "
                "here, also those that are over."
            ),
            examples=[[{"from": "2027-07-05", "amount": "130.00"}]],
        ),
    ] = Field(default_factory=list)


class TermsView(Answer):
    """What a bill's dates are and what each costs, from one of them on."""

    since: Annotated[Day, FROM]
    first: Annotated[int, Field(description="The number of the first date.", examples=[4])]
    begins: Annotated[Day, Field(description="That date, before weekends and holidays move it.")]
    in_force: Annotated[
        bool, Field(description="Whether the bill's own fields say these.", examples=[True])
    ]
    amount: Annotated[Sum | None, as_entered("amount")]
    currency: Annotated[Currency | None, as_entered("currency")]
    first_due: Annotated[
        Day, Field(description="The date from which all are counted: it may be earlier.")
    ]
    repeats: Annotated[Repeats | None, as_entered("repeats")]
    count: Annotated[int | None, as_entered("count")]
    until: Annotated[Day | None, as_entered("until")]
    statement_day: Annotated[int | None, as_entered("statement_day")]
    due_after_statement: Annotated[int | None, as_entered("due_after_statement")]
    autopay: Annotated[bool, as_entered("autopay")]
    loan: Annotated[LoanView | None, as_entered("loan")]
    country: Annotated[str | None, as_entered("country")]
    subdivision: Annotated[str | None, as_entered("subdivision")]
    if_not_working_day: Annotated[ShiftName, as_entered("if_not_working_day")]


class BillInFile(BillSummary):
    """A bill with all its terms."""

    terms: Annotated[
        list[TermsView], Field(description="What its dates and amounts were, are and will be.")
    ]


def bill_in_file(bill: Bill, *, today: date) -> BillInFile:
    """`today` is the user's local date."""
    return BillInFile.model_construct(**dict(summary(bill, today=today)), terms=terms_view(bill))


def terms_view(bill: Bill) -> list[TermsView]:
    """All terms of a bill, one after the other."""
    return [_view(bill, terms, day or terms.begins) for day, terms in since_when(bill)]


def _view(bill: Bill, terms: Terms, since: date) -> TermsView:
    held = dict(fields_view(bill.with_terms((terms,), 0)))
    return TermsView.model_construct(
        since=since.isoformat(),
        first=terms.first,
        begins=terms.begins.isoformat(),
        in_force=len(bill.terms) == 1 or terms.first == bill.terms_from,
        **{name: held[name] for name in NAMES},
    )


def read_new(fields: NewBill, *, user_id: str, bill_id: str) -> SeveralTerms:
    """The bill with all its terms, by the rules that hold for files. Raises an invalid-value
    problem that lists every fault."""
    said: dict[str, Any] = {name: getattr(fields, name) for name in BillFields.model_fields}
    first = read_fields(BillFields.model_construct(**said), user_id=user_id, bill_id=bill_id)
    given: list[tuple[date | None, BillFactory]] = []
    later: list[Any] = list(fields.terms)
    for place, terms in sorted(enumerate(later), key=lambda each: each[1].since):
        said |= {name: getattr(terms, name) for name in terms.model_fields_set & {*NAMES}}
        try:
            since = cells.day(terms.since)
            whole = BillFields.model_construct(**said)
            row = read_fields(whole, user_id=user_id, bill_id=bill_id)
        except CellError as error:
            raise invalid([fault(f"terms.{place}.from", str(error))]) from None
        except Problem as problem:
            raise problem.within(f"terms.{place}") from None
        if not given and row.recurrence.first_due < since:
            given.append((date.min, first.bill))  # there are dates before them
        given.append((since, row.bill))
    return SeveralTerms(tuple(given or [(None, first.bill)]))
