"""`tense doctor`: looks for trouble and says what to do about it."""

import asyncio
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import msgspec
import typer

from tense.cli import options
from tense.cli.opened import opened
from tense.cli.paper import age, counted, paint, print_json, printable
from tense.cli.project import APP_MISSING, chosen_address, imported_app, nearest_project
from tense.errors import TenseError
from tense.ports.records import Instance, Lag

if TYPE_CHECKING:
    from tense.runtime.app import App

State = Literal["fine", "note", "trouble"]

LATE = 60.0
"""Seconds that the oldest message may wait while its service runs before it is called trouble."""

SKEW = 5.0
"""Seconds that clocks may differ."""

SIGNS: Mapping[State, tuple[str, str]] = {
    "fine": ("ok", "green"),
    "note": ("note", "yellow"),
    "trouble": ("BAD", "red"),
}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at, how it is, and what to do."""

    about: str
    state: State
    text: str
    mend: str = ""


def command(
    app: options.App = None,
    *,
    as_json: options.Json = False,
    store: options.Store = None,
    broker: options.Broker = None,
    app_dir: options.AppDir = None,
) -> None:
    """Look for trouble: configuration, schema, lag, stuck leases, clock. Exit status 1 if there is any."""
    findings = examined(app, store, app_dir, broker)
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            print(line(finding))
    raise typer.Exit(1 if any(finding.state == "trouble" for finding in findings) else 0)


def examined(app: str | None, store: str | None, app_dir: Path | None, broker: str | None = None) -> list[Finding]:
    """Everything that was looked at, in the order in which one thing needs another."""
    findings, found = configuration(app, app_dir)
    try:
        address = chosen_address(store, found, broker)
        findings += asyncio.run(_store_findings(address, found))
    except TenseError as error:
        findings.append(Finding(about="store", state="trouble", text=str(error)))
    return findings


def line(finding: Finding) -> str:
    """A finding for people."""
    sign, style = SIGNS[finding.state]
    mend = f"\n                  {printable(finding.mend)}" if finding.mend else ""
    return f"{paint(f'{sign:<4}', style)}  {finding.about:<12}{finding.text}{mend}"


def configuration(target: str | None, app_dir: Path | None) -> tuple[list[Finding], "App | None"]:
    """Whether the settings can be read and the app imports."""
    version = ".".join(map(str, sys.version_info[:3]))
    findings = [Finding(about="python", state="fine", text=f"{version} at {sys.executable}")]
    try:
        project = nearest_project(Path.cwd())
        place = str(project.file) if project.file else "no pyproject.toml with [tool.tense]; all is said in words"
        findings.append(Finding(about="settings", state="fine", text=place))
        target = target or project.app
        if target is None:
            findings.append(Finding(about="app", state="note", text="none named", mend=APP_MISSING.partition("\n")[0]))
            return findings, None
        app = imported_app(target, app_dir or project.folder)
    except TenseError as error:
        findings.append(Finding(about="app", state="trouble", text=str(error)))
        return findings, None
    services = ", ".join(app.registry.services)
    findings.append(Finding(about="app", state="fine", text=f"{target} with the services {services}"))
    return findings, app


async def _store_findings(address: str, app: "App | None") -> list[Finding]:
    async with opened(address) as store:
        described = await store.describe()
        instances, lags = await store.instances(), await store.lags()
    schema = described.get("schema", "of this Tense")
    findings = [Finding(about="schema", state="fine", text=f"{address}, schema {schema}")]
    findings += [
        Finding(about="durability", state="trouble", text=f"{name} is off: a crash may lose what was accepted")
        for name in ("synchronous_commit", "fsync")
        if described.get(name) == "off"
    ]
    for holder in filter(None, (described.get("held up by"), described.get("state held up by"))):
        text = "events wait for a transaction that is open"
        findings.append(Finding(about="lag", state="trouble", text=text, mend=f"See what it does: {holder}"))
    for name in ("synchronous", "state synchronous"):
        if (found := described.get(name, "FULL")) not in {"FULL", "EXTRA"}:
            text = f"{name} is {found}: a power cut may lose what was accepted"
            findings.append(Finding(about="durability", state="trouble", text=text))
    now = time.time()
    living = [instance for instance in instances if instance.until > now]
    findings += running(living, app)
    findings += lagging(lags, living, now)
    findings += leases(lags, living, instances)
    findings += clocks(living, now, _written(address))
    return findings


def running(living: Sequence[Instance], app: "App | None") -> Iterable[Finding]:
    """Which of the app's services run, and that all of one kind agree on its words."""
    if app is None:
        return
    runs = {service for instance in living for service in instance.services}
    for name in app.registry.services:
        others = [instance for instance in living if name in instance.services]
        ours = app.registry.contract_hash(name)
        if stale := [instance.pid for instance in others if instance.hashes.get(name, ours) != ours]:
            text = f"process {', '.join(map(str, stale))} runs {name} with other words than this code"
            yield Finding(
                about="services", state="note", text=text, mend="Restart it, unless it is a deploy under way."
            )
    if missing := sorted(set(app.registry.services) - runs):
        line = app.run_line(missing[0])
        yield Finding(about="services", state="note", text=f"nobody runs {', '.join(missing)}", mend=f"Run: {line}")
    else:
        yield Finding(
            about="services", state="fine", text=f"all run, in {counted(len(living), 'process', 'processes')}"
        )


def lagging(lags: Sequence[Lag], living: Sequence[Instance], now: float) -> Iterable[Finding]:
    """What waits too long though somebody runs it, and what is dead."""
    runs = {consumer for instance in living for consumer in instance.consumers}
    calm = True
    for lag in lags:
        late = lag.oldest is not None and now - lag.oldest > LATE
        if lag.waiting and late:
            calm = False
            text = f"{lag.consumer} has {lag.waiting:,} waiting, the oldest for {age(now - (lag.oldest or now))}"
            state: State = "trouble" if lag.consumer in runs else "note"
            yield Finding(about="lag", state=state, text=text, mend="Give it more processes, or see what holds it up.")
        if lag.dead:
            calm = False
            text = f"{lag.consumer} has {counted(lag.dead, 'dead letter')}" + (
                f"; {lag.held:,} held back" if lag.held else ""
            )
            mend = f"See: tense dead list --consumer '{lag.consumer}'"
            yield Finding(about="dead", state="trouble", text=text, mend=mend)
    if calm:
        yield Finding(about="lag", state="fine", text="nothing waits for long, nothing is dead")


def leases(lags: Sequence[Lag], living: Sequence[Instance], instances: Sequence[Instance]) -> Iterable[Finding]:
    """Lanes that nobody works on: owned though no owner lives, or free though somebody runs the consumer."""
    runs = {consumer for instance in living for consumer in instance.consumers}
    stuck = [lag for lag in lags if lag.owned and lag.consumer not in runs]
    idle = [lag for lag in lags if lag.consumer in runs and lag.owned < lag.lanes]
    gone = len(instances) - len(living)
    for lag in stuck:
        text = f"{lag.owned} of {lag.lanes} lanes of {lag.consumer} belong to a process that is gone"
        yield Finding(about="leases", state="note", text=text, mend="The next process that runs it takes them over.")
    for lag in idle:
        text = f"{lag.lanes - lag.owned} of {lag.lanes} lanes of {lag.consumer} belong to nobody, though it runs"
        mend = "Look again in some seconds: lanes change hands when processes come and go."
        yield Finding(about="leases", state="note", text=text, mend=mend)
    if not stuck and not idle:
        yield Finding(
            about="leases", state="fine", text=f"every owner lives; {counted(gone, 'process', 'processes')} seen before"
        )


def clocks(living: Sequence[Instance], now: float, written: float | None) -> Iterable[Finding]:
    """Whether this clock agrees with those that wrote to the store."""
    ahead = max((instance.started - now for instance in living), default=0.0)
    if written is not None:
        ahead = max(ahead, written - now)
    if ahead > SKEW:
        text = f"this clock is {age(ahead)} behind another that wrote to the store"
        mend = "Deadlines, retries and leases go by the clock: let both be set by the network."
        yield Finding(about="clock", state="trouble", text=text, mend=mend)
    else:
        yield Finding(about="clock", state="fine", text=time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now)))


def _written(address: str) -> float | None:
    from tense.runtime.load import file_of, state_and_broker

    state, broker = state_and_broker(address)
    file = file_of(broker or state)
    try:
        return None if file is None else file.stat().st_mtime
    except OSError:
        return None
