"""What a run does before Prefect is there, and its end if nothing is to do."""
