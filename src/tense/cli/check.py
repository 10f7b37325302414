"""`tense check`: judge a topology and print what is wrong with it, and what could not be judged."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from tense.lint import github, jsonout, sarif, text
from tense.lint.config import Config, checked, find, load
from tense.lint.explain import explain
from tense.lint.refusal import UnusableInputError
from tense.lint.run import Report, judge, with_baseline
from tense.rules.meaning.graph import Topology

FORMATS: dict[str, Callable[[Report], str]] = {
    "text": text.render,
    "json": jsonout.render,
    "sarif": sarif.render,
    "github": github.render,
}


def report_on(targets: Sequence[str], config: Config, against: Sequence[str] = ()) -> Report:
    """Read the targets and judge them, where `against` is given beside the last release it names.

    UnusableInputError where nothing in them could be read.
    """
    topology = _readable(targets)
    if against:
        from tense.topology.released import with_released

        topology = with_released(topology, _readable(against))
    return judge(topology, config)


def _readable(targets: Sequence[str]) -> Topology:
    topology = _read(targets)
    fatal = [problem for problem in topology.problems if problem.fatal]
    if fatal and not topology.messages and not topology.services:
        first = fatal[0]
        rest = f" ({len(fatal) - 1} more could not be read either)" if len(fatal) > 1 else ""
        raise UnusableInputError(first.text + rest, where=text.shown(first.place) if first.place else "")
    return topology


def _read(targets: Sequence[str]) -> Topology:
    from tense.cli.progress import shown_progress
    from tense.cli.targets import topology_of

    with shown_progress() as step:
        return topology_of(targets, step=step)


def _own() -> list[str]:
    """What is checked when nothing is named: the project's app, else the folder one stands in."""
    from tense.cli.project import nearest_project
    from tense.errors import TenseError

    try:
        project = nearest_project(Path.cwd())
    except TenseError as error:
        raise UnusableInputError(" ".join(str(error).split())) from error
    if project.app is None:
        return ["."]
    if str(project.folder) not in sys.path:
        sys.path.insert(0, str(project.folder))
    return [project.app]


def configured(path: Path | None, select: Sequence[str], ignore: Sequence[str]) -> Config:
    """The project's settings, with what the command line selects and ignores."""
    if path is not None and not path.is_file():
        raise UnusableInputError("does not exist", where=str(path))
    config = load(path) if path else find(Path.cwd())
    chosen = tuple(one for given in select for one in given.replace(",", " ").split())
    left_out = tuple(one for given in ignore for one in given.replace(",", " ").split())
    if chosen:
        config = replace(config, select=chosen)
    return checked(replace(config, ignore=(*config.ignore, *left_out)), where="command line")


def run(
    targets: Sequence[str],
    *,
    config: Config,
    form: str = "text",
    baseline: Path | None = None,
    against: Sequence[str] = (),
) -> tuple[int, str, str]:
    """Judge and print: exit status, text for standard output, and a remark for standard error."""
    if form not in FORMATS:
        raise UnusableInputError(f"there is no format {form!r}.", mend=f"Known are {', '.join(FORMATS)}.")
    report = report_on(targets or _own(), config, against)
    remark = ""
    kept = baseline or (Path(config.baseline) if config.baseline else None)
    if kept is not None:
        report, written = with_baseline(report, kept)
        remark = f"{kept} was written with {report.known} findings; from now on only new ones fail." if written else ""
    return report.status(), FORMATS[form](report), remark


def check(  # each is one option of the command line
    targets: Annotated[
        list[str] | None, typer.Argument(help="Apps (module:app), folders, Python files, AsyncAPI documents.")
    ] = None,
    select: Annotated[
        list[str] | None, typer.Option(help="Judge only these rules: ids, families (N, G, S) or ALL.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Leave these rules out.")] = None,
    baseline: Annotated[
        Path | None, typer.Option(help="Only findings that are not in this file fail; written if missing.")
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(help="The last release, read in the same ways; what it promised must still hold (S15, S02)."),
    ] = None,
    form: Annotated[str, typer.Option("--format", help="text, json, sarif or github.")] = "text",
    config: Annotated[
        Path | None, typer.Option(help="Settings from this file instead of the nearest pyproject.toml.")
    ] = None,
    explain_: Annotated[str | None, typer.Option("--explain", metavar="RULE", help="Print what a rule means.")] = None,
) -> None:
    """Say where commands and events are mixed up: exit 0 nothing, 1 findings, 2 unusable input."""
    try:
        if explain_ is not None:
            print(explain(explain_), end="")
            return
        status, out, remark = run(
            targets or [],
            config=configured(config, select or [], ignore or []),
            form=form,
            baseline=baseline,
            against=against or (),
        )
    except UnusableInputError as error:
        print(f"tense check: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    print(out, end="")
    if remark:
        print(remark, file=sys.stderr)
    raise typer.Exit(status)


command = check
"""What `tense check` runs."""
