"""api_bills: bills, payments, snoozes, import and export, behind the HTTP API."""

from bill_reminders.cold_start import ready

from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.api import routes
from bill_reminders.api.config import AccountConfig
from bill_reminders.api.resolver import Api
from bill_reminders.domain.journal import Entrance
from bill_reminders.storage import binding
from bill_reminders.storage.journal import through


class BillsConfig(NamedTuple):
    answers_table: str
    bill_events_bus: str


logger = Logger()
with environment.all_at_once():
    account = environment.read(AccountConfig)
    config = environment.read(BillsConfig)
binding.bind(account, config)
api = Api(
    routes.of("api_bills"),
    calls_per_identity=account.api_requests_per_identity,
    context={"bill_events_bus": config.bill_events_bus},
)


@logger.inject_lambda_context
@through(Entrance.API)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)


ready()
