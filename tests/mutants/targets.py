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

_LASTING = (
    "chaos/test_lasting_trouble::test_while_a_condition_lasts_everybody_hears_once",
    "chaos/test_lasting_trouble::test_after_a_trouble_of_any_call_everybody_has_heard_once",
)
"""Half a minute in which everything else goes wrong."""

_COMMANDS = ("unit/test_commands", "adapters/test_account_changes")

_REPLIES = ("unit/test_reply_words", "adapters/test_replies")

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
    Target("delivery/dead_channels", ("unit/test_dead_channels", "adapters/test_dead_channels")),
    Target("delivery/circuit", ("unit/test_circuit", *_CAMPAIGN)),
    Target("delivery/finder", (*_CAMPAIGN, *_LASTING, "adapters/test_find_due")),
    Target("delivery/wake_ups", (*_CAMPAIGN, "adapters/test_find_due", "adapters/test_senders")),
    Target(
        "delivery/worker",
        (*_CAMPAIGN, *_LASTING, "adapters/test_senders", "adapters/test_trouble"),
    ),
    Target(
        "delivery/sender",
        (*_CAMPAIGN, *_LASTING, "adapters/test_claims", "adapters/test_senders"),
    ),
    Target("delivery/sweep", (*_CAMPAIGN, *_LASTING, "adapters/test_reconciling")),
    Target("delivery/depth", ("adapters/test_find_due", "chaos/test_alarms")),
    Target("delivery/lookout", ("chaos/test_alarms",)),
    Target("delivery/switches", ("unit/test_channels_derived", "adapters/test_find_due")),
    Target("delivery/pace", ("unit/test_spread", "adapters/test_mishaps")),
    Target("delivery/undelivered", ("adapters/test_account_faults",)),
    Target("delivery/direct", ("adapters/test_direct_messages",)),
    Target(
        "delivery/direct_rows",
        ("adapters/test_direct_messages", "adapters/test_receipts", "adapters/test_reconciling"),
    ),
    Target("delivery/code_limits", ("api/test_email_codes", "api/test_contacts")),
    Target("delivery/bill_events", ("api/test_mute", "api/test_link_page")),
    Target("receipts/handling", (*_CAMPAIGN, "adapters/test_receipts")),
    Target(
        "storage/transactions",
        (*_CAMPAIGN, *_LASTING, "adapters/test_claims", "adapters/test_accounts"),
    ),
    Target(
        "storage/accounts",
        (*_CAMPAIGN, *_LASTING, "adapters/test_accounts", "adapters/test_account_changes"),
    ),
    Target("replies/spelling", _REPLIES),
    Target("replies/words", _REPLIES),
    Target("replies/quotations", _REPLIES),
    Target("replies/choices", ("adapters/test_replies",)),
    Target("replies/inbound", ("adapters/test_replies",)),
    Target("replies/sentences", ("adapters/test_replies",)),
    Target("replies/conversation", ("adapters/test_replies",)),
    Target("commands/bills", ("unit/test_commands", "adapters/test_revisions")),
    Target("commands/contacts", (*_COMMANDS, "api/test_contacts")),
    Target("commands/drafts", ("unit/test_commands", "api/test_terms_in_files")),
    Target(
        "commands/imports", ("unit/test_commands", "unit/test_how_to_pay", "adapters/test_imports")
    ),
    Target("commands/mute", ("unit/test_commands",)),
    Target("commands/occurrences", (*_COMMANDS, "api/test_occurrences")),
    Target("commands/payments", _COMMANDS),
    Target("commands/plans", _COMMANDS),
    Target("commands/snoozes", _COMMANDS),
    Target("commands/stops", ("unit/test_commands", "adapters/test_receipts")),
    Target("domain/facts", ("unit/test_commands",)),
    Target("domain/paying_ahead", ("unit/test_paying_ahead",)),
    Target("domain/payments", ("unit/test_bill_amounts",)),
    Target("domain/recurrence", ("unit/test_recurrence",)),
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
