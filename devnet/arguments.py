"""
What the command line takes: options of every subcommand, arguments of single ones.

Only the standard library is imported here, so that `--help` answers at once.
"""

from __future__ import annotations

import argparse
import sys
from typing import Any, NoReturn

EXIT_USAGE = 2

ABOUT = """\
A Bytom mainchain, sidechains with swappable consensus, and a federation between them,
all in this terminal. Without a subcommand: the screen; without a terminal: one line per
event."""

EXAMPLES = """\
examples:
  devnet                                     the screen on the default world
  devnet --sidechains alpha:poa --depth 6    one sidechain, deeper confirmations
  devnet run fixtures/scripts/first-deposit.dn
  devnet --until 20blocks --speed max | cat  no terminal: one line per event

Verbs such as lock, swap and wait are lines of a script or of devnet repl; there,
`help` lists them and `help lock` explains one. So does `devnet lock --help`."""


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one sentence, with the next step, status 2."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        refuse(self.prog, message.removeprefix("argument "))


def refuse(prog: str, sentence: str, next_step: str = "") -> NoReturn:
    """One sentence and the next step; status 2."""
    next_step = next_step or f"{prog} --help says more"
    sys.stderr.write(f"{prog}: {sentence}\n  {next_step}\n")
    raise SystemExit(EXIT_USAGE)


def parse(parser: argparse.ArgumentParser, words: list[str]) -> argparse.Namespace:
    """The values of a command line. Ends the process where it makes no sense."""
    args, extra = parser.parse_known_args(words)
    if not extra:
        return args
    chosen: argparse.ArgumentParser = args.chosen
    option = extra[0].partition("=")[0]
    if not option.startswith("-") or option in ("-", "--"):
        refuse(chosen.prog, f"there is no place for {option[:40]!r}")
    from devnet.commands.errors import nearest

    known = [one for one in chosen._option_string_actions if one.startswith("--")]
    near = nearest(option, known)
    refuse(
        chosen.prog,
        f"there is no option {option[:40]}",
        f"did you mean {near}?" if near else "",
    )


def whole(text: str) -> int:
    """A whole number."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def common(plugin_files: str = "plugin_files") -> Parser:
    """
    Options that every subcommand takes, before or after its name.

    Args:
        plugin_files: under which name the files of `--plugin` are kept; what stands
            before the subcommand and what stands behind it must not replace each other.
    """
    common = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    world = common.add_argument_group("the world")
    world.add_argument("--seed", type=whole, metavar="N", help="seed of chance (42)")
    world.add_argument("--profile", metavar="P", help="fast or solonet")
    world.add_argument(
        "--sidechains", metavar="LIST", help="NAME:ENGINE[:STORE],... or none"
    )
    world.add_argument(
        "--depth", type=whole, metavar="N", help="confirmations of a lock"
    )
    world.add_argument(
        "--relay-fee", type=whole, metavar="PPM", help="the collector's fee, millionths"
    )
    world.add_argument(
        "--collectors", type=whole, metavar="N", help="how many collect, 1 to 4 (2)"
    )
    world.add_argument(
        "--unbond", type=whole, metavar="N", help="blocks that votes and bonds stay"
    )
    world.add_argument(
        "--federation-blocks", type=whole, metavar="N", help="blocks of an epoch (200)"
    )
    world.add_argument(
        "--empty", action="store_true", help="genesis alone; mine only when asked"
    )
    world.add_argument("--config", metavar="FILE", help="a TOML file with all of these")
    world.add_argument(
        "--plugin", metavar="FILE", action="append", dest=plugin_files,
        help="an engine or store in a Python file; repeatable",
    )  # fmt: skip
    shown = common.add_argument_group("how it is shown")
    shown.add_argument(
        "--data", metavar="DIR", help="a folder in which the world lives on"
    )
    shown.add_argument("--speed", metavar="S", help="x1, x0.5, x20 or max")
    shown.add_argument("--json", action="store_true", help="JSON lines on stdout")
    shown.add_argument("--no-color", action="store_true", help="as NO_COLOR=1")
    shown.add_argument("--signs", choices=("unicode", "ascii"), help="ascii: no others")
    shown.add_argument("--read-only", action="store_true", help="show, do not act")
    return common


def no_arguments(sub: argparse.ArgumentParser) -> None:
    """Takes the common options only."""


def files(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("files", nargs="+", metavar="FILE", help="a script, or -")


def replay_arguments(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", metavar="FILE", help="a recording")
    sub.add_argument(
        "--check", action="store_true", help="run it again and compare all hashes"
    )


def http_arguments(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--http", type=whole, nargs="?", const=9888, metavar="PORT",
        help="serve the same world over HTTP meanwhile (9888; 0: any port)",
    )  # fmt: skip


def serve_arguments(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "--port", type=whole, default=9888, metavar="N", help="0: any that is free"
    )
    sub.add_argument(
        "--listen", default="127.0.0.1", metavar="ADDRESS",
        help="an address of this machine; callers from elsewhere need a token",
    )  # fmt: skip
    sub.add_argument(
        "--side-ports", action="store_true", help="a port for each sidechain, too"
    )


def one_file(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("file", metavar="FILE", help="raw blocks in hex, one a line, or -")


def verify_arguments(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("path", metavar="PATH", help="a recording, or a --data folder")
    sub.add_argument(
        "--full", action="store_true", help="of a folder: compute every work anew"
    )


def names(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("names", nargs="*", metavar="NAME", help="T1, T2, ...")
    sub.add_argument("--pairs", type=whole, metavar="N", help="pairs for each ratio")


def one_plugin(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "plugin", metavar="NAME_OR_FILE", help="an engine, a store, or a Python file"
    )


def vector_files(sub: argparse.ArgumentParser) -> None:
    sub.add_argument(
        "paths", nargs="+", metavar="FILE_OR_DIR", help="vectors; of a folder all .json"
    )


def starter_arguments(sub: argparse.ArgumentParser) -> None:
    sub.add_argument("what", choices=("verify", "build"), help="check it, or mine it")
    sub.add_argument("--out", metavar="FILE", help="where build writes")
