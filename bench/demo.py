"""The demo, 68,000 customers and twelve copies, takes a minute."""

from measuring import desk


def main() -> None:
    with desk() as at:
        at.say("trapstreet demo", at.run("demo", "--keep", at.folder / "demo"), seconds=60)


if __name__ == "__main__":
    main()
