"""`tense graph`: draw any topology that `tense check` can read."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer

from tense.cli.progress import shown_progress
from tense.cli.targets import topology_of
from tense.lint.refusal import UnusableInputError
from tense.rules.meaning.finding import Finding
from tense.rules.meaning.graph import Topology
from tense.topology.read import is_unreadable
from tense.topology.render.dot import dot
from tense.topology.render.html import html
from tense.topology.render.mermaid import mermaid
from tense.topology.render.picture import Mark, picture
from tense.topology.render.svg import svg

FORMATS: dict[str, Callable[[Topology, Sequence[Mark]], str]] = {
    "mermaid": lambda topology, marks: mermaid(picture(topology, marks)),
    "dot": lambda topology, marks: dot(picture(topology, marks)),
    "svg": lambda topology, marks: svg(picture(topology, marks)),
    "html": html,
}


def drawn(targets: Sequence[str], *, form: str = "mermaid", findings: bool = True) -> tuple[str, tuple[str, ...]]:
    """Return the picture as text, and remarks about what could not be read.

    Raises:
        UnusableInputError: nothing could be read, or there is no such format.
    """
    if form not in FORMATS:
        raise UnusableInputError(f"there is no format {form!r}.", mend=f"Known are {', '.join(FORMATS)}.")
    topology = read_or_refuse(targets)
    marks = marks_of(topology) if findings else ()
    remarks = [_remark(topology, number) for number in range(len(topology.problems))]
    return FORMATS[form](topology, marks), tuple(remarks)


def read_or_refuse(targets: Sequence[str]) -> Topology:
    """Return the topology of the targets.

    Raises:
        UnusableInputError: nothing in them could be read.
    """
    with shown_progress() as step:
        topology = topology_of(list(targets) or ["."], step=step)
    if is_unreadable(topology):
        first = next(problem for problem in topology.problems if problem.fatal)
        where = first.place
        shown = f"{where.file}{f':{where.line}' if where.line else ''}" if where else ""
        raise UnusableInputError(first.text, where=shown)
    return topology


def marks_of(topology: Topology) -> tuple[Mark, ...]:
    """Return what `tense check` finds, as marks of a picture."""
    from tense.lint.run import judge

    names = {message.name for message in topology.messages}
    services = {service.name for service in topology.services}
    return tuple(_mark(one, names, services) for one in judge(topology).findings)


def _mark(finding: Finding, messages: set[str], services: set[str]) -> Mark:
    subject = finding.subject
    service = finding.service or (subject if subject in services else None)
    return Mark(
        rule=finding.rule,
        severity=finding.severity,
        text=finding.text,
        message=subject if subject in messages else None,
        service=service,
    )


def _remark(topology: Topology, number: int) -> str:
    problem = topology.problems[number]
    place = problem.place
    where = f"{place.file}{f':{place.line}' if place.line else ''}: " if place else ""
    return where + problem.text


def graph(
    targets: Annotated[
        list[str] | None, typer.Argument(help="Apps (module:app), folders, Python files, AsyncAPI documents.")
    ] = None,
    form: Annotated[str, typer.Option("--format", "-f", help="mermaid, dot, svg or html.")] = "mermaid",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file.")] = None,
    findings: Annotated[bool, typer.Option(help="Show in red what `tense check` finds.")] = True,
) -> None:
    """Draw who sends, publishes, handles and hears what: exit 0 drawn, 2 unusable input."""
    chosen = form
    if output is not None and form == "mermaid" and output.suffix.lstrip(".") in FORMATS:
        chosen = output.suffix.lstrip(".")
    try:
        text, remarks = drawn(targets or [], form=chosen, findings=findings)
        if output is not None:
            output.write_text(text, encoding="utf-8")
    except (UnusableInputError, OSError) as error:
        print(f"tense graph: {error}", file=sys.stderr)
        raise typer.Exit(2) from None
    if output is None:
        print(text, end="")
    if remarks:
        print(f"{len(remarks)} remarks on reading; `tense check` lists them. First: {remarks[0]}", file=sys.stderr)


command = graph
"""What `tense graph` runs."""
