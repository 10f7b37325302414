"""The four questions that tell a command from an event where its name does not."""

from typing import Literal, TextIO

import msgspec

from tense.rules.naming.forms import as_command, as_event
from tense.rules.naming.phrase import phrase_of
from tense.rules.naming.reading import read_name
from tense.rules.naming.words import split

Vote = Literal["command", "event", "query"]

UNANSWERED = 2
"""Exit status when the answers end, or three in a row are none of those offered."""

_TRIES = 3


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One answer to a question: how it reads, what it says for, and why."""

    text: str
    says: Vote
    why: str


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One question with its answers; the first is `a`."""

    text: str
    answers: tuple[Answer, ...]


QUESTIONS = (
    Question(
        text="Who needs to know?",
        answers=(
            Answer(
                text="one receiver, and I know which",
                says="command",
                why="A command has exactly one handler.",
            ),
            Answer(text="whoever wants to", says="event", why="An event has zero to many subscribers."),
        ),
    ),
    Question(
        text="Can it be refused?",
        answers=(
            Answer(text="yes, the receiver may say no", says="command", why="Only a command may be rejected."),
            Answer(text="no, it has happened", says="event", why="What has happened can only be ignored."),
        ),
    ),
    Question(
        text="What if nobody listens?",
        answers=(
            Answer(text="something is broken", says="command", why="A command that nobody handles is an error."),
            Answer(text="that is fine", says="event", why="An event is true whether anybody hears it or not."),
        ),
    ),
    Question(
        text="Do I ask or tell?",
        answers=(
            Answer(text="I ask for something to be done", says="command", why="To want an effect is to command."),
            Answer(text="I tell what happened", says="event", why="Whoever tells wants nothing back."),
            Answer(text="I ask to be told something", says="query", why="To ask for data changes nothing."),
        ),
    ),
)


def ask_about(name: str, source: TextIO, target: TextIO) -> int:
    """Put the four questions, show how each answer decides, and end with verdict, better name and code.

    Answers come from `source`, one on a line: a letter, or the beginning of the answer. Exit status 0, or 2
    where they end too early.
    """
    reading = read_name(name)
    target.write(f"{name} reads as {reading.kind}: {reading.why}\n\n")
    votes: list[Vote] = []
    for number, question in enumerate(QUESTIONS, 1):
        answer = _answered(number, question, source, target)
        if answer is None:
            target.write("\nNot all four questions were answered, so there is no verdict.\n")
            return UNANSWERED
        votes.append(answer.says)
        target.write(f"   {answer.says}: {answer.why}\n\n")
    target.write(verdict(name, votes))
    return 0


def _answered(number: int, question: Question, source: TextIO, target: TextIO) -> Answer | None:
    letters = "abc"[: len(question.answers)]
    target.write(f"{number}. {question.text}\n")
    offered = zip(letters, question.answers, strict=True)
    target.writelines(f"   {letter}) {answer.text}\n" for letter, answer in offered)
    for _ in range(_TRIES):
        target.write(f"   [{'/'.join(letters)}] ")
        target.flush()
        given = source.readline()
        if not given:
            return None
        if not source.isatty():
            target.write(given.strip() + "\n")
        found = _chosen(given.strip().lower(), question)
        if found is not None:
            return found
        target.write(f"   Please answer {' or '.join(letters)}.\n")
    return None


def _chosen(given: str, question: Question) -> Answer | None:
    for letter, answer in zip("abc", question.answers, strict=False):
        if given in {letter, letter + ")"} or (len(given) > 1 and answer.text.lower().startswith(given)):
            return answer
    return None


def verdict(name: str, votes: list[Vote]) -> str:
    """The end of the talk: what it is, what to call it, and the two lines that say so in code."""
    commands, events = votes.count("command"), votes.count("event")
    if votes[-1] == "query":
        return _query(name)
    if commands == events:
        return _both(name)
    kind: Vote = "command" if commands > events else "event"
    better = better_name(name, kind)
    doubt = "" if max(commands, events) == len(votes) else f" ({max(commands, events)} answers of {len(votes)})"
    named = f"Its name says so: {name}." if better == name else f"A better name: {better}."
    return f"It is {_article(kind)}{doubt}. {named}\n\n{code(better, kind)}"


def _query(name: str) -> str:
    return (
        f"It is a query: {name} asks and changes nothing, so it is no message.\n"
        "Read your own tables, keep a copy by subscribing, or ask over HTTP.\n\n"
        f"    async def {_snake(name)}(snapshot: Snapshot) -> ...:\n"
        '        return await snapshot.fetch("SELECT ...")\n'
    )


def _both(name: str) -> str:
    command, event = better_name(name, "command"), better_name(name, "event")
    return (
        "It is two messages: the answers are even, so it asks for something and tells something.\n"
        f"Ask with {command}, and tell with {event} once it is done.\n\n"
        f"    class {_pascal(command)}(Command, owner=contract): ...\n"
        f"    class {_pascal(event)}(Event, owner=contract): ...\n"
    )


def _article(kind: Vote) -> str:
    return "an event" if kind == "event" else f"a {kind}"


def better_name(name: str, kind: Vote) -> str:
    """The name in the mood of a kind: itself where it fits, turned, or with the commonest verb added."""
    turned = as_command(name) if kind == "command" else as_event(name)
    if turned is not None:
        return turned
    if read_name(name).kind == kind:
        return name
    mood, noun = phrase_of(name).mood, _pascal(name)
    if mood == "query":
        noun = "".join(piece[:1].upper() + piece[1:] for piece in split(name).pieces[1:]) or noun
    if kind == "event":
        return f"{noun}Received"
    return f"Mark{noun}" if mood == "state" else f"Request{noun}"


def code(name: str, kind: Vote) -> str:
    """The two lines that declare and say a message."""
    title = _pascal(name)
    if kind == "command":
        return f"    class {title}(Command, owner=contract): ...\n    await client.execute({title}(...))\n"
    return f"    class {title}(Event, owner=contract): ...\n    publish({title}(...))\n"


def _pascal(name: str) -> str:
    pieces = split(name).pieces
    return (
        "".join(piece[:1].upper() + (piece[1:].lower() if piece.isupper() else piece[1:]) for piece in pieces) or "It"
    )


def _snake(name: str) -> str:
    return "_".join(split(name).words) or "ask"
