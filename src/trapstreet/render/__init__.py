"""What people read: findings and verdicts in plain words, and the dossier."""
