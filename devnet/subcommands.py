"""
The subcommands of `devnet`: each starts one front end and gives its exit status.

Only the standard library is imported here; each subcommand imports what it needs, so
that `--help` and `--version` answer at once and a script loads no screen.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from devnet import __version__, arguments
from devnet.arguments import ABOUT, EXAMPLES, Parser, common


def run(words: list[str]) -> int:
    """Run one of the subcommands. Returns the exit status; may raise anything."""
    if words and words[0] not in NAMES and not words[0].startswith("-"):
        from devnet.repl.facts import explain_word

        return explain_word(words, NAMES)
    args = arguments.parse(build_parser(), words)
    if args.version:
        return _version(args)
    _add_plugins(args)
    return int(args.act(args))


def build_parser() -> argparse.ArgumentParser:
    """All subcommands and options."""
    parser = Parser(
        prog="devnet", description=ABOUT, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common("plugin_files_first")],
    )  # fmt: skip
    parser.add_argument("--version", action="store_true", help="say the version")
    parser.add_argument(
        "--until", metavar="SPAN", help="without a terminal: stop after 30s or 20blocks"
    )
    arguments.http_arguments(parser)
    parser.set_defaults(act=_default, chosen=parser)
    subs = parser.add_subparsers(title="subcommands", metavar="", parser_class=Parser)
    for name, act, summary, example, add_arguments in SUBCOMMANDS:
        sub = subs.add_parser(
            name, help=summary, description=summary[0].upper() + summary[1:] + ".",
            epilog=f"example:\n  {example}", parents=[common()],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )  # fmt: skip
        add_arguments(sub)
        sub.set_defaults(act=act, chosen=sub)
    return parser


# The subcommands.


def _default(args: argparse.Namespace) -> int:
    """The screen, or lines when there is no terminal."""
    options, speed, data = _world(args)
    from devnet.commands.launch import opened

    if args.until is None and _has_terminal() and not _flag(args, "json"):
        with opened(
            options, attached=True, speed=speed, data=data,
            read_only=_flag(args, "read_only"),
        ) as session, _served(args, session, data) as beside:  # fmt: skip
            from devnet.tui.app import TuiOptions, run

            look = TuiOptions(
                signs=getattr(args, "signs", "unicode"),
                no_color="NO_COLOR" in os.environ,
                beside=beside,
            )
            return int(run(session, look))
    from devnet.commands.values import parse_span
    from devnet.repl.script import run_headless

    if args.until is not None:
        parse_span(args.until)
    _check_no_http(args)
    pace = 1.0 if speed is None else speed
    with opened(options, speed=pace, data=data, read_only=True) as session:
        return run_headless(
            session, until=args.until, as_json=_flag(args, "json"),
            ascii_signs=_ascii(args),
        )  # fmt: skip


def _repl(args: argparse.Namespace) -> int:
    options, speed, data = _world(args)
    from devnet.commands.launch import opened

    if not _has_terminal():
        _check_no_http(args)
        args.files = ["-"]
        return _run(args)
    from devnet.repl.prompt import run_prompt

    with opened(
        options, attached=True, speed=speed, data=data,
        read_only=_flag(args, "read_only"),
    ) as session, _served(args, session, data) as beside:  # fmt: skip
        return run_prompt(
            session, as_json=_flag(args, "json"), ascii_signs=_ascii(args), data=data,
            beside=beside,
        )  # fmt: skip


def _run(args: argparse.Namespace) -> int:
    options, speed, data = _world(args)
    from devnet.commands.launch import opened
    from devnet.repl.script import run_scripts

    return run_scripts(
        args.files,
        lambda: opened(
            options, speed=speed, data=data, read_only=_flag(args, "read_only")
        ),
        as_json=_flag(args, "json"),
        ascii_signs=_ascii(args),
    )


def _replay(args: argparse.Namespace) -> int:
    from devnet.repl.replays import check_recording, print_recording

    if not args.check:
        return print_recording(
            args.file, as_json=_flag(args, "json"), ascii_signs=_ascii(args)
        )
    return check_recording(args.file, as_json=_flag(args, "json"))


def _verify(args: argparse.Namespace) -> int:
    from devnet.repl.replays import verify_path

    return verify_path(args.path, as_json=_flag(args, "json"), full=args.full)


def _plugins(args: argparse.Namespace) -> int:
    from devnet.repl.plugging import print_plugins

    return print_plugins(as_json=_flag(args, "json"))


def _check_plugin(args: argparse.Namespace) -> int:
    from devnet.repl.plugging import run_check_plugin

    return run_check_plugin(args.plugin, as_json=_flag(args, "json"))


def _bench(args: argparse.Namespace) -> int:
    from devnet.bench import main as bench

    words = list(args.names)
    words += ["--json"] if _flag(args, "json") else []
    words += ["--pairs", str(args.pairs)] if args.pairs is not None else []
    return bench(words)


def _conformance(args: argparse.Namespace) -> int:
    from devnet.conformance.command import run_conformance

    def converse(content: Any, works: Any) -> Any:
        from devnet.api import telling

        return telling.converse(content, works)

    return run_conformance(args.paths, as_json=_flag(args, "json"), converse=converse)


def _starter(args: argparse.Namespace) -> int:
    from devnet.repl.starters import run_starter

    profile = getattr(args, "profile", "fast")
    return run_starter(args.what, profile, args.out, as_json=_flag(args, "json"))


def _export(args: argparse.Namespace) -> int:
    from devnet.repl.exchanges import run_export

    options, _, _ = _world(args)
    return run_export(
        args.file, options.profile, empty=options.empty, as_json=_flag(args, "json")
    )


def _import(args: argparse.Namespace) -> int:
    from devnet.repl.exchanges import run_import

    options, _, _ = _world(args)
    return run_import(
        args.file, options.profile, empty=options.empty, as_json=_flag(args, "json")
    )


def _serve(args: argparse.Namespace) -> int:
    options, speed, data = _world(args)
    from pathlib import Path

    from devnet.api.serving import Address, serve
    from devnet.commands.launch import opened

    folder = None if data is None else Path(data)
    with opened(
        options, attached=True, speed=speed, data=data,
        read_only=_flag(args, "read_only"),
    ) as session:  # fmt: skip
        address = Address(args.listen, args.port)
        return serve(session, address, folder, side_ports=args.side_ports)


@contextmanager
def _served(args: argparse.Namespace, session: Any, data: str | None) -> Iterator[Any]:
    """What serves the session while a screen or a prompt drives it; None: nothing."""
    if args.http is None:
        yield None
        return
    from pathlib import Path

    from devnet.api.serving import Address, Service

    folder = None if data is None else Path(data)
    with Service(session, Address(port=args.http), folder) as service:

        def beside(tell: Callable[[str], object]) -> Any:
            url = service.ready_line()["mainchain"]
            return service.run(lambda: tell(f"served at {url}"), drives=False)

        yield beside


def _check_no_http(args: argparse.Namespace) -> None:
    """Without a screen and a prompt there is nothing to serve beside."""
    if args.http is not None:
        from devnet.commands.errors import BadArgument

        raise BadArgument(
            "--http serves beside the screen or the prompt, and there is no terminal",
            hint="devnet serve needs none",
        )


def _version(args: argparse.Namespace) -> int:
    if not _flag(args, "json"):
        print(f"devnet {__version__}")
        return 0
    from devnet.repl.facts import print_version

    return print_version()


Act = Callable[[argparse.Namespace], int]
Arguments = Callable[[argparse.ArgumentParser], None]
SUBCOMMANDS: tuple[tuple[str, Act, str, str, Arguments], ...] = (
    (
        "repl", _repl, "a prompt with completion; without a terminal it reads a script",
        "devnet repl --sidechains alpha:poa", arguments.http_arguments,
    ),
    (
        "run", _run, "run scripts; the exit status says how they ended",
        "devnet run fixtures/scripts/first-deposit.dn --json", arguments.files,
    ),
    (
        "serve", _serve, "Bytom's HTTP interface; its first line is for programs",
        "devnet serve --port 0 --profile solonet --empty", arguments.serve_arguments,
    ),
    (
        "replay", _replay, "show a recording, or check that it still gives the same",
        "devnet replay first-deposit.jsonl --check", arguments.replay_arguments,
    ),
    (
        "plugins", _plugins, "list consensus engines and stores",
        "devnet plugins --json", arguments.no_arguments,
    ),
    (
        "check-plugin", _check_plugin, "hold an engine or a store against its rules",
        "devnet check-plugin poa", arguments.one_plugin,
    ),
    (
        "bench", _bench, "measure this machine against the targets",
        "devnet bench T1 T2 --json", arguments.names,
    ),
    (
        "conformance", _conformance, "hold the engine against files of test vectors",
        "devnet conformance fixtures/vectors", arguments.vector_files,
    ),
    (
        "starter", _starter, "check or rebuild the chain that every world starts from",
        "devnet starter verify", arguments.starter_arguments,
    ),
    (
        "export", _export, "write a mainchain that a stock Bytom solonet node accepts",
        "devnet export main.hex --profile solonet", arguments.one_file,
    ),
    (
        "import", _import, "judge a mainchain from a file by every rule, work included",
        "devnet import main.hex --profile solonet --empty", arguments.one_file,
    ),
    (
        "verify", _verify, "check a recording, or the world in a --data folder",
        "devnet verify ~/my-world --full", arguments.verify_arguments,
    ),
)  # fmt: skip


NAMES = tuple(name for name, *_ in SUBCOMMANDS)

# Options.


def _add_plugins(args: argparse.Namespace) -> None:
    """Read the files of `--plugin`, those before the subcommand first."""
    given = vars(args)
    files = [*given.get("plugin_files_first", ()), *given.get("plugin_files", ())]
    if not files:
        return
    from devnet.engine.errors import PluginError
    from devnet.repl.plugging import add_plugins

    try:
        add_plugins(files)
    except PluginError as error:
        arguments.refuse("devnet", f"--plugin {error.message}", error.hint)


def _world(args: argparse.Namespace) -> tuple[Any, float | None, str | None]:
    """The world's options, the speed, and the data folder; the line beats the file."""
    from devnet.commands.launch import checked_side
    from devnet.commands.options import (
        FileOptions,
        WorldOptions,
        parse_sidechains,
        read_config,
    )
    from devnet.commands.values import parse_speed

    given = vars(args)
    if given.get("no_color"):
        os.environ["NO_COLOR"] = "1"
    base = FileOptions(WorldOptions())
    if "config" in given:
        base = read_config(given["config"])
    sides = given.get("sidechains")
    options = base.world.with_changes(
        seed=given.get("seed"),
        profile=given.get("profile"),
        sidechains=None if sides is None else parse_sidechains(sides),
        depth=given.get("depth"),
        relay_fee_ppm=given.get("relay_fee"),
        collectors=given.get("collectors"),
        unbond_blocks=given.get("unbond"),
        federation_blocks=given.get("federation_blocks"),
        empty=given.get("empty"),
    )
    for side in options.sidechains or ():
        checked_side(side)
    word = given.get("speed", base.speed)
    speed = None if word is None else parse_speed(word)
    return options, speed, given.get("data", base.data)


def _flag(args: argparse.Namespace, name: str) -> bool:
    return bool(getattr(args, name, False))


def _ascii(args: argparse.Namespace) -> bool:
    """Nothing but ascii: asked for, or all that the output can spell."""
    if "signs" in args:
        return bool(args.signs == "ascii")
    try:
        "\u2713".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return True
    return False


def _has_terminal() -> bool:
    """Textual draws on stderr and reads stdin, so both must be terminals."""
    streams = (sys.stdin, sys.stdout, sys.stderr)
    usable = all(stream is not None and stream.isatty() for stream in streams)
    return usable and os.environ.get("TERM") != "dumb"
