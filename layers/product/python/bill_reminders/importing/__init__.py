"""Brings people and bills from files into a deployed stack."""
