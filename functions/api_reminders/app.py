"""api_reminders: history, what is coming, and feedback, behind the HTTP API."""

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


class RemindersConfig(NamedTuple):
    feedback_table: str


logger = Logger()
with environment.all_at_once():
    account = environment.read(AccountConfig)
    config = environment.read(RemindersConfig)
binding.bind(account, config)
api = Api(routes.of("api_reminders"), calls_per_identity=account.api_requests_per_identity)


@logger.inject_lambda_context
@through(Entrance.API)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)


ready()
