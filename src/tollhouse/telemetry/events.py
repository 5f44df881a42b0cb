"""What is worth telling: the names of all log events."""

from __future__ import annotations

from enum import StrEnum


class Event(StrEnum):
    """Every event that is logged. A contract test holds the source to this list."""

    SERVER_STARTED = "server.started"
    SERVER_DRAINING = "server.draining"
    SERVER_STOPPED = "server.stopped"
    SETTINGS_CHANGED = "settings.changed"
    SETTINGS_DOUBTFUL = "settings.doubtful"
    PROVIDERS_PAUSED = "providers.paused"
    BREAKER_RESET = "breaker.reset"
    STORE_MIGRATED = "store.migrated"
    STORE_FAILED = "store.failed"
    REDIS_LOST = "redis.lost"
    REDIS_BACK = "redis.back"
    CREDENTIAL_IMPORTED = "credential.imported"
    CREDENTIAL_FAILED = "credential.failed"
    AUTHENTICATION_REFUSED = "authentication.refused"
    REQUEST_FINISHED = "request.finished"
    REQUEST_FAILED = "request.failed"
    GUARD_FAILED = "guard.failed"
    JOB_FAILED = "job.failed"
    JOBS_STRANDED = "jobs.stranded"
    JOBS_TAKEN_UP = "jobs.taken_up"
    WORKER_STARTED = "worker.started"
    WORKER_STOPPED = "worker.stopped"
    HOLDS_RESOLVED = "holds.resolved"
    LEDGER_DRIFTED = "ledger.drifted"
    CLOCK_STEPPED = "clock.stepped"
    ALERTS_RAISED = "alerts.raised"
    DELIVERY_FAILED = "delivery.failed"
    WEBHOOK_GONE = "webhook.gone"
    SPANS_DROPPED = "spans.dropped"
    LOG_FILE_FAILED = "log_file.failed"
