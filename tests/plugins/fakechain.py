"""The toy chain of the laboratory, under the name that tests know it by."""

from devnet.plugins.lab.chain import (
    CHAIN_ID,
    LabChain,
    make_genesis,
    make_header,
    make_rules,
    make_validator,
    old_epoch,
    reseal,
    toy_sign,
    toy_view,
    toy_vote,
)

FakeChain = LabChain

__all__ = [
    "CHAIN_ID", "FakeChain", "make_genesis", "make_header", "make_rules",
    "make_validator", "old_epoch", "reseal", "toy_sign", "toy_view", "toy_vote",
]  # fmt: skip
