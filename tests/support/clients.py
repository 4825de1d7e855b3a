"""Clients belong to the endpoint, or the mock, that they were made for."""

from bill_reminders import batches, clock
from bill_reminders.api import queued_jobs
from bill_reminders.api.routes import account, mute
from bill_reminders.channels import providers
from bill_reminders.channels.push import endpoints
from bill_reminders.jobs import sign_ins
from bill_reminders.storage import keyed_hash, tables


def forget_clients() -> None:
    """Let each be made anew when it is next needed."""
    tables.connection._client = None
    for made_once in (
        account._s3,
        batches._sqs,
        queued_jobs._sqs,
        mute._client,
        clock._parameters,
        providers.shared,
        endpoints._sns,
        keyed_hash._key,
        keyed_hash._secrets,
        sign_ins.client,
    ):
        made_once.cache_clear()
