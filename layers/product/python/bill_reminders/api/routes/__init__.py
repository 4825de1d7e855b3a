"""One file a concern: the routes, and what each of them does; and which function answers them."""

from importlib import import_module

from aws_lambda_powertools.event_handler.api_gateway import Router

FUNCTIONS = {
    "api_settings": ("settings", "account", "contacts", "devices", "calendar"),
    "api_bills": (
        "files",
        "bills",
        "mute",
        "occurrences",
        "loans",
        "payments",
        "older",
        "prepayments",
    ),
    "api_reminders": ("reminders",),
}
"""The modules by the function that answers them, in the order of the document."""


def of(function: str) -> list[Router]:
    """The routers of one function. Its modules are loaded now: no other function pays for them."""
    return [import_module(f"{__name__}.{name}").router for name in FUNCTIONS[function]]
