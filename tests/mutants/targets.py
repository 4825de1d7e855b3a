"""Which modules are mutated, by which tests each mutant is tried, and which mutations are noise."""

from dataclasses import dataclass

PRODUCT = "layers/product/python/bill_reminders"


@dataclass(frozen=True, slots=True)
class Target:
    """A module of the product and the tests that answer for it, the quickest first: files, or one
    test of a file as `file::test`. `only` names the functions that are mutated; all of them when it
    is empty."""

    module: str
    tests: tuple[str, ...]
    only: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        return self.module.replace("/", "-")

    @property
    def path(self) -> str:
        return f"{PRODUCT}/{self.module}.py"

    @property
    def chosen(self) -> list[str]:
        """The tests as pytest takes them."""
        return [_file(test) + test.removeprefix(test.partition("::")[0]) for test in self.tests]

    @property
    def files(self) -> tuple[str, ...]:
        """The tests' files."""
        return tuple(_file(test) for test in self.tests)


def _file(test: str) -> str:
    return f"tests/{test.partition('::')[0]}.py"


_CAMPAIGN = (
    "chaos/test_slice::test_one_channels_trouble_delays_no_other",
    "chaos/test_slice::test_any_interleaving",
)
"""Seconds of it, in memory, notice most of what takes minutes on moto."""

_PLANNING = (
    "unit/test_reminder_series",
    "unit/test_planning",
    "unit/test_plans",
    "unit/test_changes",
    "unit/test_snooze_and_autopay",
    "unit/test_payments_in_planning",
    "unit/test_fallback",
    "unit/test_spread",
    "unit/test_planning_properties",
)

TARGETS = (
    Target("domain/local_time", ("unit/test_wall_clock", "unit/test_hours_by_law", *_PLANNING)),
    Target(
        "domain/ledger", ("unit/test_ledger_states", "unit/test_planning", "unit/test_fallback")
    ),
    Target("domain/ledger_history", ("unit/test_ledger_history", *_PLANNING)),
    Target("domain/revisions", ("unit/test_revisions",)),
    Target("domain/reminder_series", _PLANNING),
    Target("domain/planning", ("unit/test_resends", *_PLANNING)),
    Target(
        "delivery/claims",
        (
            "unit/test_private_fields",
            *_CAMPAIGN,
            "adapters/test_claims",
            "adapters/test_reconciling",
            "adapters/test_mishaps",
        ),
    ),
    Target("delivery/reconciling", (*_CAMPAIGN, "adapters/test_reconciling")),
    Target(
        "delivery/failures",
        ("unit/test_private_fields", *_CAMPAIGN, "adapters/test_receipts", "adapters/test_mishaps"),
    ),
    Target(
        "delivery/receipts",
        ("adapters/test_receipt_rows", *_CAMPAIGN, "adapters/test_receipts"),
    ),
    Target("receipts/handling", (*_CAMPAIGN, "adapters/test_receipts")),
    Target("commands/bills", ("unit/test_commands", "adapters/test_revisions")),
    Target("commands/payments", ("unit/test_commands", "adapters/test_account_changes")),
    Target("commands/snoozes", ("unit/test_commands", "adapters/test_account_changes")),
    Target("commands/mute", ("unit/test_commands",)),
    Target("commands/stops", ("unit/test_commands", "adapters/test_receipts")),
    Target("domain/facts", ("unit/test_commands",)),
    Target("storage/merged", ("adapters/test_newer_code",)),
)

NOISE = (
    # of the arithmetic that is not there only the opposite can be meant by mistake
    r"core/ReplaceBinaryOperator_(?!Add_Sub|Sub_Add|BitAnd_BitOr|BitOr_BitAnd|FloorDiv_Div)",
    # "is" compares members of an enumeration and None: "==" says the same, an order raises
    r"core/ReplaceComparisonOperator_Is(Not)?_(Eq|NotEq|Lt|LtE|Gt|GtE)$",
    r"core/ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_Is(Not)?$",
    # a dataclass without its decorator is not one
    r"core/RemoveDecorator",
    r"core/ReplaceUnaryOperator_.*_(Invert|UAdd)$",
)
