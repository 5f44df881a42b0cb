"""A whole Tollhouse in a test: the real gateway over an empty SQLite file, whose every provider is a fake.

```python
with fake() as ai, running(ai) as tollhouse:
    ai.chat().reply("An ORM.", usage=(30, 15))
    tollhouse.turn("What is Eloquent?").assert_messages(["user", "assistant"])
    tollhouse.assert_spent("0.000225")
```

It is that of `tollhouse.testing.gateway` with a clock that stands, and with assertions. Nothing of it is pretended but
the providers and the time: HTTP, ledger, limits and database are those that run in production. Leaving it verifies the
ledger.
"""

from tollhouse.testing.whole.crashing import Crashing, CrashPoints
from tollhouse.testing.whole.ran import Ran, Runs
from tollhouse.testing.whole.running import running
from tollhouse.testing.whole.tollhouse import Caller, Tollhouse, Turned

__all__ = ["Caller", "CrashPoints", "Crashing", "Ran", "Runs", "Tollhouse", "Turned", "running"]
