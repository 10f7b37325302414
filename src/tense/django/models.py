"""Tense's own tables as models: to be read. What writes them is `tense dead`."""

from django.db import models

from tense.django.conf import alias, table
from tense.django.fields import Moment


class Letters(models.Manager):
    """Dead letters, wherever Tense's tables are."""

    def get_queryset(self) -> models.QuerySet:
        """In the database that TENSE_DATABASE names."""
        return super().get_queryset().using(alias())


class DeadLetter(models.Model):
    """A message that was given up. `tense dead redrive` puts it back, `tense dead drop` forgets it."""

    number = models.BigIntegerField(primary_key=True)
    consumer = models.TextField()
    kind = models.TextField()
    message_id = models.TextField("id", db_column="id")
    type = models.TextField()
    key = models.TextField(null=True)  # noqa: DJ001 - a message without a key has none
    reason = models.TextField()
    error = models.TextField()
    traceback = models.TextField()
    attempts = models.IntegerField()
    accepted = Moment()
    died = Moment()
    redriven = models.IntegerField("redriven so far")
    headers = models.BinaryField()
    body = models.BinaryField()

    objects = Letters()

    class Meta:
        """Made by Tense's migrations, never by Django's."""

        managed = False
        db_table = table("dead")
        default_permissions = ("view",)
        ordering = ("-number",)
        verbose_name = "dead letter"

    def __str__(self) -> str:
        return f"{self.number}: {self.type}"
