"""admin_view: what the dashboard's widgets show. It reads, and changes nothing.

CloudWatch calls it as whoever looks at the dashboard, so the right to invoke it is the right to
see users and bills. No event is logged: it may hold an address.
"""

from bill_reminders.cold_start import ready

from collections.abc import Collection
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import aws, clock, environment
from bill_reminders.console.calls import Means, read_call
from bill_reminders.console.drawing import described, draw, failed
from bill_reminders.delivery import switches
from bill_reminders.domain.enums import Channel
from bill_reminders.logs import where
from bill_reminders.storage import binding


class ViewConfig(NamedTuple):
    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    journal_table: str
    addresses_table: str
    address_key_arn: str
    switches_parameter: str
    shards_read: int


logger = Logger()
config = environment.read(ViewConfig)
binding.bind(config)
ssm = aws.client("ssm")


def read_open() -> Collection[Channel]:
    return switches.read(ssm, config.switches_parameter).open


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> str | dict[str, str]:
    if event.get("describe"):
        return {"markdown": described()}
    call, means = read_call(event), Means(read_open, config.shards_read)
    try:
        return draw(call, means, endpoint=context.invoked_function_arn, now=clock.now())
    except Exception as error:
        logger.error("widget failed", error=type(error).__name__, where=where(error))
        return failed()


ready()
