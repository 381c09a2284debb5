"""
The command line: give the words to a subcommand, say what went wrong, set the status.

Next to nothing is imported before `main` runs, so that Ctrl-C finds it at work.
"""

import gc
import os
import sys

EXIT_DONE = 0
EXIT_USAGE = 2
EXIT_ENGINE = 5
EXIT_INTERRUPTED = 130
EXIT_PIPE = 141
RARELY = 20_000, 20, 50
"""
How often Python looks for circles that nobody needs. The states of a world are frozen
values and hold none, so looking as often as usual costs a twentieth of a payment.
"""


def main(argv: "list[str] | None" = None) -> int:
    """Run the command. Returns the exit status."""
    gc.set_threshold(*RARELY)
    try:
        _mend_streams()
        from devnet.subcommands import run

        status = run(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()  # A full disk is met here, where it can be said.
        return status
    except SystemExit as end:
        if end.code is None:
            return EXIT_DONE
        return end.code if isinstance(end.code, int) else EXIT_USAGE
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output is gone; the interpreter must not complain at its end.
        _drop_output()
        return EXIT_PIPE
    except Exception as error:
        return _refused(error)


def _mend_streams() -> None:
    """
    A stream that is closed reads and writes nothing, and whatever file is opened next
    does not land in its place. What a stream cannot spell becomes a question mark.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")


def _drop_output() -> None:
    """What is still to be written to the standard output goes nowhere."""
    import contextlib

    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _refused(error: Exception) -> int:
    """One clear sentence, the next step and a status."""
    from devnet.commands.errors import exit_status
    from devnet.engine.errors import DevnetError

    if isinstance(error, DevnetError):
        _say(error.message, error.hint or "devnet --help says more")
        return exit_status(error)
    if isinstance(error, OSError):
        what = f"{error.filename}: " if error.filename else ""
        _say(
            f"{what}{(error.strerror or str(error)).lower()}",
            "is there room, and may it be read and written?",
        )
        _drop_output()
        return EXIT_USAGE
    return _bug(error)


def _bug(error: Exception) -> int:
    """Our own bugs say where they happened."""
    import traceback

    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{os.path.basename(frame.filename)}:{frame.lineno}"
    _say(
        f"a bug of the devnet: {type(error).__name__}: {error} ({place})",
        "DEVNET_TRACEBACK=1 shows more; please report it",
    )
    if os.environ.get("DEVNET_TRACEBACK"):
        traceback.print_exc()
    return EXIT_ENGINE


def _say(sentence: str, next_step: str) -> None:
    sys.stderr.write(f"devnet: {sentence}\n  {next_step}\n")


if __name__ == "__main__":
    sys.exit(main())
