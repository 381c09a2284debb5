"""Why each fault is worth breaking: what it teaches, in a sentence or two."""

from __future__ import annotations

WHY: dict[str, str] = {
    # The thirty scenarios.
    "forged-proof": "A tree's root proves that something is in it, not what. A walk "
    "must end at exactly one leaf, and use up every hash and flag on its way.",
    "wrong-flags": "Early Vapor rebuilt the flags from their places instead of their "
    "values, so that no honest deposit could be proven. Flags are bytes here.",
    "invented-lock": "A proof is worth as much as the header above it, and a header as "
    "much as its work. Each validator has the header from its own mainchain.",
    "inflate": "A claim says which output it is of, and the output's id commits to "
    "amount and asset: whoever says another amount speaks of another output.",
    "steal-claim": "The recipient is in the address that was paid to. So a collector "
    "can do the work for somebody who is offline, and cannot divert a coin.",
    "double-claim": "One lock has one id, and the set of claimed ids is part of the "
    "chain's state: it goes back with a fork, and forward with the next branch.",
    "two-chains": "One federation serves many sidechains. The chain's id is in the "
    "path of its keys, so a lock belongs to one of them alone.",
    "failed-tx": "Bytom mines transactions that fail, and their fee is paid. Only the "
    "second tree of a block, that of the statuses, says which did what they say.",
    "lazy-collector": "A collector is trusted for its time alone. If it keeps none, "
    "the next one earns the fee, and after a while everybody can help himself.",
    "native-issue": "An asset's id follows from its program and definition. Whoever "
    "may issue it could issue it here as well, and withdraw what nobody locked.",
    "greedy-coordinator": "Whoever builds a transaction has no power over it, if "
    "whoever signs it computes again what it must be.",
    "double-payout": "Two payouts that spend the same first input cannot both be "
    "mined. Members remember that input before they sign: it is the pin.",
    "burn-then-reorg": "What can be undone here must not be paid there. Members wait "
    "until the burn is final, however the sidechain agrees on that.",
    "swapped-recipient": "Bytom's ids do not commit to the program of a retirement. "
    "An output that nobody can spend, and that is no retirement, is committed to.",
    "members-offline": "What cannot be signed stays owed. Nothing is refunded or "
    "minted again, so nothing has to be taken back when the members return.",
    "members-collude": "No rule of a mainchain that knows nothing of the sidechain can "
    "stop a quorum. It can be seen at once, by everybody, and punished there.",
    "shallow-reorg": "This is what the depth is for: while a lock can still vanish, "
    "nothing has come of it.",
    "deep-reorg": "Every depth is finite. Below it the sidechain cannot repair itself; "
    "it stops the peg, says what is missing, and leaves the decision to people.",
    "lying-node": "A validator that asks somebody else about the mainchain believes "
    "whatever that says. The others have eyes of their own.",
    "double-sign": "Two signatures for one round prove the offence without a witness. "
    "Anybody can report it, and earns a part of the bond.",
    "lost-block": "Counting signatures on a branch is not agreement. A vote must bind "
    "its voter in later rounds too, or two branches can both be final.",
    "paper-commit": "If a certificate alone decides, whoever holds the only copy has "
    "decided alone. A certified child shows that enough others saw it.",
    "bad-gateway": "A tree of voters saves messages, and each inner node can drop what "
    "its branch says. Then the branch must find another way.",
    "partition": "Whoever asks more than two thirds stops when the network is cut in "
    "half. That is the price of never being of two minds.",
    "clock-skew": "Slots need clocks. The rule must say how far a clock may be wrong, "
    "and what happens to whose is worse.",
    "swap-under-fire": "A swap hands over at a final block, and waits for it with "
    "empty closing blocks: nothing that happens meanwhile has to be undone.",
    "swap-missing-engine": "Nobody can be forced to have a rule's code. Who lacks it "
    "stops, instead of following blocks that it cannot check.",
    "naive-swap": "At a fixed height some may still see another block. Two rules then "
    "each make their own one final.",
    "power-cut": "A block's writes are one batch, and a vote is stored before it "
    "leaves. So no moment is a bad moment for the power to fail.",
    "grab-the-keys": "In derivation that is not hardened, one child's private key and "
    "the parent's public one give the parent's private key. So children never leave.",
    # The simple ones.
    "latency": "Rounds have time limits; slow networks miss them, and nothing is lost.",
    "loss": "Every message may be the one that is lost. Telling again is the cure.",
    "duplicate": "Doing a thing twice must be the same as doing it once.",
    "reorder": "A child may come before its parent, and a spend before the coin.",
    "kill": "A process may end at any moment; what it signed is on its disk.",
    "pause": "Who comes late must not be believed more than who was there.",
    "equivocate": "Saying two things to two halves splits them, unless a quorum of "
    "one must share somebody with a quorum of the other.",
    "vote-twice": "Votes are worth something because each is cast once.",
    "withhold": "Silence looks like absence, and must not cost more than that.",
    "propose-invalid": "Whoever makes a block does not decide what is in it.",
    "collectors-offline": "Collectors serve; without them people serve themselves.",
    "missing-engine": "A rule is code, and not everybody has it.",
}
"""By the name of the fault."""
