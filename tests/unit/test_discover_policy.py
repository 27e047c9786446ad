"""The policy: which kinds are how sensitive, in a text that a person edits and may get wrong."""

import pytest

from trapstreet.core.model.errors import UnusableInput
from trapstreet.discover import default_policy, read_policy
from trapstreet.discover.domain.kinds import held_kinds
from trapstreet.discover.domain.policy import DEFAULT_POLICY


def test_every_kind_has_a_class_in_the_policy_that_comes_along() -> None:
    assert set(default_policy().classes) == set(held_kinds())


def test_special_categories_weigh_most() -> None:
    policy = default_policy()
    assert policy.heaviest({"personal", "special", "contact"}) == ("special", 10.0)
    for kind in ("health", "religion", "ethnicity", "sexual_life", "political_opinion", "trade_union"):
        assert policy.class_of(kind) == "special"
    assert policy.class_of("card") == "card"


def test_of_no_class_at_all_the_heaviest_is_none() -> None:
    assert default_policy().heaviest([]) == ("", 0.0)
    assert default_policy().heaviest({""}) == ("", 0.0)


def test_an_edited_policy_is_what_it_says() -> None:
    policy = read_policy(
        DEFAULT_POLICY.replace("[special]", "[art-9]").replace("weight = 8", "weight = 12.5")
    )
    assert policy.class_of("health") == "art-9"
    assert policy.heaviest(policy.weights) == ("card", 12.5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "[a\n",
            "the policy is no TOML: Expected ']' at the end of a table declaration (at line 1, column 3)",
        ),
        ("", "the policy has no class"),
        ("weight = 3", "policy: weight is no class"),
        ("[Red]\nweight = 1\nkinds = []", "policy, class Red: such a name cannot be used"),
        ('[a]\nkinds = ["email"]', "policy, class a: it needs a weight"),
        ("[a]\nweight = 0\nkinds = []", "policy, class a: it needs a weight"),
        ("[a]\nweight = true\nkinds = []", "policy, class a: it needs a weight"),
        ("[a]\nweight = nan\nkinds = []", "policy, class a: it needs a weight"),
        ("[a]\nweight = 1", "policy, class a: it needs kinds"),
        ('[a]\nweight = 1\nkinds = "email"', "policy, class a: it needs kinds"),
        ('[a]\nweight = 1\nkinds = ["helth"]', "policy, class a: unknown kind helth: did you mean health?"),
        ("[a]\nweight = 1\nkinds = [7]", "policy, class a: unknown kind 7"),
        ('[a]\nweight = 1\nkind = ["email"]', "policy, class a: unknown setting kind"),
        (
            '[a]\nweight = 1\nkinds = ["email"]\n[b]\nweight = 1\nkinds = ["email"]',
            "policy, class b: email is of class a already",
        ),
        ('["a\\nb"]\nweight = 1\nkinds = []', "policy, class a?b: such a name cannot be used"),
    ],
)
def test_what_is_wrong_with_a_policy_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(UnusableInput) as error:
        read_policy(text)
    assert said in str(error.value)
    assert "\n" not in str(error.value)
