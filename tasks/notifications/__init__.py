"""Messages to where the user reads them, by apprise."""
