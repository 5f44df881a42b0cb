"""The table of states."""

from typing import Any, ClassVar

from django.db import migrations, models


class Migration(migrations.Migration):
    """From nothing."""

    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar[list[Any]] = [
        migrations.CreateModel(
            name="FieldState",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("entity", models.CharField(max_length=255)),
                ("pk_json", models.TextField()),
                ("field", models.CharField(max_length=255)),
                ("status", models.CharField(max_length=16)),
                ("version", models.BigIntegerField(default=1)),
                ("wanted", models.CharField(max_length=64, null=True)),
                ("fingerprint", models.CharField(max_length=64, null=True)),
                ("made", models.CharField(max_length=64, null=True)),
                ("model", models.TextField(null=True)),
                ("request_id", models.TextField(null=True)),
                ("due_at", models.DateTimeField()),
                ("made_at", models.DateTimeField(null=True)),
                ("lease", models.CharField(max_length=64, null=True)),
                ("lease_until", models.DateTimeField(null=True)),
                ("attempts", models.IntegerField(default=0)),
                ("answers", models.IntegerField(default=0)),
                ("error_code", models.TextField(null=True)),
                ("error", models.TextField(null=True)),
                ("spent_nanodollars", models.BigIntegerField(default=0)),
            ],
            options={
                "db_table": "ai_field_state",
                "indexes": [models.Index(fields=["status", "due_at"], name="ai_field_state_due")],
                "constraints": [
                    models.UniqueConstraint(fields=("entity", "pk_json", "field"), name="ai_field_state_name")
                ],
            },
        ),
    ]
