"""What the routes must know of their stack, beside the tables."""

from typing import NamedTuple

from aws_lambda_powertools.event_handler.api_gateway import Router

from bill_reminders.channels.registry import DirectSenders, Parameters
from bill_reminders.messages.notices import Sender


class AccountConfig(NamedTuple):
    """The environment of every function that knows users by their tokens."""

    schedules_table: str
    users_table: str
    bills_table: str
    ledger_table: str
    journal_table: str
    identities_table: str
    limits_table: str
    address_key_arn: str
    api_requests_per_identity: int


class SettingsConfig(NamedTuple):
    """What api_settings needs beside that."""

    addresses_table: str
    codes_table: str
    links_table: str
    answers_table: str
    jobs_table: str
    jobs_queue_url: str
    exports_bucket: str
    sign_up: str
    join_within_months: int
    erasure_delay_seconds: int
    shards_read: int
    sender_name: str
    from_address: str
    link_origin: str
    apple_push_application_arn: str = ""
    google_push_application_arn: str = ""

    @property
    def sender(self) -> Sender:
        return Sender(self.sender_name, self.from_address)

    @property
    def takes_new_users(self) -> bool:
        """Whether anybody who signs in may make an account."""
        return self.sign_up == "open"


def config(router: Router) -> SettingsConfig:
    found: SettingsConfig = router.context["config"]
    return found


class Outbound(NamedTuple):
    """What one-off messages are sent with."""

    parameters: Parameters
    senders: DirectSenders


def outbound(router: Router) -> Outbound:
    found: Outbound = router.context["outbound"]
    return found
