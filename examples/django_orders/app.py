"""The Tense app: `examples.django_orders.app:app`, and TENSE_APP in the settings.

The store is in Django's own database, so that what a view says commits with its rows. Import this module where Django
is set up: views and management commands are fine. A worker imports `worker.py`.
"""

from examples.django_orders.orders.service import service as orders
from examples.django_orders.warehouse.service import service as warehouse
from tense import App
from tense.django.conf import store_address
from tense.django.unit import DjangoUnit

# Step 4 is the last argument. Until then handlers opened and committed their own transactions.
app = App(orders, warehouse, store=store_address(), unit_of_work=DjangoUnit())
