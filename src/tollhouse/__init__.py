"""Tollhouse: one door to every model provider, exact about money.

The path of a request
---------------------

A client sends `POST /v1/chat/completions`, or what Anthropic's and Google's clients send instead, or texts to embed or
to judge. uvicorn owns the socket; `api.protocol` hands the request, as a `Peer`, to the surface of that dialect,
`api.openai` and its siblings, which reads head and body and knows no rules. From there `gateway.answer` tells the rest,
each verb a file of its own:

*identify* asks whose token this is, and remembers the caller for a few seconds. *admit* counts the request against the
caller's limits, on which processes agree (`gateway.agree`). *screen* lets the operator's guards look at what is asked,
and later at what is answered (`guard`); where there are none it is not there. *route* is pure: from the model's name,
the operator's aliases and the caller's credentials it makes a list of candidates, best first. *recall*, where the
operator wants it, looks whether the same was answered before (`cache`): then it is said again, and nothing of what
follows costs anything.

*call* asks them in turn, in an order that *choose* makes of it: whom the route prefers by its strategy first, and
nobody who keeps failing (`upstream.breaker`) or whom an operator lets rest (`gateway.paused`). Before each attempt
*hold* works out the most it may cost (`money.prices`) and sets that aside in every budget it belongs to
(`money.ledger`): a row written by the process's one writer (`store.writer`) in the same transaction as whatever else
the event loop brought in that turn. Only then is the credential opened (`vault`), the request rewritten by its dialect,
or translated for a provider of another one (`gateway.translate`, over the words that all `dialects` share), and sent
(`upstream.client`). Whoever fails before a first meaningful event may be tried again or elsewhere (`upstream.retry`);
after it there is no second try, because the caller has heard.

What the provider says passes through in its own bytes (`gateway.speech`), or is said in the client's dialect
(`gateway.translated`); the *tally* only looks. A client that hangs up is missed by `api.live`, which lets the answer
go on for a moment, because its price comes at its end. In the one `finally`, *finish* hands the settlement of the
hold and the request's row to the writer, without an `await`, so that no client who hangs up and no cancellation can
come between an answer and its price. If the process dies first, the hold still names it: at the next start
`gateway.recover` charges it as *unconfirmed* and writes the row that the hold carried.

Applications ask through `client`, or any client that they have, and may let columns of their own tables be filled
through it (`orm`, `contrib.django`): that path `columns` tells.

Whoever looks for the order of things reads `gateway/answer.py`; for how they are built, `app`; for what may import
what, the contracts in `pyproject.toml`.
"""

__version__ = "0.1.0"
