"""
May a block hand the locks over? What a handover record must keep to, and the council
after it.

Source: protocol page "federation", section 8.
"""

from __future__ import annotations

from dataclasses import replace

from devnet.engine.bc.electoral import stake_key_of
from devnet.engine.bc.handover import Handover, handover_message
from devnet.engine.bc.records import parse_record
from devnet.engine.errors import BlockError, CodecError
from devnet.engine.federation.council import Council
from devnet.engine.federation.programs import Federation
from devnet.engine.keys.ed25519 import verify
from devnet.engine.sidechain.rotation import boundary_below
from devnet.engine.sidechain.state import SideEntry, SideSpec, SideTree

ACCEPTED_EPOCHS = 2
"""The newest federation and the one before it."""


class BadHandover(BlockError):
    """A block carries a handover that the chain does not allow."""

    code = "block.handover"


class NothingToHandOver(BadHandover):
    """The last tally asks for no other federation."""

    code = "block.handover-nothing"


class WrongHandoverEpoch(BadHandover):
    """The record's epoch does not follow on the one in force."""

    code = "block.handover-epoch"


class WrongHandoverSet(BadHandover):
    """Members or quorum are not those that the tally asks for."""

    code = "block.handover-set"


class HandoverTooEarly(BadHandover):
    """The block that counted the votes is not final yet."""

    code = "block.handover-early"


class HandoverNotSigned(BadHandover):
    """A signature is not that of an old member, or too few signed."""

    code = "block.handover-signatures"
    default_hint = "More than two thirds of the old members sign, with their root keys."


def check_handover(
    record: Handover, council: Council, parent: SideEntry, spec: SideSpec
) -> None:
    """
    May a block on `parent` carry this record?

    Args:
        council: in force above `parent`, or after what the same block says before.

    Raises:
        BadHandover: the rule that is broken.
    """
    wanted = council.wanted
    if record.epoch != council.epoch + 1:
        raise WrongHandoverEpoch(
            f"the handover begins epoch {record.epoch}, {council.epoch + 1} comes next",
            epoch=record.epoch,
            wanted=council.epoch + 1,
        )
    if wanted is None:
        raise NothingToHandOver(
            f"no tally asks for another federation than that of epoch {council.epoch}"
        )
    if (record.members, record.quorum) != (wanted.members, wanted.quorum):
        raise WrongHandoverSet(
            f"the handover names {record.quorum} of {_short(record.members)}, the "
            f"tally asks for {wanted.quorum} of {_short(wanted.members)}"
        )
    counted = boundary_below(parent.height, spec.federation_blocks)
    if parent.final.height < counted:
        raise HandoverTooEarly(
            f"the votes were counted at height {counted}, final is "
            f"{parent.final.height}",
            counted=counted,
            final=parent.final.height,
        )
    check_signatures(record, council.current, spec.chain_id)


def check_signatures(record: Handover, old: Federation, chain_id: bytes) -> None:
    """
    Is every signature in the record that of an old member, and are they enough?

    Raises:
        HandoverNotSigned.
    """
    message = handover_message(chain_id, record)
    for index, signature in zip(record.signers(), record.signatures, strict=True):
        if index >= len(old.members):
            raise HandoverNotSigned(
                f"bit {index} is set, the old federation has {len(old.members)} members"
            )
        key = stake_key_of(old.members[index])
        if not verify(key, message, signature):
            raise HandoverNotSigned(
                f"the signature at bit {index} is not that of {key.hex()[:16]}"
            )
    if len(record.signatures) < old.quorum:
        raise HandoverNotSigned(
            f"{len(record.signatures)} old members signed, {old.quorum} are needed",
            n_signed=len(record.signatures),
            quorum=old.quorum,
        )


def handed_over(council: Council, height: int, spec: SideSpec) -> Council:
    """The council after a good handover in a block of this height."""
    assert council.wanted is not None, "the handover was checked"
    accepted = (council.wanted, *council.federations)
    kept, dropped = accepted[:ACCEPTED_EPOCHS], accepted[ACCEPTED_EPOCHS:]
    n_blocks = spec.federation_blocks
    return replace(
        council,
        epoch=council.epoch + 1,
        federations=kept,
        past=(*dropped, *council.past),
        ends=(*(height + 1 for _ in dropped), *council.ends),
        expires=boundary_below(height, n_blocks) + 2 * n_blocks,
        wanted=None,
    )


def handover_is_right(record: Handover, tree: SideTree, parent: SideEntry) -> bool:
    """May a block on `parent` carry this record?"""
    try:
        check_handover(record, tree.council(parent), parent, tree.spec)
    except BadHandover:
        return False
    return True


def right_handovers(
    programs: tuple[bytes, ...], tree: SideTree, parent: SideEntry
) -> tuple[bytes, ...]:
    """The first of these record programs that a block on `parent` may carry, if any."""
    if tree.council(parent).wanted is None:
        return ()
    for program in programs:
        try:
            record = parse_record(program)
        except CodecError:
            continue
        if isinstance(record, Handover) and handover_is_right(record, tree, parent):
            return (program,)
    return ()


def has_handover(programs: tuple[bytes, ...]) -> bool:
    """Is one of these record programs, of a valid block, a handover?"""
    return any(isinstance(parse_record(program), Handover) for program in programs)


def _short(members: tuple[bytes, ...]) -> str:
    return ", ".join(member.hex()[:8] for member in members)
