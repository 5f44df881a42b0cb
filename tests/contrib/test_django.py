"""Django's kit: what saves write down, what workers fill, and how rows are found."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest

pytest.importorskip("django", reason="Django is in the extra `django`")

from asgiref.sync import async_to_sync, sync_to_async
from django.core.exceptions import FieldDoesNotExist
from django.core.management import CommandError, call_command
from django.db import connections, models, transaction
from django.test.utils import isolate_apps
from django.utils import timezone

from blogs import Scripted
from shop.models import Page, Picture, Product
from tollhouse.client import Invalid, TooMany
from tollhouse.clock import Clock
from tollhouse.columns.worker import Worker
from tollhouse.contrib.django.fields import EmbeddingField, GeneratedText
from tollhouse.contrib.django.models import FieldState
from tollhouse.contrib.django.shelf import Shelf
from tollhouse.contrib.django.wishing import wished

pytestmark = pytest.mark.usefixtures("alias", "sender")


def work(alias: str, sender: Scripted, **options: Any) -> list[str]:
    """Fill what is due; the kinds of what became of it."""
    kinds: list[str] = []
    worker = Worker(
        shelf=Shelf(alias),
        sender=sender,
        clock=Clock(),
        chance=lambda: 0.0,
        listener=lambda event: kinds.append(event.kind),
        **options,
    )
    async_to_sync(worker.drain)()
    return kinds


def statuses() -> dict[str, str]:
    return dict(FieldState.objects.values_list("field", "status"))


def rest() -> None:
    """Let pass what is being waited for."""
    FieldState.objects.update(due_at=timezone.now() - timedelta(seconds=1))


def test_a_save_and_its_wishes_are_one_transaction(alias: str, sender: Scripted):
    with transaction.atomic(using=alias):
        Product.objects.create(name="Shoe")
        assert statuses() == {"blurb": "pending"}
        transaction.set_rollback(True, using=alias)
    assert statuses() == {}
    Product.objects.create(name="Shoe")
    assert statuses() == {"blurb": "pending"}
    assert sender.asked == []


def test_columns_are_filled_and_stay_when_an_older_object_is_saved(alias: str, sender: Scripted):
    product = Product.objects.create(name="Shoe")
    assert {*work(alias, sender)} == {"filled"}
    assert statuses() == {"blurb": "fresh", "vec": "fresh"}
    product.shop = 2
    product.save()
    found = Product.objects.get()
    assert (found.shop, found.blurb) == (2, "[Praise Shoe.]")
    assert len(found.vec) == 256
    assert statuses() == {"blurb": "fresh", "vec": "fresh"}
    assert found.state_of("blurb").spent_nanodollars == 10


def test_a_changed_source_is_asked_about_and_one_that_comes_back_is_not(alias: str, sender: Scripted):
    product = Product.objects.create(name="Shoe")
    work(alias, sender)
    asked = len(sender.asked)
    for name in ("Boot", "Shoe"):
        product.name = name
        product.save(update_fields=["name"])
        assert statuses()["blurb"] == "pending"
    work(alias, sender)
    assert len(sender.asked) == asked
    product.name = "Boot"
    product.save()
    work(alias, sender)
    assert Product.objects.get().blurb == "[Praise Boot.]"


def test_a_persons_own_words_are_kept_until_others_are_wished_for(alias: str, sender: Scripted):
    product = Product.objects.create(name="Shoe", blurb="Mine")
    work(alias, sender)
    product.name = "Boot"
    product.save()
    work(alias, sender)
    assert (Product.objects.get().blurb, statuses()["blurb"]) == ("Mine", "edited")
    product.refresh_column("blurb")
    work(alias, sender)
    assert Product.objects.get().blurb == "[Praise Boot.]"
    found = Product.objects.get()
    found.blurb = "Mine again"
    found.save()
    assert statuses()["blurb"] == "edited"
    found.blurb = None
    found.save()
    work(alias, sender)
    assert Product.objects.get().blurb == "[Praise Boot.]"
    with pytest.raises(AttributeError):
        product.state_of("name")


def test_changes_of_many_rows_at_once_are_written_down_too(alias: str, sender: Scripted):
    Product.objects.bulk_create([Product(name=f"Shoe {number}") for number in range(5)])
    work(alias, sender)
    Product.objects.filter(name="Shoe 3").update(name="Boot")
    assert FieldState.objects.filter(status="pending").count() == 1
    work(alias, sender)
    assert Product.objects.get(name="Boot").blurb == "[Praise Boot.]"
    Product.objects.filter(name="Boot").update(blurb="Mine")
    assert FieldState.objects.filter(status="edited").count() == 1
    Product.objects.filter(name="Boot").delete()
    Product.objects.first().delete()
    assert FieldState.objects.filter(field="blurb").count() == 3
    assert not hasattr(Product.objects, "delete")


def test_many_workers_ask_for_each_column_once_beside_whoever_writes(alias: str, sender: Scripted):
    Product.objects.bulk_create([Product(name=f"Shoe {number}") for number in range(20)])

    async def slow() -> None:
        await asyncio.sleep(0.002)

    def fill() -> None:
        try:
            work(alias, sender)
        finally:
            connections.close_all()

    sender.meanwhile = slow
    with ThreadPoolExecutor(3) as threads:
        workers = [threads.submit(fill) for _ in range(3)]
        for product in Product.objects.order_by("pk")[:5]:
            product.shop = 2
            product.save()
    for worker in workers:
        worker.result()
    work(alias, sender)
    prompts = [call.prompt for call in sender.asked if hasattr(call, "prompt")]
    assert sorted(prompts) == sorted(f"Praise Shoe {number}." for number in range(20))
    assert {*FieldState.objects.values_list("status", flat=True)} == {"fresh"}
    assert Product.objects.filter(blurb=None).count() == 0


@pytest.mark.parametrize("by_manager", [True, False])
def test_a_row_that_changes_while_its_value_is_made_gets_that_of_what_it_is(
    alias: str, sender: Scripted, by_manager: bool
):
    Product.objects.create(name="Shoe")

    async def change() -> None:
        sender.meanwhile = None
        manager = Product.objects if by_manager else Product._base_manager
        await manager.filter(name="Shoe").aupdate(name="Boot")

    sender.meanwhile = change
    assert "outdated" in work(alias, sender)
    assert Product.objects.get().blurb == "[Praise Boot.]"


def test_a_row_that_is_deleted_meanwhile_leaves_nothing(alias: str, sender: Scripted):
    Product.objects.create(name="Shoe")

    async def remove() -> None:
        await models.QuerySet(Product, using=alias).adelete()

    sender.meanwhile = remove
    work(alias, sender)
    assert statuses() == {}


def test_failures_are_tried_again_or_listed(alias: str, sender: Scripted):
    product = Product.objects.create(name="Shoe")
    sender.said = [TooMany("No.", status=429, code="rate_limit_exceeded", retry_after_s=9.0)]
    assert work(alias, sender) == ["delayed"]
    assert product.state_of("blurb").error_code == "rate_limit_exceeded"
    rest()
    sender.said = [Invalid("No.", status=400, code="context_length_exceeded")]
    assert work(alias, sender) == ["failed"]
    assert statuses() == {"blurb": "failed"}
    call_command("ai_backfill", "shop.Product.blurb", database=alias, stdout=StringIO())
    assert statuses() == {"blurb": "failed"}
    call_command("ai_backfill", "shop.Product.blurb", "--retry-failed", database=alias, stdout=StringIO())
    assert statuses() == {"blurb": "pending"}
    product.name = "Boot"
    product.save()
    work(alias, sender)
    assert Product.objects.get().blurb == "[Praise Boot.]"


def test_a_tenant_finds_its_own_and_pages_are_the_whole(alias: str, sender: Scripted):
    Product.objects.bulk_create([Product(name="x" * number, shop=number % 2, blurb="-") for number in range(1, 9)])
    for product in Product.objects.all():
        vector = [float(len(product.name)), 1.0] + [0.0] * 254
        Product._base_manager.filter(pk=product.pk).update(vec=vector)
    ranked = Product.objects.filter(shop=0).similar_to([1.0] + [0.0] * 255, field="vec")
    assert [len(product.name) for product in ranked] == [8, 6, 4, 2]
    assert [len(product.name) for product in [*ranked[:2], *ranked[2:4]]] == [8, 6, 4, 2]
    assert ranked.first().similarity == pytest.approx(8 / 65**0.5, abs=1e-5)
    near = Product.objects.similar_to([1.0] + [0.0] * 255, field="vec", min_similarity=0.99)
    assert near.count() == 1
    assert Product.objects.similar_to("cats", field="vec").count() == 8
    assert Product.objects.similar_to("cats", field="vec").count() == 8
    assert len(sender.asked) == 1
    with pytest.raises(FieldDoesNotExist):
        Product.objects.similar_to("cats", field="name")


def test_a_row_may_have_a_long_name(alias: str, sender: Scripted):
    address = "https://example.com/" + 'a"é/' * 200
    Page.objects.create(address=address)
    assert work(alias, sender) == ["filled"]
    assert Page.objects.get(pk=address).blurb == f"[Praise {address}.]"


def test_words_count_beside_the_vector_where_that_is_wanted(alias: str, sender: Scripted):
    for number in range(1, 5):
        Product.objects.create(name=f"100% Shoe-{number}")
    work(alias, sender)
    asked = "praise: 'shoe' 3 of cats"
    plain = {it.pk: it.similarity for it in Product.objects.similar_to(asked, field="vec")}
    how = {"field": "vec", "words_in": ["name", "blurb"]}
    for product in Product.objects.similar_to(asked, weight=0.4, **how):
        words = (3 if product.name.endswith("3") else 2) / 5
        assert product.similarity == pytest.approx(0.6 * plain[product.pk] + 0.4 * words, abs=1e-5)
    named = Product.objects.similar_to(asked, field="vec", words_in=["name"], weight=1).values_list("similarity")
    assert [round(one, 5) for (one,) in named] == [0.4, 0.2, 0.2, 0.2]
    Product.objects.filter(name__endswith="3").update(shop=2)
    assert Product.objects.filter(shop=1).similar_to(asked, weight=1, min_similarity=0.5, **how).count() == 0
    with pytest.raises(ValueError, match="between 0"):
        Product.objects.similar_to("x", weight=2, **how)
    with pytest.raises(ValueError, match="a text"):
        Product.objects.similar_to([1.0] * 256, **how)


async def test_who_awaits_can_ask_too(alias: str, sender: Scripted):
    await Product.objects.acreate(name="Shoe")
    await sync_to_async(work)(alias, sender)
    ranked = await Product.objects.asimilar_to("cats", field="vec")
    assert [product.name async for product in ranked] == ["Shoe"]


def test_vectors_are_ranked_where_pgvector_keeps_them_too():
    for number in range(4):
        Picture.objects.create(id=number, title="-", vec=[number, 1.0, 0.0] if number else None)
    ranked = Picture.objects.similar_to([2.0, 0.0, 0.0], field="vec", min_similarity=0.8)
    assert [(picture.pk, round(picture.similarity, 4)) for picture in ranked] == [(3, 0.9487), (2, 0.8944)]
    assert ranked.last().vec == pytest.approx((0.8944, 0.4472, 0.0), abs=1e-4)


def test_the_commands_count_price_ask_and_fill(alias: str, sender: Scripted):
    models.QuerySet(Product, using=alias).bulk_create([Product(name="Shoe") for _ in range(3)])
    said = StringIO()
    price = ("--input-usd-per-million", "2.50", "--output-usd-per-million", "10")
    call_command("ai_backfill", "shop.Product.blurb", "--dry-run", *price, database=alias, stdout=said)
    assert "3 missing, 0 stale" in said.getvalue()
    assert "9 tokens in, 45 out at most, by estimate: $0.0004725" in said.getvalue()
    assert statuses() == {}
    call_command("ai_backfill", "shop.Product", database=alias, stdout=said)
    call_command("ai_work", "--drain", database=alias, stdout=said)
    assert statuses() == {"blurb": "fresh", "vec": "fresh"}
    for wrong in ("shop", "shop.None", "shop.Product.name"):
        with pytest.raises(CommandError):
            call_command("ai_backfill", wrong, database=alias)


def test_whoever_listens_is_told_after_the_commit(alias: str):
    told: list[Any] = []

    def listen(sender: Any, **_: Any) -> None:
        told.append(sender)

    wished.connect(listen)
    with transaction.atomic(using=alias):
        Product.objects.create(name="Shoe")
        assert told == []
    assert told == [Product]


@isolate_apps("shop")
def test_a_model_that_cannot_be_is_told_by_djangos_checks():
    class Bare(models.Model):
        text = GeneratedText(sources=["none"], prompt="{none}", model="m")
        vec = EmbeddingField(dims=3)

        class Meta:
            app_label = "shop"

    assert [found.id for found in Bare.check()] == ["tollhouse.E002", "tollhouse.E003", "tollhouse.E001"]


def test_what_a_model_is_asked_is_no_part_of_the_schema(alias: str):
    said = StringIO()
    call_command("makemigrations", "tollhouse", check=True, dry_run=True, stdout=said)
    field = Product._meta.get_field("vec")
    assert field.deconstruct()[3] == {"blank": True, "dims": 256, "editable": False, "null": True, "pgvector": False}
    _, path, _, options = Product._meta.get_field("blurb").deconstruct()
    assert (path, options) == ("tollhouse.contrib.django.fields.GeneratedText", {"blank": True, "null": True})
