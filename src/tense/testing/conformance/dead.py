"""Dead: what is given up is kept whole, stays listed, and comes back to where it was."""

from tense.errors import CommandExpired
from tense.messages.envelope import Envelope
from tense.messages.metadata import Metadata
from tense.messages.outcome import Failed
from tense.runtime.app import App
from tense.testing.conformance.bench import INBOX, NULL, Kit, refuses, soon, subscription
from tense.testing.conformance.property import proves
from tense.testing.conformance.settlement import BURIED, metadata_of
from tense.testing.conformance.words import Do, Failing, Hurry, doing, hearing
from tense.testing.harness import harness


class Dying:
    """Properties 29 to 34."""

    @proves()
    async def test_bytes_that_cannot_be_read_are_dead_at_once(self, kit: Kit) -> None:
        """29: an undecodable body is a dead letter after one attempt, with its bytes; the next is handled."""
        done: list[str] = []
        async with harness(App(doing(done)), store=kit.open(kit.place)) as h:
            metadata = Metadata(id="poison", kind="command", type="kit.Do")
            await soon(h.engine.store.accept(Envelope(metadata=metadata, body=b"\xff{", service="kit")))
            await h.client.send(Do(name="next"))
            await h.idle()

            (letter,) = await h.dead()
            assert (letter.id, letter.body, letter.attempts) == ("poison", b"\xff{", 1)
            assert done == ["next"]

    @proves("delayed")
    async def test_what_always_fails_is_not_tried_in_a_circle(self, kit: Kit) -> None:
        """30: without time passing there is one attempt; in the end there are as many as the policy says."""
        failing = Failing(bad=1000)
        async with harness(App(doing([], failing)), store=kit.open(kit.place)) as h:
            await h.client.send(Do(name="bad"))
            await h.idle()
            assert [attempt for _, attempt in failing.tried] == [1]
            for _ in range(20):
                await h.later(1)
            assert [attempt for _, attempt in failing.tried] == [1, 2, 3]

    @proves()
    async def test_a_dead_letter_has_everything_to_decide_what_next(self, kit: Kit) -> None:
        """31: body, headers, reason, error, attempts, times, and whose it was."""
        reader = subscription("reader")
        async with kit.bench(INBOX, reader) as bench:
            sent = [bench.command(b"\xff", key="k", headers={"a": "b"}), bench.event(b"\x00", key="k", tenant="t")]
            await bench.accept(*sent)
            began = kit.clock.now()
            kit.clock.advance(3)
            for consumer in (INBOX, reader):
                (delivery,) = await bench.claim(consumer)
                await bench.settle(delivery, BURIED)

            letters = await bench.store.dead()
            assert [(x.consumer, x.id, x.body) for x in letters] == [
                (consumer.name, envelope.metadata.id, envelope.body)
                for consumer, envelope in zip((INBOX, reader), sent, strict=True)
            ]
            for letter, envelope in zip(letters, sent, strict=True):
                assert metadata_of(letter.headers) == envelope.metadata
                assert (letter.reason, letter.error, letter.traceback) == ("gave up", BURIED.error, "line 1")
                assert (letter.attempts, letter.key, letter.type) == (1, "k", envelope.metadata.type)
                assert (letter.accepted, letter.died) == (began, began + 3)

    @proves("durable")
    async def test_to_die_is_one_step(self, kit: Kit) -> None:
        """32: at a SIGKILL right after a burial there is one dead letter and one outcome, and nothing comes again."""
        async with kit.bench() as bench:
            await bench.accept(bench.command())
            (delivery,) = await bench.claim()
            await bench.settle(delivery, BURIED)
            async with kit.after_crash() as after:
                assert len(await after.store.dead()) == 1
                assert await after.claim() == []
                standing = await soon(after.store.standing(delivery.metadata.id))
                assert standing is not None
                assert standing.outcome == Failed("gave up")

    @proves()
    async def test_what_is_put_back_goes_to_who_gave_it_up(self, kit: Kit) -> None:
        """33: to that consumer alone, with its id, attempts from one, and counted as put back."""
        one, two = subscription("one"), subscription("two")
        async with kit.bench(one, two) as bench:
            await bench.accept(bench.event(b"x"))
            (dying,) = await bench.claim(one)
            (fine,) = await bench.claim(two)
            await bench.settle(dying, BURIED)
            await bench.settle(fine)
            (letter,) = await bench.store.dead()
            assert await bench.store.redrive([letter.number], kit.clock.now()) == 1
            assert await bench.store.redrive([letter.number], kit.clock.now()) == 0

            (back,) = await bench.due(one)
            assert (back.metadata.id, back.attempt, back.redriven, back.body) == (dying.metadata.id, 1, 1, b"x")
            assert [*await bench.due(two), *await bench.claim(two)] == []
            assert list(await bench.store.dead()) == []

    @proves()
    async def test_a_command_put_back_may_end_anew(self, kit: Kit) -> None:
        """33, A14: a command that failed for good, put back, has the outcome of its second life."""
        async with kit.bench() as bench:
            await bench.accept(bench.command())
            (delivery,) = await bench.claim()
            await bench.settle(delivery, BURIED)
            (letter,) = await bench.store.dead("kit")
            await bench.store.redrive([letter.number], kit.clock.now())
            (back,) = await bench.due()
            await bench.settle(back, NULL)

            standing = await soon(bench.store.standing(delivery.metadata.id))
            assert standing is not None
            assert standing.outcome == NULL.outcome

    @proves("delayed")
    async def test_what_is_too_late_is_not_started(self, kit: Kit) -> None:
        """34: a command whose deadline passed while it waited is not handled, and its sender is told."""
        done: list[str] = []
        async with harness(App(doing(done)), store=kit.open(kit.place)) as h:
            metadata = Metadata(id="late", kind="command", type="kit.Hurry", deadline=h.clock.now() - 1)
            await soon(h.engine.store.accept(Envelope(metadata=metadata, body=b'{"name": "late"}', service="kit")))
            await h.client.send(Hurry(name="in time"))
            await h.idle()

            with refuses(CommandExpired):
                await h.client.ticket(Hurry, "late").result()
            assert done == ["in time"]

    @proves("delayed")
    async def test_a_subscriber_that_fails_keeps_its_failure_to_itself(self, kit: Kit) -> None:
        """29, 30: the event is dead for it alone, the command that published it is done once."""
        done: list[str] = []
        heard: list[str] = []
        app = App(doing(done), hearing(heard, Failing(bad=1000)))
        async with harness(app, store=kit.open(kit.place)) as h:
            await h.client.send(Do(name="bad", key="1"))
            await h.client.send(Do(name="good", key="2"))
            await h.idle()
            for _ in range(5):
                await h.later(1)

            assert (sorted(done), heard) == (["bad", "good"], ["good"])
            assert [letter.consumer for letter in await h.dead()] == ["audience<kit.key"]
