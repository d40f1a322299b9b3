"""Which rows a run is about, and what is done to a row without a download."""
