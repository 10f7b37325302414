"""The command line: finds the verb, runs it, and says in one message what went wrong."""

import os
import sys
import warnings
from collections.abc import Sequence
from typing import Any, TextIO

from tense.cli.verbs import VERBS, known_verbs, nearest
from tense.errors import TenseError

FAILED = 2
"""Exit status for words that mean nothing here and for whatever could not be done at all."""

INTERRUPTED = 130
"""Exit status after Ctrl-C: what a shell expects."""

COMPLETION = "_TENSE_COMPLETE"
"""Set by the shell's completion script when it asks what could follow."""


def run(words: Sequence[str]) -> int:
    """Run the command line; its exit status.

    0: done. 1: findings, or a command that did not succeed. 2: what was asked for could not be understood or done.
    """
    words, debug = _without_debug(words)
    warnings.showwarning = _show_warning
    try:
        return _run(words)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        return _unread()
    except SystemExit as left:
        # How completion ends, and how a reader that went away is told of from within a verb.
        return _unread() if isinstance(left.__context__, BrokenPipeError) else _status(left.code)
    except Exception as error:
        if debug:
            raise
        return _explain(error)


def _run(words: Sequence[str]) -> int:
    if COMPLETION in os.environ:
        return _typer(words)
    first = words[0] if words else "--help"
    if first in {"--help", "-h", "help"} and len(words) < 2:  # noqa: PLR2004 - the word alone
        print(help_text())
        return 0
    if first == "--version":
        print(f"tense {version()}")
        return 0
    if first == "help":
        return _run([*words[1:], "--help"])
    if first in known_verbs() or first.partition("=")[0] in {"--install-completion", "--show-completion"}:
        return _typer(words)
    what = "option" if first.startswith("-") else "verb"
    known = [*known_verbs()] if what == "verb" else ["--help", "--version", "--debug", "--install-completion"]
    guess = nearest(first, known)
    hint = f"Did you mean: tense {' '.join([guess, *words[1:]])}" if guess else "See: tense --help"
    print(f"tense: there is no {what} {first!r}. {hint}", file=sys.stderr)
    return FAILED


def help_text() -> str:
    """What `tense --help` prints: made without importing any verb, nor what they are made with."""
    width = max(map(len, known_verbs()))
    lines = [f"  {name:<{width}}  {VERBS[name].help}" for name in known_verbs()]
    return "\n".join(
        [
            "Usage: tense VERB [WORDS]",
            "",
            "Commands are imperative. Events are past tense.",
            "",
            *lines,
            "",
            "  tense VERB --help       what a verb takes",
            "  --debug                 with any verb: show tracebacks",
            "  --version               which Tense this is",
            "  --install-completion    complete verbs and options in this shell",
            "",
            "APP is MODULE:APP, or app = under [tool.tense] in pyproject.toml.",
            "The store is --store, TENSE_STORE, store = under [tool.tense], the app's own, or sqlite:///tense.db.",
            "With --broker, TENSE_BROKER or broker = messages travel there, and the store keeps state and outbox.",
            "Exit status: 0 done, 1 findings or failures, 2 not understood or not possible.",
        ]
    )


def version() -> str:
    """The installed version."""
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("tense")
    except PackageNotFoundError:
        return "0+unknown"


def _without_debug(words: Sequence[str]) -> tuple[list[str], bool]:
    end = words.index("--") if "--" in words else len(words)
    kept = [word for word in words[:end] if word != "--debug"]
    return [*kept, *words[end:]], len(kept) < end


def _typer(words: Sequence[str]) -> int:
    from tense.cli.group import typer_command

    status: Any = typer_command().main(list(words), prog_name="tense", standalone_mode=False)
    sys.stdout.flush()
    return _status(status)


def _explain(error: Exception) -> int:
    # Usage errors know how to show themselves; their class has moved between versions, so they are asked, not named.
    if callable(show := getattr(error, "show", None)) and isinstance(status := getattr(error, "exit_code", None), int):
        show()
        return status
    if type(error).__name__ == "Abort":
        print("tense: nothing was done.", file=sys.stderr)
        return FAILED
    if isinstance(error, TenseError):
        text = str(error)
    else:
        text = f"{type(error).__name__}: {error}\nThis was not expected. Run it again with --debug to see where."
    print(f"tense: {text}", file=sys.stderr)
    return FAILED


def _unread() -> int:
    """The reader (`| head`) has what it wanted; what is still buffered must not fail at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    return 0


def _status(code: object) -> int:
    return code if isinstance(code, int) else 0 if code is None else FAILED


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    del category, filename, lineno, line
    print(f"warning: {message}", file=file or sys.stderr)
