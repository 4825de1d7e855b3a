"""The HTTP API: what stands between the gateway's events and the product.

Pydantic stays in here: it validates what comes in and writes the OpenAPI document.
"""
