"""GitHub's catalogue of webhooks: which command follows from which event."""

from collections.abc import Callable, Mapping

import msgspec

from examples.webhooks.payload import Account, Payload, Unusable
from examples.webhooks.repository.contract import (
    AnyCommand,
    NoteActivity,
    Run,
    Ticket,
    TrackAlert,
    TrackComment,
    TrackIssue,
    TrackPullRequest,
    TrackPush,
    TrackReview,
    TrackRun,
)


class PullRequest(msgspec.Struct, frozen=True):
    number: int
    title: str
    merged: bool = False
    merged_at: str | None = None


class Review(msgspec.Struct, frozen=True):
    state: str = ""


class Thing(msgspec.Struct, frozen=True):
    """Anything with a name, by whichever word GitHub calls it."""

    full_name: str | None = None
    name: str | None = None
    title: str | None = None
    tag_name: str | None = None
    login: str | None = None
    context: str | None = None
    environment: str | None = None
    head_branch: str | None = None
    ghsa_id: str | None = None
    user: Account | None = None
    account: Account | None = None
    status: str | None = None
    state: str | None = None
    conclusion: str | None = None

    @property
    def label(self) -> str:
        """The first of its names."""
        named = (self.full_name, self.name, self.title, self.tag_name, self.login, self.context)
        other = (self.environment, self.head_branch, self.ghsa_id)
        owner = self.user or self.account
        return next((name for name in named + other if name), owner.name if owner else "")


def issue(payload: Payload) -> AnyCommand:
    assignee = payload.maybe("assignee", Account)
    return TrackIssue(
        place=payload.repository,
        by=payload.by,
        action=payload.needed_action,
        issue=payload.part("issue", Ticket),
        assignee=assignee.name if assignee else None,
    )


def pull_request(payload: Payload) -> AnyCommand:
    found = payload.part("pull_request", PullRequest)
    return TrackPullRequest(
        place=payload.repository,
        by=payload.by,
        action=payload.needed_action,
        pull_request=Ticket(number=found.number, title=found.title),
        merged=found.merged or found.merged_at is not None,
    )


def review(payload: Payload) -> AnyCommand:
    part = "thread" if payload.event.endswith("_thread") else "review"
    return TrackReview(
        place=payload.repository,
        by=payload.by,
        action=payload.needed_action,
        pull_request=payload.part("pull_request", Ticket),
        verdict=payload.part(part, Review).state,
    )


def comment(payload: Payload) -> AnyCommand:
    payload.part("comment", Thing)
    on = payload.event.removesuffix("_comment").replace("_", " ")
    return TrackComment(place=payload.repository, by=payload.by, action=payload.needed_action, on=on)


def run(payload: Payload) -> AnyCommand:
    found = payload.part(payload.event, Thing)
    done = payload.needed_action == "completed"
    return TrackRun(
        place=payload.repository,
        by=payload.by,
        run=Run(kind=payload.event, name=found.label),
        conclusion=(found.conclusion or "unknown") if done else None,
    )


def deployment(payload: Payload) -> AnyCommand:
    name = payload.part("deployment", Thing).label
    state = payload.part("deployment_status", Thing).state if payload.event == "deployment_status" else None
    return TrackRun(
        place=payload.repository,
        by=payload.by,
        run=Run(kind="deployment", name=name),
        conclusion=state if state in ENDS else None,
    )


def status(payload: Payload) -> AnyCommand:
    state = payload.part("state", str)
    return TrackRun(
        place=payload.repository,
        by=payload.by,
        run=Run(kind="status", name=payload.part("context", str)),
        conclusion=state if state in ENDS else None,
    )


def alert(payload: Payload) -> AnyCommand:
    part = payload.event if payload.event.endswith("_advisory") else "alert"
    found = payload.part(part, Thing)
    # An advisory of the whole world names no repository and no sender.
    place = found.ghsa_id if payload.event == "security_advisory" and found.ghsa_id else payload.place
    return TrackAlert(place=place, by=payload.by, action=payload.needed_action, kind=payload.event)


def push(payload: Payload) -> AnyCommand:
    commits = payload.maybe("commits", list[object]) or []
    return TrackPush(place=payload.repository, by=payload.by, ref=payload.part("ref", str), commits=len(commits))


def other(payload: Payload) -> AnyCommand:
    """Whatever has a name, by the table `NAMED`: which part holds it, and the verb where GitHub gives none."""
    part, verb = NAMED[payload.event]
    name = ""
    if payload.event == "organization":
        name = member_of(payload) or payload.part(part, Thing).label
    elif part == "ref":
        name = payload.part("ref", str)
    elif part:
        name = payload.part(part, Thing).label
    return NoteActivity(
        place=payload.place,
        by=payload.by,
        subject=payload.event,
        action=verb or payload.needed_action,
        name=name,
    )


def member_of(payload: Payload) -> str:
    """Who was added to or removed from an organisation, or invited to it."""
    found = payload.maybe("membership", Thing) or payload.maybe("invitation", Thing)
    return "" if found is None else found.label


ENDS = frozenset({"success", "failure", "error", "inactive"})

NAMED: Mapping[str, tuple[str, str]] = {
    "branch_protection_configuration": ("", ""),
    "branch_protection_rule": ("rule", ""),
    "create": ("ref", "created"),
    "custom_property": ("definition", ""),
    "custom_property_values": ("", ""),
    "delete": ("ref", "deleted"),
    "deploy_key": ("key", ""),
    "deployment_protection_rule": ("", ""),
    "deployment_review": ("", ""),
    "discussion": ("discussion", ""),
    "fork": ("forkee", "forked"),
    "github_app_authorization": ("", ""),
    "gollum": ("", "edited"),
    "installation": ("installation", ""),
    "installation_repositories": ("installation", ""),
    "installation_target": ("account", ""),
    "issue_dependencies": ("", ""),
    "label": ("label", ""),
    "marketplace_purchase": ("marketplace_purchase", ""),
    "member": ("member", ""),
    "membership": ("member", ""),
    "merge_group": ("merge_group", ""),
    "meta": ("hook", ""),
    "milestone": ("milestone", ""),
    "org_block": ("blocked_user", ""),
    "organization": ("organization", ""),
    "package": ("package", ""),
    "page_build": ("build", "built"),
    "personal_access_token_request": ("", ""),
    "ping": ("hook", "pinged"),
    "project": ("project", ""),
    "project_card": ("project_card", ""),
    "project_column": ("project_column", ""),
    "projects_v2": ("projects_v2", ""),
    "projects_v2_item": ("projects_v2_item", ""),
    "projects_v2_status_update": ("projects_v2_status_update", ""),
    "public": ("repository", "publicized"),
    "registry_package": ("registry_package", ""),
    "release": ("release", ""),
    "repository": ("repository", ""),
    "repository_dispatch": ("repository", ""),
    "repository_import": ("repository", "imported"),
    "repository_ruleset": ("repository_ruleset", ""),
    "secret_scanning_alert_location": ("alert", ""),
    "secret_scanning_scan": ("repository", ""),
    "security_and_analysis": ("repository", "changed"),
    "sponsorship": ("sponsorship", ""),
    "star": ("repository", ""),
    "sub_issues": ("repository", ""),
    "team": ("team", ""),
    "team_add": ("team", "added"),
    "watch": ("repository", ""),
    "workflow_dispatch": ("repository", "dispatched"),
}

CATALOGUE: Mapping[str, Callable[[Payload], AnyCommand]] = {
    "issues": issue,
    "pull_request": pull_request,
    "pull_request_review": review,
    "pull_request_review_thread": review,
    "commit_comment": comment,
    "discussion_comment": comment,
    "issue_comment": comment,
    "pull_request_review_comment": comment,
    "check_run": run,
    "check_suite": run,
    "workflow_job": run,
    "workflow_run": run,
    "deployment": deployment,
    "deployment_status": deployment,
    "status": status,
    "code_scanning_alert": alert,
    "dependabot_alert": alert,
    "repository_advisory": alert,
    "repository_vulnerability_alert": alert,
    "secret_scanning_alert": alert,
    "security_advisory": alert,
    "push": push,
    **dict.fromkeys(NAMED, other),
}


def event_named(file: str) -> str:
    """The event of a recorded file: `issues__assigned.2.payload.json` -> `issues`.

    Raises:
        Unusable: it is none that GitHub has.
    """
    event = file.partition(".")[0].partition("__")[0]
    if event not in CATALOGUE:
        raise Unusable("unknown-event", f"GitHub has no event {event[:60]!r}")
    return event


def command_of(file: str, body: bytes) -> AnyCommand:
    """The command that follows from one recorded webhook.

    Raises:
        Unusable: none does, with the reason.
    """
    event = event_named(file)
    return CATALOGUE[event](Payload(event, body))
