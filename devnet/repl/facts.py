"""Small answers of the command line: what is installed, what a verb does."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from importlib import metadata

from devnet import __version__
from devnet.commands.errors import EXIT_DONE, EXIT_USAGE, did_you_mean
from devnet.commands.registry import LATER, Command
from devnet.commands.verbs import all_commands

USED_FOR = {
    "textual": "the screen",
    "rich": "text on the screen",
    "prompt-toolkit": "the prompt",
    "numpy": "the proof of work",
    "pycryptodome": "hashes and curve points, the exact second opinion on signatures",
    "tinydb": "the tinydb store",
    "mnemonic": "the words of a root key",
    "PyNaCl": "signatures, fast",
    "rpds-py": "persistent maps",
    "threadpoolctl": "one thread for the proof of work",
    "uvicorn": "the HTTP server",
    "httptools": "requests, read fast",
    "wsproto": "websockets",
}
"""What each dependency is for."""

LATER_SUBCOMMANDS = frozenset({"learn"})


def print_version() -> int:
    """`--version --json`: what is installed, and what it is used for."""
    found = {}
    for name, use in USED_FOR.items():
        try:
            version: str | None = metadata.version(name)
        except metadata.PackageNotFoundError:
            version = None
        found[name] = {"version": version, "used_for": use}
    facts = {
        "name": "bystack-devnet",
        "version": __version__,
        "python": platform.python_version(),
        "dependencies": found,
    }
    print(json.dumps(facts, sort_keys=True))
    return 0


def explain_word(words: Sequence[str], subcommands: Sequence[str]) -> int:
    """`devnet lock --help` explains a verb; any other first word gets a sentence."""
    verbs = {one.verb: one for one in all_commands()}
    verb = words[0]
    if verb in verbs and {"--help", "-h"} & set(words[1:]):
        print(verb_help(verbs[verb]))
        return EXIT_DONE
    if verb in verbs:
        sentence = f"{verb} is a verb of scripts and of the prompt, not a subcommand"
        hint = f'devnet repl, or: echo "{verbs[verb].example}" | devnet run -'
    elif verb in LATER or verb in LATER_SUBCOMMANDS:
        sentence, hint = f"{verb} is not in this version", "devnet --help"
    else:
        sentence = f"there is no subcommand {verb[:40]!r}"
        hint = did_you_mean(verb, subcommands, "subcommand")
    sys.stderr.write(f"devnet: {sentence}\n  {hint}\n")
    return EXIT_USAGE


def verb_help(one: Command) -> str:
    """What a verb does, for a shell."""
    lines = [one.signature, "", one.summary]
    lines += ["", one.details] if one.details else []
    if one.params:
        width = max(len(param.shown) for param in one.params)
        lines.append("")
        lines += [f"  {p.shown.ljust(width)}  {p.type.meaning}" for p in one.params]
    return "\n".join([*lines, "", "example:", f"  {one.example}"])
