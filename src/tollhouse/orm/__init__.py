"""Generated and embedded columns, and similarity, for applications that use SQLAlchemy 2.

    class Post(AIModel, Base):
        __tablename__ = "posts"
        id: Mapped[int] = mapped_column(primary_key=True)
        body: Mapped[str]
        summary: Mapped[str | None] = generated(from_=("body",), prompt="Sum up: {body}", model="cheap")
        vec: Mapped[tuple[float, ...] | None] = embedded(("body",), model="embed-small", dims=1536)

A session that flushes a `Post` writes down what is to be filled (`capture`, `states`); a worker, made by a `Kit`,
fills it (`tollhouse.columns`, which tells the whole path, over `shelf`); `backfill` finds what no session saw.
`similar` ranks rows by their vectors (`vector`), in SQL: it composes with any `select`.
"""

from tollhouse.columns.asking import Sender, Threaded
from tollhouse.columns.events import Event
from tollhouse.columns.finding import Found
from tollhouse.columns.worker import Worker
from tollhouse.orm.kit import Failure, Kit
from tollhouse.orm.model import AIModel, embedded, generated
from tollhouse.orm.similarity import Similar, similar
from tollhouse.orm.states import FieldState

__all__ = [
    "AIModel",
    "Event",
    "Failure",
    "FieldState",
    "Found",
    "Kit",
    "Sender",
    "Similar",
    "Threaded",
    "Worker",
    "embedded",
    "generated",
    "similar",
]
