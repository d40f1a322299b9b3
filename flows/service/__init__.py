"""The project as a service: a machine's worker, all on one machine, units of the system."""
