"""Errors that carry their own sentence: what is wrong, and what to do about it."""


class BillRemindersError(Exception):
    """The root of all errors that this product raises on purpose."""


class MayPass(BillRemindersError):
    """Nothing is wrong with what was asked for: asked for again later, it may succeed."""


class InvalidValue(BillRemindersError):
    """A value that cannot be accepted.

    `field` is the name the caller knows it by; the message says the problem and the remedy, and
    never repeats an address or an amount.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
