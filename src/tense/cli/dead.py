"""`tense dead`: lists, shows, redrives and drops dead letters."""

import asyncio
import time
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import typer

from tense.cli import options
from tense.cli.asking import confirmed
from tense.cli.group import HELP
from tense.cli.mistake import MistakeError
from tense.cli.opened import opened
from tense.cli.paper import age, counted, paint, print_json, printable, table
from tense.cli.project import store_without_app
from tense.ports.records import DeadLetter
from tense.ports.store import Store

command = typer.Typer(
    help="List, show, redrive or drop dead letters.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings=HELP,
)

PAGE = 500

SHORT = 50
"""Characters of an error that fit into a table."""

Consumer = Annotated[
    str | None,
    typer.Option("--consumer", "-c", metavar="NAME", help="Of this service or subscription only, as `list` names it."),
]
Numbers = Annotated[list[int] | None, typer.Argument(metavar="[NUMBER]...", help="The numbers that `list` shows.")]
All = Annotated[bool, typer.Option("--all", help="All of them, or all of --consumer.")]


@command.command("list")
def list_dead(
    consumer: Consumer = None,
    limit: Annotated[int, typer.Option(min=1, help="Show at most so many.")] = 100,
    as_json: options.Json = False,
    store: options.Store = None,
    broker: options.Broker = None,
) -> None:
    """List dead letters in the order they died."""
    letters, more = asyncio.run(_page(store_without_app(store, broker), consumer, limit))
    if as_json:
        print_json([as_plain(letter) for letter in letters])
        return
    if not letters:
        print("no dead letters.")
        return
    now = time.time()
    rows = [
        (
            letter.number,
            letter.consumer,
            letter.type,
            letter.key or "-",
            letter.reason,
            letter.attempts,
            age(now - letter.died),
            printable(letter.error, SHORT),
        )
        for letter in letters
    ]
    print(table(("number", "consumer", "type", "key", "reason", "attempts", "died", "error"), rows, indent=""))
    if more:
        print(f"... and more: --limit {limit * 10}")


@command.command("show")
def show(
    number: Annotated[int, typer.Argument(metavar="NUMBER", help="The number that `list` shows.")],
    as_json: options.Json = False,
    store: options.Store = None,
    broker: options.Broker = None,
) -> None:
    """Show one dead letter whole: why, when, headers, body, traceback."""
    found = asyncio.run(_find(store_without_app(store, broker), [number], None))
    if not found:
        raise MistakeError(_missing([number]))
    if as_json:
        print_json(as_plain(found[0]))
    else:
        print(described(found[0]))


@command.command("redrive")
def redrive(
    numbers: Numbers = None,
    *,
    consumer: Consumer = None,
    everything: All = False,
    yes: options.Yes = False,
    as_json: options.Json = False,
    store: options.Store = None,
    broker: options.Broker = None,
) -> None:
    """Put dead letters back where they came from, attempts reset. A command whose deadline has passed expires."""
    _decide("redrive", numbers or [], consumer, everything=everything, yes=yes, as_json=as_json, where=(store, broker))


@command.command("drop")
def drop(
    numbers: Numbers = None,
    *,
    consumer: Consumer = None,
    everything: All = False,
    yes: options.Yes = False,
    as_json: options.Json = False,
    store: options.Store = None,
    broker: options.Broker = None,
) -> None:
    """Forget dead letters for good; what is held back behind them goes on."""
    _decide("drop", numbers or [], consumer, everything=everything, yes=yes, as_json=as_json, where=(store, broker))


SAID = {
    "redrive": ("put {what} back to be handled again", "put back: {count}."),
    "drop": ("forget {what} for good, and let go on what is held back behind", "dropped: {count}."),
}


def _decide(
    verb: str,
    numbers: Sequence[int],
    consumer: str | None,
    *,
    everything: bool,
    yes: bool,
    as_json: bool,
    where: tuple[str | None, str | None],
) -> None:
    if bool(numbers) == (everything or consumer is not None):
        text = f"say which: `tense dead {verb} 17 18`, or --consumer NAME, or --all."
        raise MistakeError(text)
    address = store_without_app(*where)
    found = asyncio.run(_find(address, numbers, consumer))
    if missing := sorted(set(numbers) - {letter.number for letter in found}):
        raise MistakeError(_missing(missing))
    question, done = SAID[verb]
    count = 0
    if found:
        if not confirmed(question.format(what=_summary(found)), yes=yes):
            raise MistakeError("nothing was done.")
        count = asyncio.run(_settle(address, verb, [letter.number for letter in found]))
    if as_json:
        print_json({verb: count})
    else:
        print(done.format(count=count) if found else "no dead letters.")


def _summary(letters: Sequence[DeadLetter]) -> str:
    return f"{counted(len(letters), 'dead letter')} of {', '.join(sorted({letter.consumer for letter in letters}))}"


def _missing(numbers: Sequence[int]) -> str:
    return f"there is no dead letter {', '.join(map(str, numbers))}. See: tense dead list"


def as_plain(letter: DeadLetter) -> dict[str, Any]:
    """A dead letter as JSON: headers and body as what they are, where they are that."""
    plain: dict[str, Any] = msgspec.structs.asdict(letter)
    plain["headers"] = _as_json(letter.headers)
    plain["body"] = _as_json(letter.body)
    return plain


def _as_json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return content.decode("utf-8", "backslashreplace")


def described(letter: DeadLetter) -> str:
    """A dead letter whole, for people."""
    now = time.time()
    facts = [
        ("message", f"{letter.type} {letter.id}"),
        ("kind", letter.kind),
        ("consumer", letter.consumer),
        ("key", letter.key or "-"),
        ("reason", letter.reason),
        ("error", letter.error),
        ("attempts", f"{letter.attempts}" + (f", redriven {letter.redriven} times" if letter.redriven else "")),
        ("accepted", f"{_moment(letter.accepted)} ({age(now - letter.accepted)} ago)"),
        ("died", f"{_moment(letter.died)} ({age(now - letter.died)} ago)"),
        ("holds back", f"{letter.holds_back}"),
        ("headers", _shown(letter.headers)),
        ("body", _shown(letter.body)),
    ]
    lines = [f"{paint(f'{name:<10}', 'dim')}  {printable(value)}" for name, value in facts]
    trace = "\n".join(printable(line) for line in letter.traceback.rstrip().splitlines())
    return "\n".join([paint(f"dead letter {letter.number}", "bold"), *lines, *(["", trace] if trace else [])])


def _shown(content: bytes) -> str:
    return content.decode("utf-8", "backslashreplace") or "-"


def _moment(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


async def _page(address: str, consumer: str | None, limit: int) -> tuple[list[DeadLetter], bool]:
    async with opened(address) as store:
        found = list(await store.dead(consumer, 0, limit + 1))
    return found[:limit], len(found) > limit


async def _find(address: str, numbers: Sequence[int], consumer: str | None) -> list[DeadLetter]:
    """The letters with these numbers, or all (of a consumer)."""
    async with opened(address) as store:
        return [letter for letter in await _all(store, consumer) if not numbers or letter.number in numbers]


async def _all(store: Store, consumer: str | None) -> list[DeadLetter]:
    found: list[DeadLetter] = []
    while page := await store.dead(consumer, found[-1].number if found else 0, PAGE):
        found += page
    return found


async def _settle(address: str, verb: str, numbers: Sequence[int]) -> int:
    async with opened(address) as store:
        count = 0
        for at in range(0, len(numbers), PAGE):
            some = numbers[at : at + PAGE]
            count += await (store.redrive(some, time.time()) if verb == "redrive" else store.drop(some))
        await store.settled()
        return count
