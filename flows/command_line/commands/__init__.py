"""One module a command; each holds it as COMMAND. A new module here is a new command."""
