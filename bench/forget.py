"""Forgetting: one person of 1,000,000, whose source is read for them again, with 300 decoys to compare."""

from measuring import desk

ROWS = 1_000_000


def main() -> None:
    with desk() as at:
        rows = ROWS // 10 if at.quick else ROWS
        table = at.with_customers(rows)
        person = at.folder / "person.txt"
        at.run("share", "customers", "--to", "Mailing house", "--decoys", "300", "--out", at.folder / "c.csv")
        with table.open() as file:
            lines = [next(file) for _ in range(100)]
        person.write_text(f"email: {lines[50].split(',')[2]}\n")
        at.say(
            f"what forgetting 1 of {rows:,} would do",
            at.run("forget", "--from", person, "--dry-run"),
            items=rows,
        )
        at.say(f"forgetting 1 of {rows:,}", at.run("forget", "--from", person), items=rows)
        at.say("forgetting nobody", at.run("forget", "--from", person))


if __name__ == "__main__":
    main()
