"""The AWS clients of a function: botocore's own, all of one session.

boto3 makes the same clients, and first loads a transfer manager that costs a cold start more than
all of this product.
"""

from functools import cache
from typing import Any

from botocore.config import Config
from botocore.session import Session, get_session


@cache
def session() -> Session:
    """The one session of this process: service data is read once."""
    return get_session()


def client(service: str, config: Config | None = None) -> Any:
    """A client of a service, by botocore's name; region and credentials are the environment's."""
    return session().create_client(service, config=config)
