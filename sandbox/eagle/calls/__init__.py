"""The API's calls, V1 and V2: what each takes, and what it answers."""
