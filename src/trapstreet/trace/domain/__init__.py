"""What tracing decides, without input or output."""
