"""Options of a world: the line, the file, the header of a recording."""

from __future__ import annotations

import pytest

from devnet.commands.errors import BadArgument, BadConfig
from devnet.commands.options import (
    SideOptions,
    WorldOptions,
    options_from_dict,
    parse_sidechains,
    read_config,
)


def test_sidechains_are_read_with_and_without_a_store():
    assert parse_sidechains("alpha:poa,beta:solo:sqlite") == (
        SideOptions("alpha", "poa", "memory"),
        SideOptions("beta", "solo", "sqlite"),
    )
    assert parse_sidechains("none") == ()


@pytest.mark.parametrize(
    "text",
    ["alpha", "alpha:", ":poa", "a:b:c:d", "1x:poa", "main:poa", "fed:poa", "a b:c"],
)
def test_a_sidechain_of_another_form_is_refused(text):
    with pytest.raises(BadArgument):
        parse_sidechains(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"profile": "slow"},
        {"seed": -1},
        {"depth": 0},
        {"relay_fee_ppm": 1_000_000},
        {"sidechains": parse_sidechains("alpha:poa,alpha:solo")},
    ],
)
def test_a_value_out_of_range_is_refused(changes):
    with pytest.raises(BadArgument):
        WorldOptions().with_changes(**changes)


def test_options_survive_the_header_of_a_recording():
    options = WorldOptions(
        seed=7, sidechains=(SideOptions("a", "poa", params={"slot_ms": 1}),), depth=3
    )

    assert options_from_dict(options.as_dict()) == options


def test_a_config_file_may_have_tables(tmp_path):
    path = tmp_path / "world.toml"
    path.write_text(
        'seed = 7\nspeed = "x4"\n'
        '[[sidechains]]\nname = "alpha"\nengine = "poa"\nvalidators = 7\n'
        "params = { slot_ms = 400 }\n"
    )

    found = read_config(str(path))

    assert found.speed == "x4"
    assert found.world.seed == 7
    assert found.world.sidechains == (
        SideOptions("alpha", "poa", "memory", 7, {"slot_ms": 400}),
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seed = ", "is not TOML"),
        ("sed = 3", "did you mean seed"),
        ('seed = "x"', "must be a whole number"),
        ("seed = true", "must be a whole number"),
        ("depth = 0", "depth is 0"),
        ("sidechains = 3", "sidechains must be"),
        ('[[sidechains]]\nname = "a"\nengin = "poa"', "did you mean engine"),
        ('[[sidechains]]\nname = "a"', "does not describe a sidechain"),
        ("\x00", "is not TOML"),
        ('speed = "fast"', "x0.5"),
        ('[[sidechains]]\nname = "a"\nengine = "poa"\nparams = {x = "y"}', "whole"),
    ],
)
def test_a_bad_config_file_gets_one_sentence(tmp_path, text, says):
    path = tmp_path / "bad.toml"
    path.write_text(text)

    with pytest.raises(BadConfig) as refused:
        read_config(str(path))

    assert says in f"{refused.value.message} {refused.value.hint}"
    assert "\n" not in refused.value.message


def test_a_missing_config_file_is_named(tmp_path):
    with pytest.raises(BadConfig, match=r"nowhere\.toml"):
        read_config(str(tmp_path / "nowhere.toml"))
