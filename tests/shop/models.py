"""What the shop has."""

from __future__ import annotations

from django.db import models

from tollhouse.contrib.django.base import AIModel
from tollhouse.contrib.django.fields import EmbeddingField, GeneratedText
from tollhouse.contrib.django.querysets import SimilarManager


class Product(AIModel):
    """Its vector is made of its blurb, which is made of its name."""

    shop = models.IntegerField(default=1)
    name = models.CharField(max_length=200)
    blurb = GeneratedText(sources=["name"], prompt="Praise {name}.", model="demo/echo", max_chars=60)
    vec = EmbeddingField(sources=["blurb"], model="demo/embed", dims=256, pgvector=False)
    objects = SimilarManager()

    class Meta:
        app_label = "shop"


class Picture(AIModel):
    """Its vector is kept by pgvector, where there is one."""

    title = models.CharField(max_length=200)
    vec = EmbeddingField(sources=["title"], model="demo/embed", dims=3)
    objects = SimilarManager()

    class Meta:
        app_label = "shop"


class Page(AIModel):
    """Named by its address."""

    address = models.TextField(primary_key=True)
    blurb = GeneratedText(sources=["address"], prompt="Praise {address}.", model="demo/echo")

    class Meta:
        app_label = "shop"
