"""Repository: turns what it is asked to track into what has happened, and keeps a ledger of it."""

from collections.abc import Mapping

from examples.webhooks.repository.contract import (
    NoteActivity,
    TrackAlert,
    TrackComment,
    TrackIssue,
    TrackPullRequest,
    TrackPush,
    TrackReview,
    TrackRun,
    repository,
)
from examples.webhooks.repository.events import (
    AccountBlocked,
    ActivityNoted,
    AlertEvent,
    AlertRaised,
    AlertSettled,
    AnyEvent,
    AppInstalled,
    CommentEvent,
    CommentRewritten,
    CommentWithdrawn,
    CommentWritten,
    CommitsPushed,
    IssueAssigned,
    IssueClosed,
    IssueEvent,
    IssueLabeled,
    IssueOpened,
    IssueReopened,
    MemberAdded,
    MemberInvited,
    MemberRemoved,
    MilestoneClosed,
    MilestoneCreated,
    NamedEvent,
    PackagePublished,
    PullRequestClosed,
    PullRequestEvent,
    PullRequestMerged,
    PullRequestOpened,
    PullRequestReopened,
    ReleaseCreated,
    ReleasePublished,
    RepositoryCreated,
    RepositoryForked,
    RepositoryPublicized,
    RepositoryStarred,
    RepositoryUnstarred,
    RepositoryWatched,
    ReviewDismissed,
    ReviewEvent,
    ReviewRequested,
    ReviewSubmitted,
    ReviewThreadReopened,
    ReviewThreadResolved,
    RunCompleted,
    RunEvent,
    RunStarted,
)
from tense import Metadata, Publish, Service, Transaction

service = Service(repository)

TABLE = "CREATE TABLE IF NOT EXISTS tracked (id TEXT PRIMARY KEY, place TEXT NOT NULL, event TEXT NOT NULL)"

ISSUE: Mapping[str, type[IssueOpened] | type[IssueClosed] | type[IssueReopened] | type[IssueLabeled]] = {
    "opened": IssueOpened,
    "closed": IssueClosed,
    "reopened": IssueReopened,
    "labeled": IssueLabeled,
}
PULL_REQUEST: Mapping[str, type[PullRequestOpened] | type[PullRequestReopened] | type[ReviewRequested]] = {
    "opened": PullRequestOpened,
    "reopened": PullRequestReopened,
    "review_requested": ReviewRequested,
}
REVIEW: Mapping[str, type[ReviewDismissed] | type[ReviewThreadResolved] | type[ReviewThreadReopened]] = {
    "dismissed": ReviewDismissed,
    "resolved": ReviewThreadResolved,
    "unresolved": ReviewThreadReopened,
}
COMMENT: Mapping[str, type[CommentEvent]] = {
    "created": CommentWritten,
    "edited": CommentRewritten,
    "deleted": CommentWithdrawn,
}
RAISED = frozenset({"created", "create", "published", "performed", "appeared_in_branch"})
NAMED: Mapping[tuple[str, str], type[NamedEvent]] = {
    ("release", "created"): ReleaseCreated,
    ("release", "published"): ReleasePublished,
    ("milestone", "created"): MilestoneCreated,
    ("milestone", "closed"): MilestoneClosed,
    ("member", "added"): MemberAdded,
    ("member", "removed"): MemberRemoved,
    ("membership", "added"): MemberAdded,
    ("membership", "removed"): MemberRemoved,
    ("organization", "member_added"): MemberAdded,
    ("organization", "member_removed"): MemberRemoved,
    ("organization", "member_invited"): MemberInvited,
    ("org_block", "blocked"): AccountBlocked,
    ("repository", "created"): RepositoryCreated,
    ("public", "publicized"): RepositoryPublicized,
    ("fork", "forked"): RepositoryForked,
    ("star", "created"): RepositoryStarred,
    ("star", "deleted"): RepositoryUnstarred,
    ("watch", "started"): RepositoryWatched,
    ("registry_package", "published"): PackagePublished,
    ("package", "published"): PackagePublished,
    ("installation", "created"): AppInstalled,
}


@service.handles(TrackIssue)
async def track_issue(
    command: TrackIssue, told: Metadata, publish: Publish[IssueEvent | ActivityNoted], db: Transaction
) -> str:
    place, by, issue = command.place, command.by, command.issue
    event: IssueEvent | ActivityNoted
    if command.action == "assigned":
        event = IssueAssigned(place=place, by=by, issue=issue, assignee=command.assignee)
    elif known := ISSUE.get(command.action):
        event = known(place=place, by=by, issue=issue)
    else:
        event = ActivityNoted(place=place, by=by, subject="issue", verb=command.action, name=issue.title)
    publish(event)
    return await written(event, told, db)


@service.handles(TrackPullRequest)
async def track_pull_request(
    command: TrackPullRequest, told: Metadata, publish: Publish[PullRequestEvent | ActivityNoted], db: Transaction
) -> str:
    place, by, pull_request = command.place, command.by, command.pull_request
    event: PullRequestEvent | ActivityNoted
    if command.action == "closed":
        # GitHub has one word for both; the difference matters to everybody.
        ended = PullRequestMerged if command.merged else PullRequestClosed
        event = ended(place=place, by=by, pull_request=pull_request)
    elif known := PULL_REQUEST.get(command.action):
        event = known(place=place, by=by, pull_request=pull_request)
    else:
        event = ActivityNoted(place=place, by=by, subject="pull request", verb=command.action, name=pull_request.title)
    publish(event)
    return await written(event, told, db)


@service.handles(TrackReview)
async def track_review(
    command: TrackReview, told: Metadata, publish: Publish[ReviewEvent | ActivityNoted], db: Transaction
) -> str:
    place, by, pull_request = command.place, command.by, command.pull_request
    event: ReviewEvent | ActivityNoted
    if command.action == "submitted":
        event = ReviewSubmitted(place=place, by=by, pull_request=pull_request, verdict=command.verdict)
    elif known := REVIEW.get(command.action):
        event = known(place=place, by=by, pull_request=pull_request)
    else:
        event = ActivityNoted(place=place, by=by, subject="review", verb=command.action, name=pull_request.title)
    publish(event)
    return await written(event, told, db)


@service.handles(TrackComment)
async def track_comment(
    command: TrackComment, told: Metadata, publish: Publish[CommentEvent | ActivityNoted], db: Transaction
) -> str:
    event: CommentEvent | ActivityNoted
    if known := COMMENT.get(command.action):
        event = known(place=command.place, by=command.by, on=command.on)
    else:
        event = ActivityNoted(
            place=command.place, by=command.by, subject="comment", verb=command.action, name=command.on
        )
    publish(event)
    return await written(event, told, db)


@service.handles(TrackRun)
async def track_run(command: TrackRun, told: Metadata, publish: Publish[RunEvent], db: Transaction) -> str:
    event: RunEvent
    if command.conclusion is None:
        event = RunStarted(place=command.place, by=command.by, run=command.run)
    else:
        event = RunCompleted(place=command.place, by=command.by, run=command.run, conclusion=command.conclusion)
    publish(event)
    return await written(event, told, db)


@service.handles(TrackAlert)
async def track_alert(command: TrackAlert, told: Metadata, publish: Publish[AlertEvent], db: Transaction) -> str:
    event: AlertEvent
    if command.action in RAISED or command.action.startswith("reopen") or command.action == "reintroduced":
        event = AlertRaised(place=command.place, by=command.by, kind=command.kind)
    else:
        event = AlertSettled(place=command.place, by=command.by, kind=command.kind, how=command.action)
    publish(event)
    return await written(event, told, db)


@service.handles(TrackPush)
async def track_push(command: TrackPush, told: Metadata, publish: Publish[CommitsPushed], db: Transaction) -> str:
    event = CommitsPushed(place=command.place, by=command.by, ref=command.ref, commits=command.commits)
    publish(event)
    return await written(event, told, db)


@service.handles(NoteActivity)
async def note_activity(
    command: NoteActivity, told: Metadata, publish: Publish[NamedEvent | ActivityNoted], db: Transaction
) -> str:
    place, by, name = command.place, command.by, command.name
    event: NamedEvent | ActivityNoted
    if named := NAMED.get((command.subject, command.action)):
        event = named(place=place, by=by, name=name)
    else:
        event = ActivityNoted(place=place, by=by, subject=command.subject, verb=command.action, name=name)
    publish(event)
    return await written(event, told, db)


async def written(event: AnyEvent, told: Metadata, db: Transaction) -> str:
    """Keep in the ledger which command led to which event. It commits with the event itself."""
    kind = type(event).__name__
    await db.execute(TABLE)
    await db.execute("INSERT INTO tracked VALUES (:id, :place, :event)", id=told.id, place=event.place, event=kind)
    return kind
