"""bbft.json and dpos.json: message counts, slots, elections."""

from __future__ import annotations

from collections.abc import Mapping

from devnet.conformance.earlyvotes import EarlyVotes, irreversible, rows, slots
from devnet.conformance.fields import Case
from devnet.conformance.sections import (
    Family,
    Opened,
    Planned,
    Section,
    each,
    marks,
    parts,
    words,
)
from devnet.conformance.values import BadCase
from devnet.engine.interfaces import quorum
from devnet.engine.keys import chainkd
from devnet.plugins import elections
from devnet.plugins.dpos_bbft import proposer_order, vote_sequence
from devnet.plugins.message_counts import (
    bbft_counts,
    most_faulty,
    pbft_counts,
    white_paper_figure,
)

# bbft.json.


def _round(case: Case) -> None:
    n_nodes, n_gateways = case.number("n"), case.number("m")
    counts = bbft_counts(n_nodes, n_gateways)
    case.expect("f", most_faulty(n_nodes))
    case.expect("quorum", quorum(n_nodes))
    for name in (
        "distribute", "aggregate_up", "exchange", "finalize_top", "finalize_down",
        "total", "tree_edges_only",
    ):  # fmt: skip
        case.expect(name, getattr(counts, name))
    case.expect("white_paper_formula", white_paper_figure(n_nodes, n_gateways))
    by_formula = n_gateways**2 - 2 * n_gateways + 3 * n_nodes - 2
    case.same("m^2 - 2m + 3n - 2", case.number("total"), by_formula)


def _textbook(case: Case) -> None:
    counts = pbft_counts(case.number("n"))
    for name in ("pre_prepare", "prepare", "commit", "total"):
        case.expect(name, getattr(counts, name))


def _open_bbft(opened: Opened) -> Mapping[str, Section]:
    return {"fields": words, "rounds": each(_round), "textbook_pbft": each(_textbook)}


# dpos.json, Vapor 1.x.


def _proposers(case: Case) -> None:
    """Rows are milliseconds and order."""
    start, interval = case.number("start_ms"), case.number("interval_ms", 1)
    per_node, n_nodes = case.number("blocks_per_node", 1), case.number("nodes", 1)
    rows(
        case,
        lambda time_ms: [proposer_order(time_ms, start, interval, per_node, n_nodes)],
    )


def _sequences(case: Case) -> None:
    """Rows are height and vote round."""
    round_blocks = case.number("round_blocks", 1)
    rows(case, lambda height: [vote_sequence(height, round_blocks)])


def _election(case: Case) -> None:
    xpubs = case.inside("xpubs")
    for seed in xpubs.names():
        made = chainkd.xpub(chainkd.root_xprv(bytes.fromhex(seed)))
        xpubs.expect(seed, made)
    tally = elections.Tally()
    for step in case.each("ops"):
        key, amount = xpubs.text(step.text("seed")), step.number("amount")
        kind = step.text("kind")
        if kind not in ("vote", "veto"):
            raise BadCase(f"{step.place}.kind: {kind!r} is not known here")
        tally, done = (tally.vote if kind == "vote" else tally.veto)(key, amount)
        step.expect("ok", done)
    elected = elections.elect(tally, case.number("max_nodes"), case.number("min_votes"))
    case.expect("fell_back_to_federation", not elected)
    seats = [
        {"order": order, "xpub": key, "votes": votes}
        for order, (key, votes) in enumerate(elected)
    ]
    case.same("elected", case.any("elected", []), seats)


def _federation_key(case: Case) -> None:
    xpub = chainkd.xpub(chainkd.root_xprv(case.hex("seed")))
    case.expect("root_xpub", xpub)
    derived = chainkd.derive_xpub(xpub, elections.FEDERATION_PATH)
    case.expect("consensus_xpub", derived)


def _federations(name: str, value: object) -> list[Planned]:
    """A list of lists: each member is a case."""
    if not isinstance(value, list):
        return list(each(_federation_key)(name, value))
    return [
        planned
        for index, members in enumerate(value)
        for planned in each(_federation_key)(f"{name}[{index}]", members)
    ]


def _needed(case: Case) -> None:
    case.expect("needed", quorum(case.number("n")))


def _open_dpos(opened: Opened) -> Mapping[str, Section]:
    early = opened.content.get("early_vapor")
    votes = EarlyVotes(early.get("addresses") if isinstance(early, dict) else None)
    return {
        "early_vapor": parts(
            {
                "addresses": words,
                "slots": each(slots),
                "irreversible": each(irreversible),
                "votes": each(votes.election),
            }
        ),
        "vapor_1x": parts(
            {
                "proposer_order": each(_proposers),
                "vote_sequence": each(_sequences),
                "election": each(_election),
                "federation_consensus_keys": lambda n, v: iter(_federations(n, v)),
                "signatures_needed": each(_needed),
            }
        ),
    }


BBFT = Family(
    "bbft",
    marks("rounds: n m distribute exchange", "textbook_pbft: n pre_prepare commit"),
    _open_bbft,
)

DPOS = Family(
    "dpos",
    marks(
        "early_vapor: slots",
        "early_vapor: irreversible",
        "early_vapor: votes",
        "vapor_1x: proposer_order",
        "vapor_1x: vote_sequence",
        "vapor_1x: election",
        "vapor_1x: federation_consensus_keys",
        "vapor_1x: signatures_needed",
    ),
    _open_dpos,
)
