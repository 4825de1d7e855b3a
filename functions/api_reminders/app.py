"""api_reminders: history, what is coming, and feedback, behind the HTTP API."""

from dataclasses import dataclass
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.api.resolver import Api
from bill_reminders.api.routes import reminders
from bill_reminders.storage import access_tables, keyed_hash, tables


@dataclass(frozen=True, slots=True)
class RemindersConfig:
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    identities_table: str
    address_key_arn: str
    feedback_table: str


logger = Logger()
config = environment.read(RemindersConfig)
tables.bind(
    schedules=config.schedules_table,
    users=config.users_table,
    bills=config.bills_table,
    ledger=config.ledger_table,
)
access_tables.bind(identities=config.identities_table, feedback=config.feedback_table)
keyed_hash.bind(config.address_key_arn)
api = Api([reminders.router])


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)
