"""The pytest fixture: a new devnet for each test."""

from __future__ import annotations

import pytest

from tests.library.test_library import EXAMPLES

pytest_plugins = ["pytester"]


@pytest.fixture
def outcome_of(pytester):
    """Runs a test file in a pytest of its own, with the plug-in."""

    def run(text, ini="", *words):
        pytester.makeini(f"[pytest]\n{ini}")
        pytester.makepyfile(text)
        return pytester.runpytest_inprocess(
            "-p", "devnet.pytest_plugin", "-p", "no:cacheprovider", "-p", "no:xdist",
            "-p", "no:schemathesis", *words,
        )  # fmt: skip

    return run


def test_what_a_test_does_is_undone_for_the_next_one(outcome_of):
    found = outcome_of(
        """
        import pytest

        @pytest.mark.parametrize("number", range(5))
        def test_a_deposit(devnet, number):
            assert devnet.show("main").height == 112 and devnet.now_ms == 0
            assert devnet.balance("alice", "alpha", "BTM").units == 0
            deposit = devnet.lock("alice", 1 + number, "BTM", "alpha")
            assert deposit.id == "d1"
            devnet.wait(deposit)
            assert devnet.balance("alice", "alpha", "BTM").units == (1 + number) * 10**8
        """
    )
    found.assert_outcomes(passed=5)


def test_a_test_that_fails_or_breaks_the_world_harms_no_other(outcome_of):
    found = outcome_of(
        """
        def test_fails(devnet):
            devnet.execute("d = lock alice 5 BTM alpha; wait $d.stage == claimed")
            devnet.reorg(6)
            devnet.mine(3)

        def test_breaks(devnet):
            devnet.pause()
            devnet.session.network.world = None

        def test_goes_on(devnet):
            assert devnet.mine(1).height == 113
        """
    )
    found.assert_outcomes(passed=2, failed=1)
    found.stdout.fnmatch_lines("*InvariantAlarm*")


def test_markers_and_the_ini_file_say_which_world(outcome_of):
    found = outcome_of(
        """
        import pytest

        pytestmark = pytest.mark.devnet(depth=3)

        def test_the_files(devnet):
            assert devnet.devnet_info().seed == 9
            assert devnet.show("main").depth == 3

        @pytest.mark.devnet(sidechains="beta:solo,gamma:poa", depth=2)
        def test_its_own(devnet):
            names = [one.name for one in devnet.devnet_info().sidechains]
            assert names == ["beta", "gamma"] and devnet.show("main").depth == 2

        @pytest.mark.devnet(sidechains="none")
        class TestOfAClass:
            def test_none(self, devnet):
                assert devnet.devnet_info().sidechains == []
        """,
        "devnet_seed = 9",
        "--strict-markers",
    )
    found.assert_outcomes(passed=3)


def test_a_world_is_made_once_for_all_who_want_one_like_it(outcome_of):
    found = outcome_of(
        """
        import pytest
        from devnet.pytest_plugin import MOST_WORLDS

        seen = []

        @pytest.mark.parametrize("number", range(3))
        def test_the_same(devnet, number):
            seen.append(id(devnet.network))
            assert len(set(seen)) == 1

        @pytest.mark.parametrize("seed", range(MOST_WORLDS + 2))
        def test_many(request, devnet_worlds, seed):
            devnet_worlds.take({"seed": seed, "sidechains": "none", "work": "instant"})
            assert len(devnet_worlds._held) <= MOST_WORLDS
        """
    )
    found.assert_outcomes(passed=13)


def test_the_fixture_can_be_served_over_http(outcome_of):
    found = outcome_of(
        """
        import urllib.request

        def test_http(devnet):
            url = devnet.http().url
            assert b"113" not in urllib.request.urlopen(url + "/get-block-count").read()

        def test_http_again(devnet):
            url = devnet.http(speed=0).url
            assert b"112" in urllib.request.urlopen(url + "/get-block-count").read()
        """
    )
    found.assert_outcomes(passed=2)


def test_the_tests_of_the_page_pass(outcome_of):
    texts = [text for text in EXAMPLES if "def test_" in text]
    assert texts

    found = outcome_of("\n\n".join(texts))

    found.assert_outcomes(passed="\n".join(texts).count("def test_"))
