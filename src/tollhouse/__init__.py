"""Tollhouse: one door to every model provider, exact about money.

The path of a request
---------------------

A client sends `POST /v1/chat/completions`. uvicorn owns the socket; `api.protocol` hands the request, as a `Peer`, to
the route in `api.openai`, which reads head and body and knows no rules. From there `gateway.answer` tells the rest,
each verb a file of its own:

*identify* asks whose token this is, and remembers the caller for a few seconds. *admit* counts the request against the
caller's limits. *route* is pure: from the model's name, the operator's aliases and the caller's credentials it makes a
list of candidates, best first.

*call* asks them in turn. Before each attempt the most it may cost is worked out (`money.prices`) and set aside in every
budget it belongs to (`money.ledger`): a *hold*, written by the process's one writer (`store.writer`) in the same
transaction as whatever else the event loop brought in that turn. Only then is the credential opened (`vault`), the
request rewritten by its dialect (`dialects`), and sent (`upstream.client`). Whoever fails before a first meaningful
event may be tried again or elsewhere (`upstream.retry`); after it there is no second try, because the caller has
heard.

What the provider says passes through in its own bytes (`gateway.speech`); the *tally* only looks. In the one `finally`,
*finish* hands the settlement of the hold and the request's row to the writer, without an `await`, so that no client who
hangs up and no cancellation can come between an answer and its price. If the process dies first, the hold still names
it: at the next start `gateway.recover` charges it as *unconfirmed* and writes the row that the hold carried.

Whoever looks for the order of things reads `gateway/answer.py`; for how they are built, `app.py`; for what may import
what, the contracts in `pyproject.toml`.
"""

__version__ = "0.1.0"
