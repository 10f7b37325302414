"""The second version: how deliveries of another store ended."""

from django.db import migrations

from tense.django.tables import BringTables


class Migration(migrations.Migration):
    """Tables only."""

    dependencies = (("tense", "0001_tables"),)
    operations = (BringTables(sqlite=(1, 2), postgresql=(1, 2)),)
