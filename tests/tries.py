"""How often property tests try.

TRAPSTREET_FUZZ sets it: 200 and more is as often as each test says, `make test` does with a fifth.
"""

import os

FUZZ = int(os.environ.get("TRAPSTREET_FUZZ", "40"))


def tries(often: int) -> int:
    """Examples of a test that shall have so many where there is time for all tests."""
    return max(1, often * min(FUZZ, 200) // 200)
