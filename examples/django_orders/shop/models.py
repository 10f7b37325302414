"""The shop's tables, as they were before Tense."""

from django.db import models


class Order(models.Model):
    """What a customer ordered."""

    sku = models.CharField(max_length=40)
    count = models.PositiveIntegerField()
    cancelled = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"order {self.pk}: {self.count} x {self.sku}"


class Parcel(models.Model):
    """What the warehouse packed for an order; there is never more than one."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE)
    shipped = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"parcel of {self.order}"


class Shelf(models.Model):
    """How many pieces of an article came back."""

    sku = models.CharField(max_length=40, unique=True)
    count = models.IntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.count} x {self.sku}"
