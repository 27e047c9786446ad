"""How dense registered numbers lie, and what is kept of them to know it."""

import numpy as np
import pytest

from trapstreet.core.fields import Kind
from trapstreet.index import Space, SpaceSampler
from trapstreet.index.space import FEWEST, SAMPLED

RANDOM = np.random.default_rng(5)


def mobiles(count: int) -> list[bytes]:
    return [b"~86%07d" % number for number in RANDOM.choice(10**7, count, replace=False)]


def test_even_numbers_lie_as_dense_as_they_are_many() -> None:
    space = Space.learn(mobiles(50_000), checked=False)
    assert space.density(mobiles(5_000)).mean() == pytest.approx(0.005, rel=0.6)
    assert space.density([b"~15%07d" % number for number in range(100)]).mean() < 1e-5


def test_consecutive_numbers_are_all_taken() -> None:
    space = Space.learn([b"TCK%06d" % number for number in range(1, 5_001)])
    assert space.density([b"TCK000077", b"TCK004242"]).tolist() == [1.0, 1.0]


def test_a_dense_block_in_a_wide_space_has_a_density_of_its_own() -> None:
    block = [b"~1900%05d" % number for number in range(100)]
    space = Space.learn([*mobiles(20_000), *block], checked=False)
    assert space.density(block).min() > 0.3
    assert space.density(mobiles(1_000)).mean() < 0.01


def test_a_sample_of_ten_million_tells_the_density_of_all() -> None:
    sample = [b"~9%08d" % number for number in RANDOM.choice(10**8, SAMPLED, replace=False)]
    space = Space.learn(sample, 10_000_000, checked=False)
    assert space.density(sample[:2_000]).mean() == pytest.approx(0.1, rel=0.5)


def test_a_check_digit_leaves_a_tenth_of_the_numbers() -> None:
    bodies = RANDOM.choice(10**6, 50_000, replace=False).tolist()
    checked = [b"C%06d%d" % (body, (7 * body) % 11 % 10) for body in bodies]
    assert Space.learn(checked).density(checked[:1_000]).mean() == pytest.approx(0.05, rel=0.6)
    free = [b"C%07d" % number for number in RANDOM.choice(10**7, 50_000, replace=False)]
    assert Space.learn(free).density(free[:1_000]).mean() == pytest.approx(0.005, rel=0.6)


def test_no_prefix_is_kept_that_fewer_than_twenty_share() -> None:
    forms = [*mobiles(3_000), *[b"~1900%05d" % number for number in range(19)], b"SECRET-0001"] * 3
    forms += [b"~353555123"] * 500
    for node in Space.learn(forms).nodes:
        assert len({form for form in forms if form.startswith(node.prefix)}) >= FEWEST, node
        assert b"SECRET" not in node.prefix


def test_too_few_values_teach_nothing() -> None:
    space = Space.learn(mobiles(FEWEST - 1))
    assert not space.known
    assert space.density([b"~861234567"]).tolist() == [1.0], "a hit there says nothing"
    assert Space.from_bytes(b"") == space


def test_a_space_reads_back_and_damage_is_named() -> None:
    space = Space.learn(mobiles(5_000))
    written = space.to_bytes()
    assert Space.from_bytes(written) == space
    assert len(written) < 5_000
    with pytest.raises(ValueError, match="damaged space"):
        Space.from_bytes(written[:-4] + b"oops")


def test_forms_cut_at_24_bytes_are_judged_as_the_whole() -> None:
    codes = [RANDOM.bytes(16).hex().upper().encode() for _ in range(2_000)]
    space = Space.learn(codes)
    assert space.density([code[:24] for code in codes[:20]]).max() < 1e-25


def test_a_sampler_keeps_no_more_than_it_says_and_only_kinds_with_a_space() -> None:
    sampler = SpaceSampler()
    forms = [b"~86%07d" % number for number in range(3 * SAMPLED)]
    for start in range(0, len(forms), 8_192):
        sampler.add(Kind.PHONE, forms[start : start + 8_192])
        sampler.add(Kind.EMAIL, forms[start : start + 8_192])
    sampler.add(Kind.REFERENCE, forms[:10])
    spaces = sampler.spaces()
    assert list(spaces) == [Kind.PHONE]
    space = Space.from_bytes(spaces[Kind.PHONE])
    assert space.density(forms[::1_000]).min() > 0.9
    assert space.density([b"~869999999"]).max() < 0.9 or len(space.nodes) == 1
