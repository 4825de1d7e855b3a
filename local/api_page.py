"""The readable page of the API's document."""


def page(document: str) -> str:
    return "<!doctype html><title>API</title>"
