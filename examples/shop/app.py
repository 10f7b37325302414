"""The shop: `examples.shop.app:app`.

To pass a service one must import its handlers, so none can be forgotten.
"""

from examples.shop.analytics.service import service as analytics
from examples.shop.email.mail import open_mail
from examples.shop.email.service import service as email
from examples.shop.loyalty.service import service as loyalty
from examples.shop.orders.service import service as orders
from examples.shop.payment.service import service as payment
from examples.shop.stock.service import service as stock
from examples.shop.warehouse.service import service as warehouse
from tense import App

SERVICES = (orders, payment, stock, email, warehouse, analytics, loyalty)

app = App(*SERVICES, provide=[open_mail])
