"""The application: what is typed, and what each command does."""
