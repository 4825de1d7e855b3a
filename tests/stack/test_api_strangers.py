"""What is one user's is nobody else's: whoever knows an id, a cursor, an ETag or a key of another
user gets no further with it than with one that was made up."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from local.stack import Stack, wait_until
from tests.stack.conftest import NOW
from tests.support.document import operations
from tests.support.http import Front
