"""find_due: every minute, wake the channels of all users for whom something is due."""

from bill_reminders.cold_start import ready

from datetime import datetime
from typing import Any, NamedTuple

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from bill_reminders import aws, clock, environment, metrics
from bill_reminders.delivery import finder, switches
from bill_reminders.domain.enums import Channel
from bill_reminders.domain.local_time import floor_minute
from bill_reminders.storage import tables
from bill_reminders.storage.tables import CONNECTIONS


class RouteSettings(NamedTuple):
    """Of one channel: SMS_QUEUE_URL and so on."""

    queue_url: str
    per_second: float


class Settings(NamedTuple):
    schedules_table: str
    switches_parameter: str
    shards_read: int
    routes: dict[Channel, RouteSettings]


logger = Logger()
settings = environment.read(Settings)
tables.bind(schedules=settings.schedules_table)
sqs = aws.client("sqs", config=Config(max_pool_connections=CONNECTIONS))
ssm = aws.client("ssm")
ROUTES = tuple(
    finder.Route(channel, each.queue_url, each.per_second)
    for channel, each in settings.routes.items()
)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    minute = floor_minute(datetime.fromisoformat(event["time"]) + clock.offset())
    switched = switches.read(ssm, settings.switches_parameter)
    routes = [route for route in ROUTES if route.channel in switched.open]
    found = finder.tick(minute, routes, shards=settings.shards_read, sqs=sqs)
    logger.info(
        "tick",
        minute=minute.isoformat(),
        due={channel.value: count.due for channel, count in found.items()},
        older={channel.value: count.older for channel, count in found.items()},
        **metrics.signal("ChannelPaused", when=bool(switched.paused)),
    )
    for channel, count in found.items():
        if count.due:
            logger.info("woken", **metrics.of(channel, {"Due": count.due}))


ready()
