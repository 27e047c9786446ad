"""SMB servers: sessions with them, and what they send, taken apart. For every family that asks one."""
