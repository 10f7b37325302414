"""What a document must keep beyond the form of its objects: names that must exist elsewhere, or only once."""

import re
from collections.abc import Iterator

from tense.rules.meaning.graph import Problem
from tense.topology.readers.asyncapi.examples import unlike
from tense.topology.readers.refs import At, References

_PLACEHOLDER = re.compile(r"{(.*?)}")
_VERBS = ("publish", "subscribe")
_SCOPED = {"oauth2", "openIdConnect"}


def conventions(root: At, references: References, major: int) -> list[Problem]:
    """Return what a document breaks of the conventions of its major version."""
    checks = (_of_2, _of_3)[major - 2]
    return list(checks(root, references))


def entries(at: At) -> Iterator[tuple[str, At]]:
    """Give the entries of a mapping; nothing for any other value."""
    if isinstance(at.value, dict):
        for name in at.value:
            yield name, at.child(name)


def listed(at: At) -> Iterator[At]:
    """Give the items of a list; nothing for any other value."""
    if isinstance(at.value, list):
        for index in range(len(at.value)):
            yield at.child(index)


def followed(at: At, references: References) -> At:
    """Return what a reference ends at, or the reference itself where it leads nowhere."""
    found = references.follow(at)
    return at if isinstance(found, Problem) else found


def _of_2(root: At, references: References) -> Iterator[Problem]:
    for group in (root.child("channels"), root.child("components").child("channels")):
        for name, channel in entries(group):
            item = followed(channel, references)
            yield from _address(name if group.pointer == "/channels" else None, item)
            if group.pointer == "/channels":
                yield from _parameters(name, item, doubt="{" not in name)
            yield from _servers_of_channel(root, item)
    yield from _unique_ids(root, references)
    yield from _servers(root, references)
    yield from _examples(root, references)


def _of_3(root: At, references: References) -> Iterator[Problem]:
    for group in (root.child("channels"), root.child("components").child("channels")):
        for _name, channel in entries(group):
            item = followed(channel, references)
            address = item.child("address").value
            text = address if isinstance(address, str) else None
            yield from _address(text, item)
            yield from _parameters(text or "", item, doubt=False)
            if group.pointer == "/channels":
                yield from _pointing(listed(item.child("servers")), "#/servers/", "servers", root)
    for group in (root.child("operations"), root.child("components").child("operations")):
        for _name, operation in entries(group):
            item = followed(operation, references)
            if group.pointer == "/operations":
                yield from _pointing([item.child("channel")], "#/channels/", "channels", root)
            yield from _own_messages(item, item.child("messages"), references)
            reply = followed(item.child("reply"), references)
            yield from _own_messages(reply, reply.child("messages"), references)


def _address(address: str | None, channel: At) -> Iterator[Problem]:
    bare = _PLACEHOLDER.sub("", address or "")
    if "?" in bare or "#" in bare:
        yield channel.problem("has an address with a query or fragment (? or #): parameters belong in bindings")


def _parameters(address: str, channel: At, *, doubt: bool) -> Iterator[Problem]:
    """State parameters that the address lacks, or that it has and nobody describes."""
    wanted = set(_PLACEHOLDER.findall(address))
    described = channel.child("parameters")
    found = set(described.value) if isinstance(described.value, dict) else set()
    if "" in wanted:
        yield channel.problem("has an address with an empty placeholder {}")
    missing = sorted(wanted - found - {""})
    if missing:
        yield channel.problem(f"has an address with {', '.join(missing)[:200]}, which no entry of parameters describes")
    for name in sorted(found - wanted):
        yield described.child(name).problem("describes a parameter that the address does not have", doubt=doubt)


def _servers_of_channel(root: At, channel: At) -> Iterator[Problem]:
    known = root.child("servers").value
    for server in listed(channel.child("servers")):
        if not isinstance(known, dict) or server.value not in known:
            yield server.problem("names a server that the document does not describe")


def _pointing(refs: Iterator[At] | list[At], prefix: str, where: str, root: At) -> Iterator[Problem]:
    for ref in refs:
        target = ref.value.get("$ref") if isinstance(ref.value, dict) else None
        if isinstance(target, str) and "#" in target and ref.document.file == root.document.file:
            pointer = "#" + target.partition("#")[2]
            if not pointer.startswith(prefix) or "/" in pointer[len(prefix) :]:
                yield ref.child("$ref").problem(f"must refer to an entry of the document's own {where}")


def _own_messages(operation: At, messages: At, references: References) -> Iterator[Problem]:
    """State messages of an operation that its channel does not have."""
    channel = operation.child("channel")
    end = references.follow(channel)
    if channel.value is None or isinstance(end, Problem):
        return
    own = {id(followed(message, references).value) for _name, message in entries(end.child("messages"))}
    direct = {f"{end.document.file}#{message.pointer}" for _name, message in entries(end.child("messages"))}
    for message in listed(messages):
        target = message.value.get("$ref") if isinstance(message.value, dict) else None
        found = references.follow(message)
        if not isinstance(target, str) or isinstance(found, Problem):
            continue
        through = "/messages/" in target and "/channels/" in target
        known = f"{found.document.file}#{found.pointer}" in direct or (through and id(found.value) in own)
        if not known:
            yield message.problem("is no message of the channel of this operation")


def _unique_ids(root: At, references: References) -> Iterator[Problem]:
    seen: set[tuple[str, object]] = set()
    objects: set[int] = set()
    for _name, channel in entries(root.child("channels")):
        item = followed(channel, references)
        for verb in _VERBS:
            operation = item.child(verb)
            if not isinstance(operation.value, dict) or id(operation.value) in objects:
                continue
            objects.add(id(operation.value))
            identity = operation.child("operationId")
            if isinstance(identity.value, str):
                if ("operationId", identity.value) in seen:
                    yield identity.problem(f"uses the operationId {identity.value[:80]} a second time")
                seen.add(("operationId", identity.value))


def _servers(root: At, references: References) -> Iterator[Problem]:
    for _name, given in entries(root.child("servers")):
        server = followed(given, references)
        url = server.child("url").value
        variables = server.child("variables")
        wanted = set(_PLACEHOLDER.findall(url)) if isinstance(url, str) else set()
        found = set(variables.value) if isinstance(variables.value, dict) else set()
        if wanted - found:
            yield server.problem(
                f"has a url with {', '.join(sorted(wanted - found))[:200]}, which no variable describes"
            )
        for name in sorted(found - wanted):
            yield variables.child(name).problem("describes a variable that the url does not have", doubt=not wanted)
        for _name, variable in entries(variables):
            yield from _variable(followed(variable, references))
        for requirement in listed(server.child("security")):
            for name, scopes in entries(requirement):
                yield from _requirement(root, name, scopes, references)


def _variable(variable: At) -> Iterator[Problem]:
    allowed = variable.child("enum").value
    for example in (variable.child("default"), *listed(variable.child("examples"))):
        if isinstance(allowed, list) and example.value is not None and example.value not in allowed:
            yield example.problem("is none of the values that the variable may have", doubt=True)


def _requirement(root: At, name: str, scopes: At, references: References) -> Iterator[Problem]:
    scheme = root.child("components").child("securitySchemes").child(name)
    if scheme.value is None:
        yield scopes.problem("names a security scheme that components.securitySchemes does not have")
        return
    scheme = followed(scheme, references)
    kind = str(scheme.child("type").value)[:40]
    if kind not in _SCOPED and isinstance(scopes.value, list) and scopes.value:
        yield scopes.problem(f"lists scopes for a scheme of type {kind}, which has none", doubt=True)
    if kind != "oauth2":
        return
    known = {scope for _flow, flow in entries(scheme.child("flows")) for scope, _text in entries(flow.child("scopes"))}
    for scope in listed(scopes):
        if isinstance(scope.value, str) and scope.value not in known:
            yield scope.problem("is a scope that no flow of the scheme has")


def _examples(root: At, references: References) -> Iterator[Problem]:
    """State examples of messages that their own schema refuses."""
    messages = [message for _name, message in entries(root.child("components").child("messages"))]
    for _name, channel in entries(root.child("channels")):
        item = followed(channel, references)
        for verb in _VERBS:
            message = item.child(verb).child("message")
            messages += [message, *listed(message.child("oneOf"))]
    seen: set[int] = set()
    for given in messages:
        message = followed(given, references)
        if id(message.value) in seen or message.child("schemaFormat").value is not None:
            continue
        seen.add(id(message.value))
        for example in listed(message.child("examples")):
            for part in ("payload", "headers"):
                schema = message.child(part)
                if schema.value is not None and isinstance(example.value, dict) and part in example.value:
                    yield from unlike(example.child(part), schema, references)
