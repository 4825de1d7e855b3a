"""Schemathesis against the deployed API: everything that its document lets a caller send, and
much that it does not, is answered as the document says."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case, Response
from schemathesis.checks import CHECKS, CheckFunction, load_all_checks
from schemathesis.config import SchemathesisConfig
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
)

from local.stack import Stack
from tests.stack.people import NOW
from tests.support.contract import (
    Caller,
    Seen,
    StandIn,
    Supplies,
    is_a_sound_problem,
    operation_id,
)
from tests.support.http import operations
from tests.support.template import OPENAPI

DONE = ["2xx", "404", "409"]
"""What becomes of a request that is as the document says: it is done; or nobody has that id, or
it is not possible as things stand. Never 400, which tells that the shape is not as described."""
NOT_USABLE = {
    "changeBill": "dates that do not exist, terms that contradict each other",
    "createBill": "dates that do not exist, terms that contradict each other",
    "changeSettings": "no such time zone, a day of a plan twice",
    "createAccount": "no such time zone",
    "joinAccount": "no such link code",
    "addContact": "a phone number of no country, an address that cannot be written to",
    "confirmContact": "not the code that was sent",
    "registerDevice": "a token with spaces",
    "addPayment": "no such currency, an amount of nothing",
    "addFailedDebit": "a bill that is not paid automatically",
    "addPrepayment": "no loan, more than is owed",
    "putStatement": "no such currency, a date beyond its neighbours'",
    "snoozeBill": "a date that is past or far away",
    "giveFeedback": "nothing that is said",
    "listBills": "dates that do not exist, no such cursor",
    "getSchedule": "no such cursor",
    "listOccurrences": "dates that do not exist, too many days, no such cursor",
    "quoteLoan": "no such currency, periods of which no whole number is a year",
    "listOlderPayments": "no such cursor",
    "listReminders": "no such cursor",
}
"""The operations that answer 422 to what has the right shape, and what they cannot use."""
NEED_MATCH = {"changeBill", "changeSettings"}
"""Without If-Match they say 428, not 400, and 412 to one that is made up."""
REFUSED = ["400", "401", "404", "405", "415"]
"""What becomes of a request that is not: of a path that is not, the gateway or the router knows
nothing; 422 and 409 come later, when the shape is looked through."""

NO_MATCH = {
    "negative_data_rejection": {"expected-statuses": [*REFUSED, "428"]},
    "missing_required_header": {"expected-statuses": ["400", "428"]},
}

CONFIG: dict[str, Any] = {
    "seed": 20270302,
    "generation": {"deterministic": True, "no-shrink": True, "database": "none"},
    "checks": {
        "positive_data_acceptance": {"expected-statuses": DONE},
        "negative_data_rejection": {"expected-statuses": REFUSED},
        "missing_required_header": {"expected-statuses": ["400"]},
    },
    "phases": {"stateful": {"generation": {"mode": "positive"}}},
    "operations": [
        {
            "include-operation-id": name,
            "checks": {
                "positive_data_acceptance": {
                    "expected-statuses": [
                        *DONE,
                        *(["422"] if name in NOT_USABLE else []),
                        *(["412", "428"] if name in NEED_MATCH else []),
                    ]
                },
                **(NO_MATCH if name in NEED_MATCH else {}),
            },
        }
        for name in sorted(NOT_USABLE.keys() | NEED_MATCH)
    ],
}

SCHEMA = schemathesis.openapi.from_path(OPENAPI, config=SchemathesisConfig.from_dict(CONFIG))
SCHEMA.auth()(StandIn)
DETERMINISTIC = settings(
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass(frozen=True)
class LeftOut:
    """A check that says nothing about some answers."""

    check: CheckFunction
    operations: Collection[str]
    status: int
    text: str
    reason: str

    def fits(self, case: Case, response: Response) -> bool:
        told = (response.status_code, response.text)
        return operation_id(case) in self.operations and told == (self.status, self.text)


LEFT_OUT = (
    LeftOut(
        response_schema_conformance,
        operations=(
            "deleteBill",
            "removeContact",
            "removeDevice",
            "withdrawCalendar",
            "closeLinks",
        ),
        status=204,
        text="",
        reason="The gateway adds `Content-Type: application/json` to what has no body: no JSON.",
    ),
    LeftOut(
        content_type_conformance,
        operations=[operation.name for operation in operations() if operation.needs_an_id],
        status=404,
        text='{"message":"Not Found"}',
        reason="The local gateway finds no route for a path with a line break (%0A) in it.",
    ),
)
"""What is not checked, and why: nothing but what the gateway itself answers, or adds."""

SEEN = Seen()


def validate(case: Case, response: Response, caller: Caller, **more: Any) -> None:
    """Run all checks of Schemathesis, and ours. Raises FailureGroup."""
    SEEN.note(case, response)
    case.validate_response(
        response,
        additional_checks=[is_a_sound_problem],
        excluded_checks=[each.check for each in LEFT_OUT if each.fits(case, response)],
        transport_kwargs={"base_url": caller.stack.api, "session": caller.wire},
        **more,
    )


@pytest.fixture(scope="module")
def somebody(stack: Stack) -> Supplies:
    return Supplies(stack, NOW)


@pytest.fixture
def supplies(somebody: Supplies, at_nine: None) -> Supplies:
    somebody.begin()
    return somebody


@SCHEMA.parametrize()
@settings(DETERMINISTIC, max_examples=20)
def test_every_answer_is_as_the_document_says(case: Case, supplies: Supplies) -> None:
    supplies.fit(case)
    response = supplies.call(case)
    supplies.replace_used(case, response)
    validate(case, response, supplies)


LIVES = {"Bills|Payments": 10, "Contacts": 3, "Devices": 3, "Account": 3}
"""How many chains of each kind."""


@pytest.mark.parametrize("tags", LIVES)
def test_what_one_answer_names_the_next_request_finds_until_it_is_gone(
    stack: Stack, tags: str
) -> None:
    """Chains of requests, by the ids in the answers; each chain is one new user's."""
    family = SCHEMA.include(tag_regex=f"^({tags})$").exclude(operation_id="eraseAccount")

    class Life(family.as_state_machine()):
        def setup(self) -> None:
            self.caller = Caller(stack)

        def before_call(self, case: Case) -> None:
            self.caller.fit(case)

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"base_url": stack.api, "session": self.caller.wire}

        def validate_response(self, response: Response, case: Case, **_: Any) -> None:
            validate(case, response, self.caller, recorder=self.recorder)

    Life.run(settings=settings(DETERMINISTIC, max_examples=LIVES[tags], stateful_step_count=20))


def test_of_all_that_was_entered_nothing_is_poison(stack: Stack, somebody: Supplies) -> None:
    for days in (0, 1, 3):
        stack.set_clock(NOW + timedelta(days=days))
        stack.tick()
        stack.settle()
    assert stack.dead_letters() == somebody.poison


def test_all_checks_are_on() -> None:
    load_all_checks()
    for operation in SCHEMA.get_all_operations():
        config = SCHEMA.config.checks_config_for(operation=operation.ok())
        on = {name for name in CHECKS.get_all_names() if config.get_by_name(name=name).enabled}
        assert on == set(CHECKS.get_all_names()) - {"max_response_time"}


def test_every_operation_was_done_at_least_once_and_none_failed() -> None:
    """Of those above: alone it has nothing to look at."""
    done = {name for name, seen in SEEN.statuses.items() if any(s < 300 for s in seen)}
    failed = {name for name, seen in SEEN.statuses.items() if any(s >= 500 for s in seen)}
    assert done == {operation.name for operation in operations()}
    assert failed == set()
