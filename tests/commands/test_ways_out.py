"""What reviewers broke: pins on lost branches, and silence of those without a seat."""

from __future__ import annotations

from tests.commands.sessions import make_session, run

LOST = """
start --seed 42 --sidechains alpha:poa --depth 2
d = lock alice 250 BTM alpha
wait $d.stage == claimed
w = withdraw alice 30 BTM alpha --to carol
wait $w.stage == pay
mine 1
fault deep-reorg
refuses world.invariant-broken wait main.height == 0
resume
mine 5
write-off alpha
wait fed.alpha.frozen == false
c = lock carol 500 BTM alpha
wait $c.stage == claimed
wait $w.stage == settled --within 60blocks
""".strip().splitlines()


def test_a_withdrawal_whose_pin_went_with_a_branch_is_paid_after_the_write_off():
    session = make_session()

    assert set(run(session, *LOST)) == {"ok"}

    assert session.execute("withdrawals w1").result["state"] == "completed"
    books = session.network.balance_sheet("alpha", from_scratch=True)
    assert books.ok and books.rows[0].sums.leaving == 0
    session.close()


def test_silence_falls_on_members_who_have_a_seat():
    session = make_session()
    codes = run(
        session,
        "start --seed 5 --sidechains alpha:poa --depth 2 --federation-blocks 1000",
        "b = lock alice 500 BTM alpha",
        "c = lock bob 500 BTM alpha",
        "wait $c.stage == claimed",
        "wait $b.stage == claimed",
        "member register alpha bob --bond 100",
        "wait bob.alpha.BTM == 399",
        "fault members-offline --value 2",
        "w = withdraw alice 30 BTM alpha --to carol",
        "mine 10",
        "expect $w.stage == sign",
        "mend all",
        "wait $w.stage == settled",
    )

    assert set(codes) == {"ok"}
    session.close()


def test_nobody_is_paid_by_an_empty_name():
    session = make_session()
    run(session, "d = lock alice 5 BTM alpha", "wait $d.stage == claimed")

    refused = session.execute('withdraw alice 2 BTM alpha --to ""')
    session.close()

    assert refused.error is not None and refused.error.code == "usage.bad-argument"
