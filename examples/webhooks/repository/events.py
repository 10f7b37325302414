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


class IssueLabeled(Event, owner=repository, key="place"):
    place: str
    by: str
    issue: Ticket


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


class ReviewRequested(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket


class ReviewSubmitted(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket
    verdict: str


class ReviewDismissed(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket


class ReviewThreadResolved(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket


class ReviewThreadReopened(Event, owner=repository, key="place"):
    place: str
    by: str
    pull_request: Ticket


class CommentWritten(Event, owner=repository, key="place"):
    place: str
    by: str
    on: str


class CommentRewritten(Event, owner=repository, key="place"):
    place: str
    by: str
    on: str


class CommentWithdrawn(Event, owner=repository, key="place"):
    place: str
    by: str
    on: str


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


# tense: ignore[N09] GitHub's own word for it, and all that happened
class MemberRemoved(Event, owner=repository, key="place"):  # tense: ignore[N09] the fact itself: somebody lost access
    place: str
    by: str
    name: str


# tense: ignore[N09] GitHub's own word for it, and all that happened
class RepositoryCreated(Event, owner=repository, key="place"):  # tense: ignore[N09] the fact itself: it exists now
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


# tense: ignore[N09] GitHub's own word for it, and all that happened
class ReleaseCreated(
    Event, owner=repository, key="place"
):  # tense: ignore[N09] the fact itself: drafted, not yet published
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


class ActivityNoted(Event, owner=repository, key="place"):
    """Whatever has no event of its own, with GitHub's own verb for it: pinned, transferred, typed."""

    place: str
    by: str
    subject: str
    verb: str
    name: str


IssueEvent: TypeAlias = IssueOpened | IssueAssigned | IssueClosed | IssueReopened | IssueLabeled
PullRequestEvent: TypeAlias = (
    PullRequestOpened | PullRequestMerged | PullRequestClosed | PullRequestReopened | ReviewRequested
)
ReviewEvent: TypeAlias = ReviewSubmitted | ReviewDismissed | ReviewThreadResolved | ReviewThreadReopened
CommentEvent: TypeAlias = CommentWritten | CommentRewritten | CommentWithdrawn
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
    | RepositoryPublicized
    | RepositoryUnstarred
    | RepositoryWatched
    | PackagePublished
    | AppInstalled
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
