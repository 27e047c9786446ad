"""What is offered over HTTP to the organisation's own systems."""
