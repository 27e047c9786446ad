"""What the decoder reads from a leak, and whom it accuses."""

import numpy as np
import pytest

from trapstreet.core.maths.channels import Channel, Shape, held
from trapstreet.core.maths.decoder import Decoder, Layer, Unique

RECORDS = 68_000
ROWS = [Layer(0.35, 286, "decoy"), Layer(0.99, RECORDS, "real")]
NEEDED = -11.0


def leaked(layers: list[Layer], channel: Channel, part: float) -> np.ndarray:
    """What a leak of that part shows on average."""
    kept = held(channel)
    c = channel.sources
    k = np.arange(c + 1)
    ways = np.array([1, *np.cumprod((c - k[:-1]) / (k[:-1] + 1))])
    shown = [
        layer.positions * (ways * layer.chance**k * (1 - layer.chance) ** (c - k)) @ kept for layer in layers
    ]
    return np.array([round(part * each) for each in shown])


MARKS = [Layer(p, 4_000, "mark") for p in (0.5, 0.2, 0.8, 0.07, 0.93)]
POOLS = [Layer(0.35, 900, "decoy"), Layer(0.7, 900, "decoy"), Layer(0.98, RECORDS, "real")]


@pytest.mark.parametrize(
    ("layers", "channel"),
    [
        (MARKS, Channel(Shape.SINGLE, 1)),
        (MARKS, Channel(Shape.MAJORITY, 3)),
        (MARKS, Channel(Shape.MINORITY, 5)),
        (MARKS, Channel(Shape.COIN, 4)),
        (MARKS, Channel(Shape.INTERSECTION, 2)),
        (POOLS, Channel(Shape.UNION, 3)),
    ],
    ids=str,
)
def test_the_channel_is_read_from_the_leak_alone(layers: list[Layer], channel: Channel) -> None:
    assert Decoder(layers).fit(leaked(layers, channel, 1.0)).most_likely() == channel


def test_unique_decoys_tell_how_many_copies_were_joined() -> None:
    """One pool and one share of withheld rows say nothing of their own: thinning explains everything."""
    two = Channel(Shape.UNION, 2)
    fit = Decoder(ROWS).fit(leaked(ROWS, two, 0.9), Unique(hits=360, decoys=200))
    weights = {each.rows: weight for each, weight in zip(fit.hypotheses, fit.weights, strict=True)}
    assert weights[two] > 10 * weights[Channel(Shape.UNION, 3)]
    assert weights[two] > 10 * weights[Channel(Shape.INTERSECTION, 2)]


def test_weights_are_at_most_one_in_all_and_none_is_nothing() -> None:
    fit = Decoder(ROWS).fit(np.array([3, 700]), Unique(2, 200))
    assert sum(fit.weights) == pytest.approx(1)
    assert min(fit.weights) >= 0.1 / len(fit.hypotheses)


def test_a_copy_that_holds_all_of_2700_rows_is_accused_and_one_that_lacks_its_share_is_not() -> None:
    fit = Decoder(ROWS).fit(np.array([2, 2_700]))
    suspect, stranger = (2, 2_700), (1, 2_673)
    among, besides = np.array([suspect, stranger]), np.array([(98, 64_620)] * 2)
    first, second = fit.log10_p(among, besides)
    assert first < -13
    assert second > -1


def test_nearly_all_of_the_evidence_reaches_the_p_value() -> None:
    """By the rows alone the chance of holding all is .99^2700; less than a nat is lost to the rest."""
    fit = Decoder([Layer(0.99, RECORDS, "real")]).fit(np.array([2_700]))
    (tail,) = fit.log10_p(np.array([[2_700]]), np.array([[64_647]]))
    assert tail < 2_700 * np.log10(0.99) + 1 / np.log(10)


def test_screening_gives_the_same_verdicts_as_exact_tails_of_100_000_copies() -> None:
    random = np.random.default_rng(8)
    shown = np.array([20, 2_500])
    hidden = np.array([286, RECORDS]) - shown
    among = random.binomial(shown, [0.35, 0.99], size=(100_000, 2))
    besides = random.binomial(hidden, [0.35, 0.99], size=(100_000, 2))
    among[17] = [20, 2_500]
    fit = Decoder(ROWS).fit(shown)
    exact = fit.log10_p(among, besides) <= NEEDED
    screened = fit.log10_p(among, besides, NEEDED) <= NEEDED
    assert np.flatnonzero(exact).tolist() == np.flatnonzero(screened).tolist() == [17]


def test_nothing_leaked_accuses_nobody() -> None:
    fit = Decoder(ROWS).fit(np.array([0, 0]))
    among, besides = np.zeros((1, 2), np.int64), np.array([[100, 67_320]])
    assert fit.log10_p(among, besides)[0] > -1


@pytest.mark.parametrize("accused", [0, 2])
@pytest.mark.parametrize(
    "layers",
    [
        [Layer(0.35, 0, "decoy"), Layer(0.99, RECORDS, "real")],
        [Layer(0.35, 286, "decoy"), Layer(0.99, 0, "real")],
        [Layer(0.35, 0, "decoy"), Layer(0.99, 0, "real"), Layer(0.5, 0, "mark")],
        [Layer(0.5, 0, "mark")],
        [],
    ],
    ids=str,
)
def test_a_layer_without_positions_or_that_the_leak_shows_nothing_of_says_nothing(
    layers: list[Layer], accused: int
) -> None:
    nothing = np.zeros(len(layers), np.int64)
    decoder = Decoder(layers, accused=accused)
    for fit in (decoder.fit(nothing), decoder.fit(nothing, Unique(5, 200))):
        usual = np.array([[round(layer.chance * layer.positions) for layer in layers]], np.int64)
        among = np.zeros_like(usual)
        assert fit.log10_p(among, usual)[0] > -1
        assert fit.log10_p(among, usual, NEEDED)[0] > -1
        assert fit.log_e(among, usual)[0] < 1


def test_where_there_is_no_copy_nobody_is_judged() -> None:
    fit, none = Decoder(ROWS).fit(np.array([9, 999])), np.zeros((0, 2), np.int64)
    assert fit.log10_p(none, none).tolist() == []
    assert fit.log10_p(none, none, NEEDED).tolist() == []
    assert fit.log_e(none, none).tolist() == []


@pytest.mark.parametrize("part", [0.02, 1.0])
def test_copies_are_judged_by_hidden_decoys_but_not_by_hidden_real_rows(part: float) -> None:
    shown = leaked(ROWS, Channel(Shape.SINGLE, 1), part)
    fit = Decoder(ROWS).fit(shown)
    among = np.tile(shown - [0, 3], (3, 1))
    decoys, rows = np.array([286, RECORDS]) - shown
    besides = np.array([[0, rows], [0, 0], [decoys, rows]])
    for values in (
        fit.log10_p(among, besides),
        fit.log10_p(among, besides, NEEDED),
        fit.log_e(among, besides),
    ):
        assert values[0] == values[1]
        assert values[0] != values[2]


def test_how_many_real_rows_are_hidden_need_not_be_known_exactly() -> None:
    """Positions of real layers serve the fit: a tenth more or less moves the evidence by less than a nat."""
    suspect = np.array([[2, 2_700]]), np.array([[98, 0]])
    tails = [
        Decoder([ROWS[0], Layer(0.99, positions, "real")]).fit(np.array([2, 2_700])).log10_p(*suspect)[0]
        for positions in (60_000, RECORDS, 76_000)
    ]
    assert max(tails) - min(tails) < 1 / np.log(10)


def test_rows_and_marks_of_one_leak_add_up() -> None:
    """Neither alone is enough."""
    rows = Layer(0.99, RECORDS, "real")
    marks = [Layer(0.5, 20, "mark")]
    of_rows = Decoder([rows]).fit(np.array([1_700]))
    of_marks = Decoder(marks).fit(np.array([10]))
    of_both = Decoder([rows, *marks]).fit(np.array([1_700, 10]))
    row, mark = (np.array([[1_700]]), np.array([[65_637]])), (np.array([[10]]), np.array([[0]]))
    assert of_rows.log10_p(*row)[0] > NEEDED
    assert of_marks.log10_p(*mark)[0] > NEEDED
    both = np.hstack([row[0], mark[0]]), np.hstack([row[1], mark[1]])
    assert of_both.log10_p(*both)[0] < NEEDED


def test_who_was_accused_before_is_fewer_than_the_sources() -> None:
    assert {each.rows.sources for each in Decoder(ROWS, accused=2).fit(np.array([9, 999])).hypotheses} == {
        3,
        4,
        5,
        6,
    }
