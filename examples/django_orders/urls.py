"""The pages."""

from django.contrib import admin
from django.urls import path

from examples.django_orders.shop import views

urlpatterns = [
    path("admin/", admin.site.urls),
    path("orders/", views.place),
    path("orders/<int:number>/", views.show),
    path("orders/<int:number>/cancel/", views.cancel),
]
