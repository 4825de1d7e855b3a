"""api_settings: account, settings, contacts, devices, calendar, test messages, behind the API."""

from bill_reminders.cold_start import ready

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.api import routes
from bill_reminders.api.config import AccountConfig, Outbound, SettingsConfig
from bill_reminders.api.resolver import Api
from bill_reminders.channels import registry
from bill_reminders.channels.sends import Sends
from bill_reminders.domain.journal import Entrance
from bill_reminders.storage import binding
from bill_reminders.storage.journal import through

logger = Logger()
with environment.all_at_once():
    account = environment.read(AccountConfig)
    config = environment.read(SettingsConfig)
    parameters = registry.parameters(Sends.CODES, Sends.OTHERS)
binding.bind(account, config)
api = Api(
    routes.of("api_settings"),
    calls_per_identity=account.api_requests_per_identity,
    context={
        "config": config,
        "outbound": Outbound(parameters, registry.DirectSenders(parameters)),
    },
)


@logger.inject_lambda_context
@through(Entrance.API)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    return api.answer(event, context)


ready()
