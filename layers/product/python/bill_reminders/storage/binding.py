"""All tables of a deployed stack at once, by its outputs: for tools and tests.

A function names only those that its policy allows.
"""

from collections.abc import Mapping

from bill_reminders.storage import access_tables, keyed_hash, tables


def bind_all(outputs: Mapping[str, str]) -> None:
    """Point every table, and the key of hashes, at a stack. Raises KeyError for one that the
    outputs do not name."""
    tables.bind(
        schedules=outputs["SchedulesTable"],
        users=outputs["UsersTable"],
        bills=outputs["BillsTable"],
        ledger=outputs["LedgerTable"],
    )
    access_tables.bind(
        identities=outputs["IdentitiesTable"],
        addresses=outputs["AddressesTable"],
        codes=outputs["CodesTable"],
        links=outputs["LinksTable"],
        limits=outputs["LimitsTable"],
        answers=outputs["AnswersTable"],
        feedback=outputs["FeedbackTable"],
        jobs=outputs["JobsTable"],
    )
    keyed_hash.bind(outputs["AddressKeyArn"])
