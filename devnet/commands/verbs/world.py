"""Verbs about the session: worlds, recordings, scripts, settings, help."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from devnet.commands.context import Context, within_s
from devnet.commands.errors import BadArgument, BadFile, did_you_mean
from devnet.commands.grammar import logical_lines
from devnet.commands.options import PROFILES, parse_sidechains
from devnet.commands.recording import save_recording
from devnet.commands.registry import all_commands, command, find
from devnet.commands.running import Script
from devnet.commands.types import File, Number, SidechainList, Switch, Text, VerbName
from devnet.commands.values import Said

GROUPS = (
    "money", "assets", "chains", "time", "faults", "checks", "session", "controls",
)  # fmt: skip


@command(
    group="session",
    example="start --seed 42 --sidechains alpha:poa --depth 2",
    acts=True,
    recorded=False,  # A new world begins a recording of its own.
    labels={"profile": "|".join(PROFILES), "relay_fee": "PPM"},
)
def start(
    session: Context,
    *,
    seed: Number | None = None,
    profile: Text | None = None,
    sidechains: SidechainList | None = None,
    depth: Number | None = None,
    relay_fee: Number | None = None,
    collectors: Number | None = None,
    unbond: Number | None = None,
    federation_blocks: Number | None = None,
    empty: bool = False,
) -> Said:
    """Start a new world in place of the present one.

    What is not named is as on the command line, or the default: seed 42, profile fast,
    three sidechains, depth 2, no relay fee, two collectors, votes and bonds locked for
    400 sidechain blocks (--unbond), votes elect the federation every 200
    (--federation-blocks).
    --empty begins at the genesis block alone, and mines only for `mine`.
    """
    options = session.defaults.with_changes(
        seed=seed,
        profile=profile,
        sidechains=parse_sidechains(sidechains) if sidechains is not None else None,
        depth=depth,
        relay_fee_ppm=relay_fee,
        collectors=collectors,
        unbond_blocks=unbond,
        federation_blocks=federation_blocks,
        empty=empty or None,
    )
    network = session.start(options)
    names = list(network.sidechain_names())
    main = network.show("main")
    result = {
        "seed": options.seed,
        "profile": options.profile,
        "height": main["height"],
        "tip": main["tip"],
        "sidechains": names,
    }
    text = f"seed {options.seed}, main {main['height']}, {', '.join(names) or 'no'}"
    return Said(result, f"{text} sidechain{'s' if len(names) != 1 else ''}")


@command(
    group="session",
    example="save recording first.jsonl",
    labels={"what": "recording"},
)
def save(session: Context, what: Text, file: File) -> Said:
    """Write a recording: header, commands, events, digest of the world."""
    if what != "recording":
        raise BadArgument(
            f"there is no way to save {what[:40]!r}", hint="save recording FILE"
        )
    facts = save_recording(session, file)
    return Said(
        facts, f"{file}: {facts['events']} events, {facts['commands']} commands"
    )


@command(group="session", example="run fixtures/scripts/first-deposit.dn")
def run(session: Context, file: File) -> Script:
    """Run the lines of a script here."""
    return Script(file, tuple(logical_lines(read_script(file))))


def read_script(path: str) -> list[str]:
    """The lines of a script. Raises BadFile."""
    try:
        return Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as error:
        reason = (error.strerror or "it cannot be read").lower()
        raise BadFile(f"{path}: {reason}", hint="give a script to run") from None
    except UnicodeDecodeError:
        raise BadFile(f"{path} is not text", hint="a script is UTF-8 text") from None


@command(group="session", example="set within 120", labels={"name": "NAME"})
def set_(session: Context, name: Text | None = None, value: Text | None = None) -> Said:
    """Change a setting of this session, or show them.

    within: virtual seconds that wait waits by itself. events: on or off, print events
    above the prompt.
    """
    known: dict[str, Any] = {
        "events": "on" if session.settings.events else "off",
        "within": within_s(session),
    }
    if name is not None and name not in known:
        raise BadArgument(
            f"there is no setting {name[:40]!r}",
            hint=did_you_mean(name, known, "setting"),
        )
    if name is not None and value is not None:
        known[name] = _change(session, name, value)
    shown = known if name is None else {name: known[name]}
    return Said(shown, "  ".join(f"{key} {value}" for key, value in shown.items()))


def _change(session: Context, name: str, value: str) -> Any:
    if name == "events":
        if value not in ("on", "off"):
            raise BadArgument(
                f"{value[:40]!r} is neither on nor off", hint="set events on"
            )
        session.settings.events = value == "on"
        return value
    if not (value.isascii() and value.isdecimal()) or not 0 < int(value[:9]) <= 10**8:
        raise BadArgument(
            f"{value[:40]!r} is not a number of seconds", hint="set within 120"
        )
    session.settings.within_s = int(value[:9])
    return session.settings.within_s


@command(group="session", example="events on")
def events(session: Context, switch: Switch | None = None) -> Said:
    """Print events above the prompt, or stop it."""
    if switch is not None:
        session.settings.events = bool(switch)
    word = "on" if session.settings.events else "off"
    return Said({"events": word}, f"events {word}")


@command(group="session", example="history 10")
def history(session: Context, n: Number | None = None) -> Said:
    """The last lines of this session."""
    count = 20 if n is None else n
    lines = session.history[-count:] if count else []
    return Said(lines, "\n".join(lines))


@command(group="session", example="help lock")
def help_(session: Context, verb: VerbName | None = None) -> Said:
    """List the verbs, or explain one."""
    if verb is not None:
        return session.explain(f"{find(verb).verb} ")
    lines = []
    for group in GROUPS:
        verbs = [one for one in all_commands() if one.group == group]
        width = max(len(one.verb) for one in verbs) + 2
        lines.append(group)
        lines += [f"  {one.verb:{max(width, 14)}}{one.summary}" for one in verbs]
    lines.append("help VERB explains one; lock ? explains it in mid-line")
    return Said([one.verb for one in all_commands()], "\n".join(lines))


@command(group="session", example="quit")
def quit_(session: Context) -> Said:
    """End the session. In a script: end it here."""
    session.wants_to_quit = True
    return Said(None, "")
