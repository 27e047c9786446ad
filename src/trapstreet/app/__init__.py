"""Wiring: settings, the workspace, and what is built when one begins or comes back."""
