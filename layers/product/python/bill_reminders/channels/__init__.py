"""The ways to reach a user, a folder each, named like its Channel.

What a folder holds is in contract.py; the code of all channels alike asks registry.py for it.
"""
