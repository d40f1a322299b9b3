"""Everything a sync needs, looked at."""
