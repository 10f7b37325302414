from tense import App, Service

service = Service("orders")  # expect: mypy=arg-type pyright=reportArgumentType
app = App("orders")  # expect: mypy=arg-type pyright=reportArgumentType
