"""
Sets the devnet up and starts it, or its tests, in a fresh clone.

    python3 -m devnet.bootstrap run [ARGUMENTS OF devnet]
    python3 -m devnet.bootstrap test [ARGUMENTS OF pytest]

The first time it makes a virtual environment in `.venv` of the clone (or in the folder
that the variable BYSTACK_VENV names) and installs the package there with pip; later it
goes straight on. What pip is told by its own configuration counts. Nothing here needs
more than the standard library, and all of it can be read by Python 3.6, so that an old
Python is told so in a sentence.
"""

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

LEAST_PYTHON = (3, 11)
ROOT = Path(__file__).resolve().parent.parent
MARK = "bystack-devnet.json"
EXTRAS = {"run": "", "test": "dev"}
STARTS = {"run": ["-m", "devnet"], "test": ["-m", "pytest"]}
WHOLE_SUITE = ["-n", "auto", "--dist", "loadfile"]
"""With nothing else asked for, the tests use every core, a file at a time."""
LOG_LINES_SHOWN = 12
INTERRUPTED = 130
USAGE = "usage: python3 -m devnet.bootstrap run|test [arguments]"


class SetupError(Exception):
    """The environment cannot be made. The text says why and what to do."""


def main(arguments):
    """Set up what is missing, then become the devnet or its tests."""
    if not arguments or arguments[0] not in STARTS:
        say(USAGE)
        return 0 if arguments[:1] in (["-h"], ["--help"]) else 2
    what, rest = arguments[0], arguments[1:]
    try:
        check_python(sys.version_info, sys.executable, what)
        python = ready_python(what)
    except SetupError as error:
        say(str(error))
        return 2
    except KeyboardInterrupt:
        say("\nStopped. The next start sets up again from the beginning.")
        return INTERRUPTED
    if what == "test":
        os.chdir(str(ROOT))
        rest = rest or WHOLE_SUITE
    return become([str(python), *STARTS[what], *rest])


def check_python(version, executable, what):
    """Refuse a Python that is too old, with the name of a newer one that is here."""
    if tuple(version[:2]) >= LEAST_PYTHON:
        return
    wanted = ".".join(str(number) for number in LEAST_PYTHON)
    found = ".".join(str(number) for number in version[:3])
    names = (f"python3.{minor}" for minor in range(20, 10, -1))
    newer = next(filter(shutil.which, names), "")
    hint = "Install a newer one and use it for this command."
    if newer:
        hint = f"Use: {newer} -m devnet.bootstrap {what}"
    raise SetupError(
        f"The devnet needs Python {wanted} or newer; {executable} is {found}. {hint}"
    )


def ready_python(what):
    """The interpreter of an environment in which everything is installed."""
    folder = Path(os.environ.get("BYSTACK_VENV") or ROOT / ".venv").absolute()
    wanted = fingerprint()
    if is_ready(read_mark(folder), wanted, EXTRAS[what]):
        return python_in(folder)
    with one_at_a_time():
        # Another start may have done it while this one waited.
        mark = read_mark(folder)
        if not is_ready(mark, wanted, EXTRAS[what]):
            set_up(folder, mark, wanted, EXTRAS[what])
    return python_in(folder)


def fingerprint():
    """What an environment depends on; when any of it changes it is out of date."""
    return {
        "python": sys.version,
        "base": os.path.realpath(getattr(sys, "_base_executable", sys.executable)),
        "clone": str(ROOT),
        "pyproject": (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
    }


def is_ready(mark, wanted, extra):
    """Was the environment finished, for this Python and this clone as they are now?"""
    if mark is None or any(mark.get(name) != wanted[name] for name in wanted):
        return False
    return extra in ["", *mark.get("extras", [])]


def set_up(folder, mark, wanted, extra):
    """Make or renew the environment. Its mark is written last: no mark, no trust."""
    begin_folder(folder, mark, wanted)
    extras = sorted({extra, *(mark or {}).get("extras", [])} - {""})
    target = str(ROOT) + (f"[{','.join(extras)}]" if extras else "")
    say(f"Installing the devnet and what it needs into {folder} (once)")
    pip = [str(python_in(folder)), "-m", "pip", "--disable-pip-version-check"]
    install([*pip, "install", "--no-input", "--editable", target])
    write_mark(folder, dict(wanted, extras=extras))
    say("Ready.")


def begin_folder(folder, mark, wanted):
    """An environment to install into: a new one unless the one here still fits."""
    fits = mark is not None and python_in(folder).exists()
    for name in ("python", "base", "clone"):
        fits = fits and mark.get(name) == wanted[name]
    with os_errors(folder):
        if mark is None and folder.exists() and any(folder.iterdir()):
            raise SetupError(
                f"{folder} was made by something else and is left alone. Remove it, or "
                "name another folder in the variable BYSTACK_VENV."
            )
        if mark is not None and not fits:
            shutil.rmtree(str(folder))
        folder.mkdir(parents=True, exist_ok=True)
        # From here on the folder is ours, but not finished.
        kept = {name: wanted[name] for name in ("python", "base", "clone")}
        write_mark(folder, kept if fits else {})
    if not fits:
        say(f"Making a virtual environment in {folder}")
        make_venv(folder)


def make_venv(folder):
    """A virtual environment with pip in it."""
    try:
        import ensurepip  # noqa: F401  # Debian takes it out of its python3.
        import venv
    except ImportError:
        raise SetupError(
            f"This Python ({sys.executable}) cannot make virtual environments: its "
            "venv or ensurepip is missing. On Debian and Ubuntu: sudo apt install "
            "python3-venv. Then run the command again."
        ) from None
    try:
        with os_errors(folder):
            venv.create(str(folder), with_pip=True, symlinks=os.name != "nt")
    except subprocess.CalledProcessError as error:
        raise SetupError(
            f"A virtual environment could not be made in {folder}: {error}"
        ) from None


def install(command):
    """Run pip and show what it fetches; its whole answer only when it fails."""
    # A setting that sends packages elsewhere cannot mean this environment.
    settings = dict(os.environ, PIP_USER="0", PIP_REQUIRE_VIRTUALENV="0")
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        universal_newlines=True,
        env=settings,
    )
    lines = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            words = line.split()
            if words[:1] == ["Collecting"]:
                say("  fetching " + words[1])
            elif line.startswith("Installing collected packages"):
                say("  installing")
        status = process.wait()
    except BaseException:
        process.kill()
        process.wait()
        raise
    if status:
        say("\n".join(lines[-LOG_LINES_SHOWN:]))
        raise SetupError(
            f"pip could not install the devnet (status {status}); its last words are "
            "above. Look at the network and at pip's configuration, then run the "
            "command again."
        )


@contextmanager
def one_at_a_time():
    """Two starts in one clone set up one after the other."""
    try:
        import fcntl
    except ImportError:  # Windows: there the second one fails while installing.
        yield
        return
    # A file of the clone that is never written serves as the lock: nothing stays.
    with open(str(ROOT / "pyproject.toml"), "rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            say("Waiting for another start that sets up the same clone")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def os_errors(folder):
    """Say which folder the operating system refused, and why."""
    try:
        yield
    except OSError as error:
        raise SetupError(
            f"{folder} cannot be set up: {error.strerror or error}. Name another "
            "folder in the variable BYSTACK_VENV."
        ) from None


def read_mark(folder):
    """What was noted when the environment was made; None when it is not ours."""
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
    except OSError:
        return None
    except ValueError:
        return {}
    return mark if isinstance(mark, dict) else {}


def write_mark(folder, mark):
    """Note it whole or not at all."""
    temporary = folder / (MARK + ".tmp")
    temporary.write_text(json.dumps(mark), encoding="utf-8")
    os.replace(str(temporary), str(folder / MARK))


def python_in(folder):
    """Where a virtual environment has its interpreter."""
    if os.name == "nt":
        return folder / "Scripts" / "python.exe"
    return folder / "bin" / "python"


def become(command):
    """Run a command in the place of this one, terminal, signals and status included."""
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "nt":
        return subprocess.call(command)
    os.execv(command[0], command)
    return None


def say(text):
    """Progress is for people: stderr, at once."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
