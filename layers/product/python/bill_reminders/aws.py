"""The AWS clients of a function: botocore's own, all of one session.

boto3 makes the same clients, and first loads a transfer manager that costs a cold start more than
all of this product.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session

PROMPT = Config(connect_timeout=2, read_timeout=5, retries={"total_max_attempts": 2})
"""For calls on which somebody waits: botocore's own would wait longer than a function may run, and
the gateway would answer in its place."""


@cache
def session() -> Session:
    """The one session of this process: service data is read once.

    The user agent is said in two words: botocore's own would be put together anew for each call,
    which takes a tenth of all that a call costs here.
    """
    made = get_session()
    made.set_default_client_config(Config(user_agent="bill-reminders botocore"))
    return made


def client(service: str, config: Config | None = None) -> Any:
    """A client of a service, by botocore's name; region and credentials are the environment's."""
    return session().create_client(service, config=config)
