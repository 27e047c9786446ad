"""Keep decoys out of billing, mailing, statistics and exports: the last step before rows are used."""

from trapstreet.suppress.domain.jobs import LEAST_JOB, PERIODS, Alert
from trapstreet.suppress.exports import finder_for
from trapstreet.suppress.service import SAMPLE, Suppression, admitted, of_token, token_hash

__all__ = [
    "LEAST_JOB",
    "PERIODS",
    "SAMPLE",
    "Alert",
    "Suppression",
    "admitted",
    "finder_for",
    "of_token",
    "token_hash",
]
