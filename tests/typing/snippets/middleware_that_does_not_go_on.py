from words import shipping

from tense import App, Handling, Service


def silent(handling: Handling) -> None: ...


app = App(Service(shipping), middleware=[silent])  # expect: mypy=list-item pyright=reportArgumentType
