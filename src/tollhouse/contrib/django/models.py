"""The table of states: what is to be filled, what has been, and what could not. One row for each row and column."""

from __future__ import annotations

from django.db import models


class FieldState(models.Model):
    """What is known of one column of one row.

    Attributes:
        entity, pk_json, field: the model's label, the row's primary key as JSON, and the column.
        version: raised by each change and each wish for another value.
        wanted: the fingerprint that the row had when it was last saved.
        fingerprint: what the present value is made of.
        made: names the value itself, so that a person's own is recognised.
    """

    entity = models.CharField(max_length=255)
    pk_json = models.TextField()
    field = models.CharField(max_length=255)
    status = models.CharField(max_length=16)
    version = models.BigIntegerField(default=1)
    wanted = models.CharField(max_length=64, null=True)
    fingerprint = models.CharField(max_length=64, null=True)
    made = models.CharField(max_length=64, null=True)
    model = models.TextField(null=True)
    request_id = models.TextField(null=True)
    due_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    lease = models.CharField(max_length=64, null=True)
    lease_until = models.DateTimeField(null=True)
    attempts = models.IntegerField(default=0)
    answers = models.IntegerField(default=0)
    error_code = models.TextField(null=True)
    error = models.TextField(null=True)
    spent_nanodollars = models.BigIntegerField(default=0)

    class Meta:
        db_table = "ai_field_state"
        constraints = (models.UniqueConstraint(fields=["entity", "pk_json", "field"], name="ai_field_state_name"),)
        indexes = (models.Index(fields=["status", "due_at"], name="ai_field_state_due"),)

    def __str__(self) -> str:
        return f"{self.entity}.{self.field} of {self.pk_json}: {self.status}"
