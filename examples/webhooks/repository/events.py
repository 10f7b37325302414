"""The events of repository: what it says has happened, in the order in which people ask for it."""

from typing import TypeAlias

from examples.webhooks.repository.contract import Run, Ticket, repository
from tense import Event

# Events of issues


class IssueOpened(Event, owner=repository, key="place"):
    place: str
    by: str
    issue: Ticket


class IssueAssigned(Event, owner=repository, key="place"):
    place: str
    by: str
    issue: Ticket
    assignee: str | None


class IssueClosed(Event, owner=repository, key="place"):
    place: str
    by: str
    issue: Ticket


class IssueReopened(Event, owner=repository, key="place"):
    place: str
    by: str
    issue: Ticket


# tense: ignore[N09] the rest of GitHub's own words, kept in a field
class IssueChanged(Event, owner=repository, key="place"):
    """Any other change, in GitHub's own word for it: labeled, pinned, transferred."""

    place: str
    by: str
    issue: Ticket
    change: str


# Events of pull requests and reviews


class PullRequestOpened(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket


class PullRequestMerged(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket


class PullRequestClosed(Event, owner=repository, key="place"):
    """It was closed without being merged."""

    place: str
    by: str
    pull_request: Ticket


class PullRequestReopened(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket


# tense: ignore[N09] the rest of GitHub's own words, kept in a field
class PullRequestChanged(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket
    change: str


class ReviewSubmitted(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket
    verdict: str


# tense: ignore[N09] the rest of GitHub's own words, kept in a field
class ReviewChanged(Event, owner=repository, key="place"):
    """A review was dismissed or edited, or one of its threads resolved or opened again."""

    place: str
    by: str
    pull_request: Ticket
    change: str


class CommentWritten(Event, owner=repository, key="place"):
    place: str
    by: str
    on: str


# tense: ignore[N09] the rest of GitHub's own words, kept in a field
class CommentChanged(Event, owner=repository, key="place"):
    place: str
    by: str
    on: str
    change: str


class RunStarted(Event, owner=repository, key="place"):
    place: str
    by: str
    run: Run


class RunCompleted(Event, owner=repository, key="place"):
    place: str
    by: str
    run: Run
    conclusion: str


class AlertRaised(Event, owner=repository, key="place"):
    place: str
    by: str
    kind: str


class AlertSettled(Event, owner=repository, key="place"):
    place: str
    by: str
    kind: str
    how: str


class CommitsPushed(Event, owner=repository, key="place"):
    place: str
    by: str
    ref: str
    commits: int


class ReleasePublished(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class MemberAdded(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


# tense: ignore[N09] GitHub's word for it, and all that happened
class MemberRemoved(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


# tense: ignore[N09] GitHub's word for it, and all that happened
class RepositoryCreated(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class RepositoryForked(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class RepositoryStarred(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


# tense: ignore[N09] GitHub's word for it, and all that happened
class ReleaseCreated(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class MilestoneCreated(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class MilestoneClosed(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class MemberInvited(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class AccountBlocked(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class AccountUnblocked(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class RepositoryPublicized(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class RepositoryUnstarred(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class RepositoryWatched(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class PackagePublished(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class AppInstalled(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


class AppUninstalled(Event, owner=repository, key="place"):
    place: str
    by: str
    name: str


# tense: ignore[S05] GitHub's name for what somebody did, and no order
class ActivityNoted(Event, owner=repository, key="place"):
    """Whatever has no event of its own."""

    place: str
    by: str
    subject: str
    action: str
    name: str


IssueEvent: TypeAlias = IssueOpened | IssueAssigned | IssueClosed | IssueReopened | IssueChanged
PullRequestEvent: TypeAlias = (
    PullRequestOpened | PullRequestMerged | PullRequestClosed | PullRequestReopened | PullRequestChanged
)
ReviewEvent: TypeAlias = ReviewSubmitted | ReviewChanged
CommentEvent: TypeAlias = CommentWritten | CommentChanged
RunEvent: TypeAlias = RunStarted | RunCompleted
AlertEvent: TypeAlias = AlertRaised | AlertSettled
NamedEvent: TypeAlias = (
    ReleasePublished
    | MemberAdded
    | MemberRemoved
    | RepositoryCreated
    | RepositoryForked
    | RepositoryStarred
    | ReleaseCreated
    | MilestoneCreated
    | MilestoneClosed
    | MemberInvited
    | AccountBlocked
    | AccountUnblocked
    | RepositoryPublicized
    | RepositoryUnstarred
    | RepositoryWatched
    | PackagePublished
    | AppInstalled
    | AppUninstalled
)
AnyEvent: TypeAlias = (
    IssueEvent
    | PullRequestEvent
    | ReviewEvent
    | CommentEvent
    | RunEvent
    | AlertEvent
    | CommitsPushed
    | NamedEvent
    | ActivityNoted
)
