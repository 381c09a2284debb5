"""
The record by which validators give a lost mainchain branch up: a new base for anchors.

The protocol calls unfreezing an operator act. Here the act is a record that a quorum of
the validators signs, so that whoever reads the chain later finds the same.

Source: our own, for "Unfreezing is an operator act", protocol page "federation",
section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from devnet.engine.bc.recordform import BaseRecord
from devnet.engine.codec import Reader, sha3, varint, varlist, varstr
from devnet.engine.interfaces import Checkpoint


@dataclass(frozen=True)
class AnchorReset(BaseRecord):
    """
    Anchors go on from another branch of the mainchain.

    Args:
        epoch: of the validators who sign. left: hash of the anchor that is given up.
        base: settled on the branch that is the best now; the block's own anchor.
        bitmap, signatures: the approvals.
    """

    epoch: int
    left: bytes
    base: Checkpoint
    bitmap: bytes = b""
    signatures: tuple[bytes, ...] = ()
    kind: ClassVar[int] = 0x50

    def body_without_approvals(self) -> bytes:
        """What validators approve."""
        base = varint(self.base.height) + self.base.hash
        return varint(self.epoch) + self.left + base

    def body(self) -> bytes:
        approvals = varstr(self.bitmap) + varlist(self.signatures)
        return self.body_without_approvals() + approvals

    def message(self, chain_id: bytes) -> bytes:
        """What an approval signs."""
        return b"bystack-base-1" + chain_id + sha3(self.body_without_approvals())


def read_anchor_reset(reader: Reader) -> AnchorReset:
    """The body of such a record. Raises FormError."""
    epoch, left = reader.varint63(), reader.hash()
    base = Checkpoint(reader.varint63(), reader.hash())
    return AnchorReset(epoch, left, base, reader.varstr(), reader.varlist())
