"""The runs: flows, what they are made of, and the command line that starts them."""

from tasks.shown_text import show_logs_as_text

show_logs_as_text("flows", "tasks")
