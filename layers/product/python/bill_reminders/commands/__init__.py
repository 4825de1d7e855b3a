"""What can happen to an account, whichever way it is asked for.

A command takes an account and plain values and gives back the account after it. It reads no clock
and no table, and does nothing the second time. `storage.accounts.change` runs it and writes what it
changed; entrances (API, page, replies, files) only translate. Commands raise domain errors.
"""
