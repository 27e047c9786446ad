"""What is worth an alert, who is told when, and what to do: no input, no output."""
