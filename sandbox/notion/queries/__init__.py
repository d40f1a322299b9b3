"""Queries: filters, sorts, the pages of long lists, search."""
