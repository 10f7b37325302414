"""The commands of repository: what it is asked to track. Each is answered with the name of the event that followed.

`place` is a repository (`owner/name`) or, where GitHub speaks of none, the account or advisory that it speaks of. It is
the key: what happens in one place is tracked in the order in which it was sent.
"""

from typing import TypeAlias

import msgspec

from tense import Command, Contract

repository = Contract("repository")


class Ticket(msgspec.Struct, frozen=True, kw_only=True):
    """An issue or a pull request."""

    number: int
    title: str


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """Something that runs by itself: a check, a workflow, a deployment."""

    kind: str
    name: str


class TrackIssue(Command[str], owner=repository, key="place"):
    """Take note of what was done to an issue."""

    place: str
    by: str
    action: str
    issue: Ticket
    assignee: str | None = None


class TrackPullRequest(Command[str], owner=repository, key="place"):
    """Take note of what was done to a pull request."""

    place: str
    by: str
    action: str
    pull_request: Ticket
    merged: bool


class TrackReview(Command[str], owner=repository, key="place"):
    """Take note of a review or of one of its threads."""

    place: str
    by: str
    action: str
    pull_request: Ticket
    verdict: str = ""


class TrackComment(Command[str], owner=repository, key="place"):
    """Take note of a comment on whatever can be commented."""

    place: str
    by: str
    action: str
    on: str


class TrackRun(Command[str], owner=repository, key="place"):
    """Take note of how far a run is."""

    place: str
    by: str
    run: Run
    conclusion: str | None


class TrackAlert(Command[str], owner=repository, key="place"):
    """Take note of a security alert."""

    place: str
    by: str
    action: str
    kind: str


class TrackPush(Command[str], owner=repository, key="place"):
    """Take note of pushed commits."""

    place: str
    by: str
    ref: str
    commits: int


class NoteActivity(Command[str], owner=repository, key="place"):
    """Take note of anything else: `action` was done to `subject`, called `name`."""

    place: str
    by: str
    subject: str
    action: str
    name: str = ""


AnyCommand: TypeAlias = (
    TrackIssue | TrackPullRequest | TrackReview | TrackComment | TrackRun | TrackAlert | TrackPush | NoteActivity
)
