"""How well decoys hide, in plain words."""

from collections.abc import Iterator

from trapstreet.decoys.audit import Attack, Auc, Audit

SHOWN = 8
"""Traits that are named."""

SEEN = 0.60
"""Area above which decoys are told apart."""
GUESSING = 0.5


def audit_lines(audit: Audit) -> Iterator[str]:
    """What an audit found, the answer first."""
    area = f"{audit.auc.area:.3f} (95 %: {audit.auc.low:.3f} to {audit.auc.high:.3f})"
    yield f"{audit.decoys:,} decoys among {audit.rows - audit.decoys:,} rows: {_verdict(audit)}"
    yield f"  The attacker's area under the curve is {area}; 0.5 is blind guessing, 1 tells every decoy."
    if audit.clusters < audit.decoys:
        yield f"  Colleagues are decoys together: chance drew {audit.clusters:,} firms and single rows."
    yield f"  With these mail domains and numbers no decoys could do better than {audit.attainable:.3f}."
    if audit.control is not None:
        yield f"  On made-up rows of Faker the same attacker reaches {audit.control.area:.3f}."
        if not audit.valid:
            yield "THE AUDIT IS INVALID: an attacker that does not see those is too weak to say anything."
    if audit.betrays:
        yield "What tells them, beyond chance:"
        yield from (
            f"  {each.label}: {each.auc.area:.3f} (p {each.p_value:.3f})" for each in audit.betrays[:SHOWN]
        )
    yield "What somebody without labels can do, who gives up some customers to be rid of decoys:"
    yield from (f"  {attack.words}: {_worst(attack)}" for attack in audit.attacks)


def _worst(attack: Attack) -> str:
    """The setting at which an attack takes most decoys for the customers that it loses."""
    loss = max(attack.losses, key=lambda each: each.decoys - each.real)
    if loss.decoys <= loss.real:
        return "takes no more decoys than customers"
    return f"takes {loss.decoys:.0%} of the decoys with {loss.real:.1%} of the customers"


def _verdict(audit: Audit) -> str:
    if audit.auc.low > SEEN:
        return "the attacker tells them apart."
    if audit.auc.low > GUESSING or audit.betrays:
        return "the attacker tells some of them apart."
    if audit.auc.high > SEEN:
        return "nothing beyond chance tells them apart, but more decoys are needed to be sure."
    return "the attacker cannot tell them apart."


def document(audit: Audit) -> dict[str, object]:
    """An audit as JSON."""
    return {
        "rows": audit.rows,
        "decoys": audit.decoys,
        "clusters": audit.clusters,
        "auc": _area(audit.auc),
        "attainable": audit.attainable,
        "control": audit.control and _area(audit.control),
        "valid": audit.valid,
        "betrays": [
            {"what": each.label, "auc": _area(each.auc), "p_value": each.p_value} for each in audit.betrays
        ],
        "attacks": [
            {"what": attack.words, "losses": [loss._asdict() for loss in attack.losses]}
            for attack in audit.attacks
        ],
    }


def _area(auc: Auc) -> dict[str, float]:
    return {"area": auc.area, "low": auc.low, "high": auc.high}
