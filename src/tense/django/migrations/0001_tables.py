"""The first version of Tense's tables."""

from django.db import migrations, models

import tense.django.fields
from tense.django.conf import table
from tense.django.tables import BringTables


class Migration(migrations.Migration):
    """Tables, and the model that reads one of them."""

    initial = True
    dependencies = ()
    operations = (
        BringTables(sqlite=(0, 1), postgresql=(0, 1)),
        migrations.CreateModel(
            name="DeadLetter",
            fields=(
                ("number", models.BigIntegerField(primary_key=True, serialize=False)),
                ("consumer", models.TextField()),
                ("kind", models.TextField()),
                ("message_id", models.TextField(db_column="id", verbose_name="id")),
                ("type", models.TextField()),
                ("key", models.TextField(null=True)),
                ("reason", models.TextField()),
                ("error", models.TextField()),
                ("traceback", models.TextField()),
                ("attempts", models.IntegerField()),
                ("accepted", tense.django.fields.Moment()),
                ("died", tense.django.fields.Moment()),
                ("redriven", models.IntegerField(verbose_name="redriven so far")),
                ("headers", models.BinaryField()),
                ("body", models.BinaryField()),
            ),
            options={
                "verbose_name": "dead letter",
                "db_table": table("dead"),
                "ordering": ("-number",),
                "managed": False,
                "default_permissions": ("view",),
            },
        ),
    )
