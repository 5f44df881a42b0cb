"""`manage.py ai_work`: fills columns until it is stopped; with `--drain` until nothing is due."""

from __future__ import annotations

import random
from typing import Any

from asgiref.sync import async_to_sync
from django.core.management.base import BaseCommand, CommandParser

from tollhouse.clock import Clock
from tollhouse.columns.worker import Worker
from tollhouse.contrib.django.asking import sender
from tollhouse.contrib.django.shelf import Shelf


class Command(BaseCommand):
    """The command."""

    help = "Fill columns. Any number may run at once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--drain", action="store_true", help="end when nothing is due")
        parser.add_argument("--database", default="default")
        parser.add_argument("--at-once", type=int, default=8, help="calls under way")

    def handle(self, *args: Any, **options: Any) -> None:
        worker = Worker(
            shelf=Shelf(options["database"]),
            sender=sender(),
            clock=Clock(),
            chance=random.random,
            at_once=options["at_once"],
        )
        if options["drain"]:
            self.stdout.write(f"{async_to_sync(worker.drain)()} columns were looked at")
        else:
            async_to_sync(worker.run)()
