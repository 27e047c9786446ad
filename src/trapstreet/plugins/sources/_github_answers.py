"""What GitHub's REST API answers, as far as it is looked at."""

import msgspec


class Repository(msgspec.Struct):
    """pushed_at: a time like 2026-11-22T21:55:00Z, "" where nothing was pushed."""

    full_name: str
    html_url: str
    default_branch: str = "main"
    private: bool = False
    pushed: str | None = msgspec.field(name="pushed_at", default=None)

    @property
    def pushed_at(self) -> str:
        return self.pushed or ""


class Entry(msgspec.Struct):
    path: str
    type: str
    sha: str
    size: int | None = None


class Tree(msgspec.Struct):
    tree: list[Entry]
    truncated: bool = False


class GistFile(msgspec.Struct):
    raw_url: str
    size: int | None = None


class Gist(msgspec.Struct):
    html_url: str
    updated_at: str
    files: dict[str, GistFile]
    public: bool = True


class FoundIn(msgspec.Struct):
    full_name: str
    private: bool = False


class Found(msgspec.Struct):
    html_url: str
    sha: str
    repository: FoundIn


class Search(msgspec.Struct):
    total_count: int
    items: list[Found]
