"""What may be decided about found data without looking anything up."""
