"""The shop a year later: one service more, and not a line changed in the others. `examples.shop.grown:app`."""

from examples.shop.app import SERVICES
from examples.shop.email.mail import open_mail
from examples.shop.recommendations.service import service as recommendations
from tense import App

app = App(*SERVICES, recommendations, provide=[open_mail])
