"""What is cut out of a statement to know its shape again is a literal or a comment for PostgreSQL's lexer."""

from hypothesis import assume, example, given
from hypothesis import strategies as st
from pglast import parser

from trapstreet.events.statements import Shapes, postgresql

CONSTANTS = {"SCONST", "USCONST", "BCONST", "XCONST", "ICONST", "FCONST", "PARAM"}
COMMENTS = {"SQL_COMMENT", "C_COMMENT"}

PIECES = st.sampled_from(
    r"""select from t t1 t$1 e E _1 é2 x "a~b" "it's" "q""r" "7" ' '' 'x' 'it''s' 'a\' E'a\'b' E'a\tb' e'\\'
    n'x' U&'x' b'01' x'1f' 7 07 1.5 .5 5. 1e9 1.5e-3 1e 0x1F 1_000 $1 $23 $ $$ $a$ - -- --~don't^ /* */
    /*it's*/ /**/ / * ( ) , ; = :: . [ ] <> @ # ? \ % ^ ~ ~ ~""".split()
).map(lambda piece: piece.replace("~", " ").replace("^", "\n"))


def cut(text: str) -> list[tuple[int, int]]:
    shapes = Shapes(postgresql())
    return [(each.start, each.end) for each in shapes._literals(text)]


@given(st.lists(PIECES, max_size=25).map("".join))
@example("select 1 from t where a = 'x' -- don't\n and b = 'y'")
@example("select E'it\\'s', 'a\\', \"it's\", $1 from t1 /* ' */ where t$1 = 1.5e3")
@example("select 1e'x', t.5, 1..2")
def test_nothing_is_cut_but_what_the_server_takes_for_a_literal_or_a_comment(text: str) -> None:
    assume(not postgresql().whole.search(text))
    try:
        tokens = parser.scan(text)
    except parser.ParseError:
        assume(False)
        return
    constant = {
        place
        for each in tokens
        if each.name in CONSTANTS | COMMENTS
        for place in range(each.start, each.end + 1)
    }
    taken = {place for start, end in cut(text) for place in range(start, end)}
    assert taken <= constant
    for each in tokens:
        if each.name == "SCONST":
            assert set(range(each.start + 2, each.end + 1)) <= taken
