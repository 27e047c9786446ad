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
    """GitHub promises nothing of it."""

    raw_url: str = ""
    size: int | None = None


class Gist(msgspec.Struct):
    html_url: str
    updated_at: str
    files: dict[str, GistFile]
    public: bool = True
    truncated: bool = False


class Payload(msgspec.Struct):
    """What an event tells. before, head: of a push, zeros where the branch is new;  the others: of a branch
    that is made."""

    before: str | None = None
    head: str | None = None
    ref: str | None = None
    ref_type: str | None = None
    master_branch: str | None = None


class At(msgspec.Struct):
    name: str


class Event(msgspec.Struct):
    id: str
    repo: At
    payload: Payload
    type: str | None = None
    public: bool = True


class Changed(msgspec.Struct):
    """A file of a comparison or commit. sha: of its content, of what it held where it is removed."""

    sha: str | None = None
    blob_url: str | None = None


class Comparison(msgspec.Struct):
    files: list[Changed] = []


class FoundIn(msgspec.Struct):
    full_name: str
    private: bool = False


class Found(msgspec.Struct):
    html_url: str
    sha: str
    repository: FoundIn


class Search(msgspec.Struct):
    """incomplete_results: the search took too long, and was broken off."""

    total_count: int
    items: list[Found]
    incomplete_results: bool = False
