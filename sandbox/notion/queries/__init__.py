"""Queries: filters, sorts, search, and the items of one property."""
