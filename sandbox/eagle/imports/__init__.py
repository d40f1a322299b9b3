"""Imports: where a file comes from, what Eagle reads in it, the record it makes."""
