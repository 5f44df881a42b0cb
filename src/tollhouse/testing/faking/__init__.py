"""Rules: what models answer to an application under test, over the wire and in every dialect.

```python
with fake() as ai:
    ai.chat(model="gpt-*", contains="Eloquent").reply("An ORM.", usage=(30, 15))
    ai.chat().script(error(429, retry_after=2), drop_after(tokens=5), reply("ok"))
    ai.embed().deterministic(dims=1536)
    ai.moderate(contains="kill").flag("violence")
```

A layer over the script language of `tollhouse.testing`: there one says what happens on a line, step by step, here what
is answered to whom. The provider, its dialects and its bill are the same.
"""

from tollhouse.testing.faking.answers import call, drop_after, error, fail_after, reply, stall_after
from tollhouse.testing.faking.asked import Asked, Said
from tollhouse.testing.faking.block import fake
from tollhouse.testing.faking.called import Asking, Called
from tollhouse.testing.faking.fake import AiFake

__all__ = [
    "AiFake",
    "Asked",
    "Asking",
    "Called",
    "Said",
    "call",
    "drop_after",
    "error",
    "fail_after",
    "fake",
    "reply",
    "stall_after",
]
