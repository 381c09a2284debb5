"""
How many messages one round costs, without faults, counted by formula.

BBFT sends a block down a tree, votes up it, exchanges them among the m gateways at its
top, and sends the certificate down again: m^2 - 2m + 3n - 2 in all. The white paper
prints two more. Three-phase PBFT is there to compare.

Source: consensus rules of this project, section "bbft"; the BBFT paper.
"""

from __future__ import annotations

from dataclasses import dataclass

from devnet.engine.interfaces import ConsensusError


class ImpossibleTree(ConsensusError):
    """No round has these numbers of nodes and gateways."""

    code = "consensus.impossible-tree"
    default_hint = "Choose 1 to n gateways among n nodes."


@dataclass(frozen=True, slots=True)
class BbftCounts:
    """
    Messages of one round among n nodes, m of them gateways, the leader among these.

    finalize_top goes from the leader to the other gateways; the paper counts these
    although its text sends FINALIZE along tree edges only.
    """

    distribute: int
    aggregate_up: int
    exchange: int
    finalize_top: int
    finalize_down: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.tree_edges_only + self.finalize_top

    @property
    def tree_edges_only(self) -> int:
        """Without those from the leader to its peers at the end."""
        return self.distribute + self.aggregate_up + self.exchange + self.finalize_down


@dataclass(frozen=True, slots=True)
class PbftCounts:
    """Messages between replicas in the three phases."""

    pre_prepare: int
    prepare: int
    commit: int

    @property
    def total(self) -> int:
        """All of them."""
        return self.pre_prepare + self.prepare + self.commit


def bbft_counts(n_nodes: int, n_gateways: int) -> BbftCounts:
    """The messages of each stage. ImpossibleTree: they do not fit."""
    if not 1 <= n_gateways <= n_nodes:
        raise ImpossibleTree(f"{n_gateways} gateways among {n_nodes} nodes")
    return BbftCounts(
        distribute=n_nodes - 1,
        aggregate_up=n_nodes - n_gateways,
        exchange=n_gateways * (n_gateways - 1),
        finalize_top=n_gateways - 1,
        finalize_down=n_nodes - n_gateways,
    )


def white_paper_figure(n_nodes: int, n_gateways: int) -> int:
    """What the Bystack white paper prints for the same round."""
    return n_gateways**2 + 3 * n_nodes - 2 * n_gateways


def pbft_counts(n_nodes: int) -> PbftCounts:
    """
    Pre-prepare from the leader, prepare from the others, commit from all.
    ImpossibleTree: there are no nodes.
    """
    if n_nodes < 1:
        raise ImpossibleTree(f"{n_nodes} nodes")
    others = n_nodes - 1
    return PbftCounts(others, others * others, n_nodes * others)


def most_faulty(n_nodes: int) -> int:
    """How many of n nodes may fail: fewer than a third."""
    return (n_nodes - 1) // 3
