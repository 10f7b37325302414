"""The catalogue: every rule of `tense check`, in the order of their ids."""

from tense.rules.meaning import (
    graph_answers,
    graph_chains,
    graph_commands,
    graph_documents,
    graph_fleet,
    graph_handlers,
    graph_owners,
    graph_walls,
    names_answers,
    names_claims,
    names_form,
    names_intent,
    names_mood,
    schema_facts,
    schema_hints,
    schema_promises,
    schema_shape,
)
from tense.rules.meaning.rule import Rule

_FAMILIES = "NGS"

RULES: tuple[Rule, ...] = tuple(
    sorted(
        (
            *names_mood.RULES,
            *names_intent.RULES,
            *names_answers.RULES,
            *names_claims.RULES,
            *names_form.RULES,
            *graph_handlers.RULES,
            *graph_owners.RULES,
            *graph_chains.RULES,
            *graph_commands.RULES,
            *graph_answers.RULES,
            *graph_fleet.RULES,
            *graph_walls.RULES,
            *graph_documents.RULES,
            *schema_facts.RULES,
            *schema_hints.RULES,
            *schema_promises.RULES,
            *schema_shape.RULES,
        ),
        key=lambda rule: (_FAMILIES.index(rule.id[0]), rule.id),
    )
)

BY_ID: dict[str, Rule] = {rule.id: rule for rule in RULES}
