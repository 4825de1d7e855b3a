"""A function that lacks one of its variables does not start, and says which one."""

import pytest

from bill_reminders.environment import MissingConfiguration
from tests.support.functions import FOLDERS, load
from tests.support.template import template

NUMBERS = {
    "SHARDS_READ",
    "SMS_PER_SECOND",
    "PUSH_PER_SECOND",
    "EMAIL_PER_SECOND",
    "MAX_RECEIVES",
    "PER_SECOND",
    "CONCURRENCY",
    "ERASURE_DELAY_SECONDS",
    "SMS_CODES_PER_DAY",
    "EMAIL_CODES_PER_DAY",
    "SMS_PARTS_PER_DAY",
    "SMS_SELF_REGISTERED_PERCENT",
    "JOIN_WITHIN_MONTHS",
}
NOT_NEEDED = {
    "APPLE_PUSH_APPLICATION_ARN",
    "GOOGLE_PUSH_APPLICATION_ARN",
    "LINK_ORIGIN",
    "RESEND_UNKNOWN",
    "SMS_COUNTRIES",
    "USER_POOL_ID",
}
"""Empty where there is no app, no domain for the links of SMS, no channel that sends twice, no
choice of countries, no user pool."""


def variables(function: str) -> dict[str, str]:
    """A value for each variable that template.yaml gives the function."""
    properties = template()["Resources"][function]["Properties"]
    return dict.fromkeys(properties.get("Environment", {}).get("Variables", {}), "1")


ALL = [
    (function, name)
    for function in FOLDERS
    for name in variables(function)
    if name not in NOT_NEEDED
]


@pytest.mark.parametrize(("function", "name"), ALL)
@pytest.mark.parametrize("empty", [False, True], ids=["missing", "empty"])
def test_a_function_without_one_of_its_variables_names_it(
    function: str, name: str, empty: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for known in variables(function):
        monkeypatch.delenv(known, raising=False)
    environment = {other: value for other, value in variables(function).items() if other != name}
    with pytest.raises(MissingConfiguration, match=rf"Cannot start: {name} is missing\. "):
        load(function, environment | ({name: ""} if empty else {}))


@pytest.mark.parametrize(("function", "name"), [pair for pair in ALL if pair[1] in NUMBERS])
def test_a_function_whose_number_is_none_names_it(function: str, name: str) -> None:
    with pytest.raises(MissingConfiguration, match=f"{name} is not a number"):
        load(function, variables(function) | {name: "many"})


@pytest.mark.parametrize("function", [each for each in FOLDERS if variables(each)])
def test_all_that_is_missing_is_named_at_once(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = list(variables(function))
    for name in names:
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(MissingConfiguration) as refusal:
        load(function, {})
    told = str(refusal.value)
    assert all(
        f"{name} is missing" in told for name in names if name not in {"FROM_ADDRESS", *NOT_NEEDED}
    )
    assert "template.yaml" in told
