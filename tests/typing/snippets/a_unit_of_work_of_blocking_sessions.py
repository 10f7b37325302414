from sqlalchemy import create_engine
from sqlalchemy.orm import sessionmaker
from words import shipping

from tense import App, Service
from tense.sqlalchemy.unit import SqlAlchemyUnit

sessions = sessionmaker(create_engine("sqlite:///shop.db"))
app = App(Service(shipping), unit_of_work=SqlAlchemyUnit(sessions))  # expect: mypy=arg-type pyright=reportArgumentType
other = App(Service(shipping), unit_of_work=sessions)  # expect: mypy=arg-type pyright=reportArgumentType
