"""Setting up a fresh clone: what is trusted, what is renewed, what is said."""

import sys

import pytest

from devnet import bootstrap


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The place of the environment, with venv and pip replaced by notes."""
    folder = tmp_path / "venv"
    monkeypatch.setenv("BYSTACK_VENV", str(folder))
    monkeypatch.setattr(bootstrap, "make_venv", make_pretended_venv)
    monkeypatch.setattr(bootstrap, "install", lambda command: done.append(command[-1]))
    done.clear()
    return folder


done: list[str] = []


def make_pretended_venv(folder):
    done.append("venv")
    python = bootstrap.python_in(folder)
    python.parent.mkdir(parents=True)
    python.touch()


def test_the_first_start_installs_and_the_second_does_not(folder):
    python = bootstrap.ready_python("run")
    first = list(done)
    again = bootstrap.ready_python("run")

    assert first == done == ["venv", str(bootstrap.ROOT)]
    assert python == again == bootstrap.python_in(folder)


def test_the_tests_add_their_tools_and_keep_them(folder):
    for what in ("run", "test", "run"):
        bootstrap.ready_python(what)

    assert done == ["venv", str(bootstrap.ROOT), f"{bootstrap.ROOT}[dev]"]


def test_changed_dependencies_are_installed_into_the_same_environment(
    folder, monkeypatch
):
    bootstrap.ready_python("test")
    changed = {**bootstrap.fingerprint(), "pyproject": "another"}
    monkeypatch.setattr(bootstrap, "fingerprint", lambda: changed)
    done.clear()
    bootstrap.ready_python("run")

    assert done == [f"{bootstrap.ROOT}[dev]"]


@pytest.mark.parametrize("what", ["python", "base", "clone"])
def test_another_python_or_place_gets_a_new_environment(folder, monkeypatch, what):
    bootstrap.ready_python("run")
    (folder / "old").touch()
    changed = {**bootstrap.fingerprint(), what: "another"}
    monkeypatch.setattr(bootstrap, "fingerprint", lambda: changed)
    done.clear()
    bootstrap.ready_python("run")

    assert done == ["venv", str(bootstrap.ROOT)]
    assert not (folder / "old").exists()


@pytest.mark.parametrize("place", ["make_venv", "install"])
def test_what_ctrl_c_left_half_made_is_made_anew(folder, monkeypatch, capsys, place):
    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as stopped:
        stopped.setattr(bootstrap, place, interrupted)
        assert bootstrap.main(["run"]) == bootstrap.INTERRUPTED
    assert "Stopped." in capsys.readouterr().err
    done.clear()
    bootstrap.ready_python("run")

    assert done == ["venv", str(bootstrap.ROOT)]


def test_an_environment_of_somebody_else_is_left_alone(folder, capsys):
    folder.mkdir()
    (folder / "theirs").touch()

    assert bootstrap.main(["run"]) == 2
    assert "made by something else" in capsys.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["theirs"]


def test_a_failing_pip_is_said_in_a_sentence_behind_its_own_last_words(capsys):
    words = (
        "print('Collecting numpy>=1.26'); print('no such host'); raise SystemExit(3)"
    )

    with pytest.raises(bootstrap.SetupError, match=r"status 3.*network"):
        bootstrap.install([sys.executable, "-c", words])
    said = capsys.readouterr().err
    assert "fetching numpy>=1.26" in said and "no such host" in said


def test_a_python_without_ensurepip_is_told_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)

    with pytest.raises(bootstrap.SetupError, match="python3-venv"):
        bootstrap.make_venv(tmp_path / "venv")
    assert not (tmp_path / "venv").exists()


def test_an_old_python_is_told_which_one_is_wanted_and_which_is_here(monkeypatch):
    monkeypatch.setattr(
        bootstrap.shutil, "which", lambda name: name if name == "python3.12" else None
    )
    with pytest.raises(bootstrap.SetupError) as caught:
        bootstrap.check_python((3, 9, 18), "/usr/bin/python3", "run")

    assert str(caught.value) == (
        "The devnet needs Python 3.11 or newer; /usr/bin/python3 is 3.9.18."
        " Use: python3.12 -m devnet.bootstrap run"
    )
    bootstrap.check_python((3, 11, 0), "/usr/bin/python3", "run")


def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / "file").touch()
    monkeypatch.setenv("BYSTACK_VENV", str(tmp_path / "file" / "venv"))

    assert bootstrap.main(["test"]) == 2
    assert "BYSTACK_VENV" in capsys.readouterr().err


def test_the_rest_of_the_line_goes_to_what_is_started(folder, monkeypatch):
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr(bootstrap, "become", lambda command: command)
    python = str(bootstrap.python_in(folder))

    started = bootstrap.main(["run", "--seed", "7"])
    tested = bootstrap.main(["test", "-x"])
    whole = bootstrap.main(["test"])

    assert started == [python, "-m", "devnet", "--seed", "7"]
    assert tested == [python, "-m", "pytest", "-x"]
    assert whole == [python, "-m", "pytest", "-n", "auto", "--dist", "loadfile"]


@pytest.mark.parametrize(("words", "status"), [([], 2), (["fly"], 2), (["--help"], 0)])
def test_other_words_get_the_usage(words, status, capsys):
    assert bootstrap.main(words) == status
    assert "run|test" in capsys.readouterr().err
