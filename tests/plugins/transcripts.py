"""
Transcripts: commands above the dashes, below them what followed, word for word.

`python -m tests.plugins.transcripts` renews every file under fixtures/transcripts that
belongs to an engine. Read the difference before you keep it.

Commands, one a line; times are virtual milliseconds:

    engine NAME [validators=4] [weights=1/1/...] [busy=0] [jitter=0] [old_blocks=0]
        [PARAMETER=...]
        watchers=N: so many nodes more, without a seat in the epoch's list
    votes vI=NEU ... from H    from height H on the chain counts these votes
    approved vI=NEU ... from H from height H on these candidates stand, so heavy
    work [N] at T              N more things wait
    down vI at T until T       a validator crashes
    cut vI ... at T until T    some validators are cut off from the others
    run T                      let time pass until T
"""

from __future__ import annotations

from pathlib import Path

from devnet.engine.interfaces import Candidate
from devnet.plugins import load_engine
from tests.plugins.fakehost import FakeHost

FOLDER = Path(__file__).parent.parent.parent / "fixtures" / "transcripts"
DASHES = "----\n"


def engine_transcripts() -> list[Path]:
    """The files that tell of an engine."""
    return sorted(FOLDER.glob("engine-*.txt"))


def play(commands: str) -> str:
    """What follows from the commands."""
    host: FakeHost | None = None
    item = 0
    for line in commands.splitlines():
        words = line.split("#")[0].split()
        if words[:1] == ["engine"]:
            host = _host(words[1], words[2:])
        elif words:
            assert host is not None, "the first command is `engine`"
            item = _command(host, words, item)
    assert host is not None
    return "".join(line + "\n" for line in host.lines())


def _host(name: str, settings: list[str]) -> FakeHost:
    texts = dict(word.split("=") for word in settings)
    weights = [int(text) for text in texts.pop("weights", "").split("/") if text]
    values = {key: int(text) for key, text in texts.items()}
    return FakeHost(
        load_engine(name),
        values.pop("validators", 4),
        watchers=values.pop("watchers", 0),
        jitter_ms=values.pop("jitter", 0),
        old_blocks=values.pop("old_blocks", 0),
        busy=bool(values.pop("busy", 0)),
        weights=weights,
        **values,
    )


def _command(host: FakeHost, words: list[str], item: int) -> int:
    match words:
        case ["run", until]:
            host.run(int(until))
        case ["votes", *votes, "from", height]:
            tally = {host.nodes[one].key: neu for one, neu in _amounts(votes)}
            host.votes_from(int(height), tally)
        case ["approved", *weights, "from", height]:
            found = (_candidate(host, one, neu) for one, neu in _amounts(weights))
            host.candidates_from(int(height), tuple(found))
        case ["work", "at", at]:
            return _command(host, ["work", "1", "at", at], item)
        case ["work", n, "at", at]:
            for _ in range(int(n)):
                item += 1
                host.work(int(at), item)
        case ["down", who, "at", at, "until", until]:
            host.down(int(who[1:]), int(at), int(until))
        case ["cut", *who, "at", at, "until", until]:
            host.cut({int(name[1:]) for name in who}, int(at), int(until))
        case _:
            raise ValueError(f"no such command: {' '.join(words)}")
    return item


def _amounts(words: list[str]) -> list[tuple[int, int]]:
    """Index of a node and an amount, from words such as v4=100."""
    pairs = (word.split("=") for word in words)
    return [(int(name[1:]), int(neu)) for name, neu in pairs]


def _candidate(host: FakeHost, index: int, neu: int) -> Candidate:
    node = host.nodes[index]
    address = f"address of {node.name}"
    return Candidate(node.name, node.key, address, 10**11, neu, int(neu > 0))


def rewrite() -> None:
    """Renew the lower half of every file."""
    for path in engine_transcripts():
        commands = path.read_text().split(DASHES)[0]
        path.write_text(commands + DASHES + play(commands))
        print(f"renewed {path.name}")


if __name__ == "__main__":
    rewrite()
