"""`manage.py ai_backfill shop.Product.blurb --dry-run`: asks for what is missing or stale, or counts and prices it."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from tollhouse.columns.estimate import Price
from tollhouse.contrib.django.backfill import backfill
from tollhouse.contrib.django.entity import entity_of
from tollhouse.money.amounts import usd_text


class Command(BaseCommand):
    """The command."""

    help = "Ask for columns that are missing or stale, or only count them and their price."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", help="app.Model, or app.Model.column")
        parser.add_argument("--dry-run", action="store_true", help="count, and change nothing")
        parser.add_argument("--retry-failed", action="store_true", help="ask again for what could not be filled")
        parser.add_argument("--database", default="default")
        parser.add_argument("--input-usd-per-million", help="the model's price, such as 2.50")
        parser.add_argument("--output-usd-per-million", default="0")

    def handle(self, *args: Any, **options: Any) -> None:
        app, _, rest = options["what"].partition(".")
        name, _, column = rest.partition(".")
        try:
            entity = entity_of(apps.get_model(app, name))
        except (LookupError, ValueError) as error:
            raise CommandError(f"{error} Say `app.Model`, or `app.Model.column`.") from None
        if not entity.fields or (column and column not in entity.fields):
            known = ", ".join(entity.fields) or "none"
            raise CommandError(f"{options['what']} is not filled by a model; in {entity.name} these are: {known}.")
        dear_in = options["input_usd_per_million"]
        price = (
            None
            if dear_in is None
            else Price(input_usd_per_million=dear_in, output_usd_per_million=options["output_usd_per_million"])
        )
        fields = [column] if column else list(entity.fields)
        how = {"dry_run": options["dry_run"], "retry_failed": options["retry_failed"], "price": price}
        found = backfill(entity, fields, options["database"], **how)
        counts = ("missing", "stale", "fresh", "pending", "failed", "kept", "gone")
        self.stdout.write(", ".join(f"{getattr(found, count)} {count}" for count in counts))
        cost = "price not told" if found.cost is None else f"${usd_text(found.cost)}"
        self.stdout.write(f"{found.input_tokens} tokens in, {found.output_tokens} out at most, by estimate: {cost}")
