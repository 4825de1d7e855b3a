"""api_bills: bills, payments, snoozes, import and export, behind the HTTP API."""

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.api.resolver import Api
from bill_reminders.api.routes import bills, files, payments
from bill_reminders.storage import access_tables, keyed_hash, tables


@dataclass(frozen=True, slots=True)
class BillsConfig:
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    identities_table: str
    address_key_arn: str
    answers_table: str


logger = Logger()
config = environment.read(BillsConfig)
tables.bind(
    schedules=config.schedules_table,
    users=config.users_table,
    bills=config.bills_table,
    ledger=config.ledger_table,
)
access_tables.bind(identities=config.identities_table, answers=config.answers_table)
keyed_hash.bind(config.address_key_arn)
api = Api([files.router, bills.router, payments.router])


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
