"""send_push: a nudge comes in, what is due by app push goes out through SNS."""

import json
from datetime import timedelta
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
from aws_lambda_powertools.utilities.typing import LambdaContext

from bill_reminders import environment
from bill_reminders.delivery import providers
from bill_reminders.delivery.sender import Outgoing
from bill_reminders.delivery.worker import SenderSettings, Worker
from bill_reminders.domain.people import Channel
from bill_reminders.messages.push import PushText, push

logger = Logger()
settings = environment.read(SenderSettings)
sns = providers.client("sns")

PLATFORMS = ("APNS", "APNS_SANDBOX", "FCM")


def send(outgoing: Outgoing) -> str:
    text = push(
        outgoing.user,
        outgoing.notices,
        today=outgoing.today,
        sender=settings.sender,
        first=outgoing.first,
        part=outgoing.part,
    )
    return providers.send_once(
        sns.publish,
        TargetArn=outgoing.address,
        Message=payload(text),
        MessageStructure="json",
        MessageAttributes=time_to_live(outgoing.expires_in),
    )


def time_to_live(left: timedelta) -> dict[str, dict[str, str]]:
    """After which a device that was off is not shown the message any more: "due tomorrow" is
    wrong the next day."""
    seconds = {"DataType": "String", "StringValue": str(max(60, int(left.total_seconds())))}
    return {f"AWS.SNS.MOBILE.{platform}.TTL": seconds for platform in PLATFORMS}


def payload(text: PushText) -> str:
    """One text in the form of every push service; SNS picks the one of the endpoint's platform."""
    shown = {"title": text.title, "body": text.body}
    apple = json.dumps({"aps": {"alert": shown, "sound": "default"}}, ensure_ascii=False)
    google = json.dumps({"fcmV1Message": {"message": {"notification": shown}}}, ensure_ascii=False)
    return json.dumps(
        {
            "default": f"{text.title}\n{text.body}",
            "APNS": apple,
            "APNS_SANDBOX": apple,
            "GCM": google,
        },
        ensure_ascii=False,
    )


worker = Worker(Channel.PUSH, settings, send, provider=sns)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> PartialItemFailureResponse:
    return worker.work(event, context)
