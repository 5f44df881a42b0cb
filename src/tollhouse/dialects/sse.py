"""Server-sent events: bytes to frames, and frames to bytes.

WHATWG HTML, section 9.2 "Server-sent events" (read 2026-11-22). A frame keeps the bytes it came in, so that a stream is
passed on exactly as it was said; only its data is looked at.
"""

from __future__ import annotations

import re

import msgspec

from tollhouse import errors

PING = b": ping\n\n"
"""A comment: keeps idle connections open, and means nothing to the reader."""

_BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(rb"\r\n|\n|\r")
# After LF, a CR ends the blank line only together with the byte behind it: it may be half of a CRLF.
_FRAME_END = re.compile(rb"\n\n|\r\r|\n\r(?:\n|(?=[^\n]))")
_LONGEST_END_BYTES = 3


class Frame(msgspec.Struct, frozen=True):
    """One event, or a comment.

    Attributes:
        event: the event's type, when it names one.
        data: its data, lines joined by LF. Empty when there is nothing to dispatch: a comment, or stray blank lines.
        id: the event's own id, when it gives one.
        raw: exactly the bytes it came in, blank line included; the raws joined, and the reader's rest, are the stream.
    """

    event: str | None
    data: bytes
    id: str | None
    raw: bytes


END = Frame(None, b"", None, b"")
"""The end of the body: for a dialect without a last event of its own, it is that."""


class Reader:
    """Cuts a stream into frames, however the network cut it into chunks."""

    def __init__(self, max_frame_bytes: int = 8 * 1024 * 1024) -> None:
        self._max_frame_bytes = max_frame_bytes
        self._pending = bytearray()
        self._searched_bytes = 0
        self._at_start = True

    @property
    def is_between_frames(self) -> bool:
        """Nothing of a frame is pending, and the stream has begun."""
        return not (self._pending or self._at_start)

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that `chunk` completes.

        Raises:
            UpstreamIncomplete: a frame is larger than the bound.
        """
        # A third LF at the end would begin the next frame.
        is_whole = chunk[:6] == b"data: " and chunk[-2:] == b"\n\n" and chunk[-3:-2] != b"\n" and b"\r" not in chunk
        if is_whole and not self._pending:
            return self._whole(chunk)
        self._pending += chunk
        frames = []
        while end := _FRAME_END.search(self._pending, self._searched_bytes):
            frames.append(self._take(end.end()))
        self._searched_bytes = max(0, len(self._pending) - _LONGEST_END_BYTES)
        self._check_size(len(self._pending))
        return frames

    @property
    def rest(self) -> bytes:
        """What has come of a frame that is not complete."""
        return bytes(self._pending)

    def _whole(self, chunk: bytes) -> list[Frame]:
        """The usual case: the chunk is some `data: …` frames and nothing else."""
        self._at_start = False
        if chunk.find(b"\n") == len(chunk) - 2:
            self._check_size(len(chunk))
            return [Frame(None, chunk[6:-2], None, chunk)]
        frames = []
        for block in chunk[:-2].split(b"\n\n"):
            self._check_size(len(block) + 2)
            frames.append(_read_frame(block + b"\n\n"))
        return frames

    def _take(self, size_bytes: int) -> Frame:
        self._check_size(size_bytes)
        raw = bytes(self._pending[:size_bytes])
        del self._pending[:size_bytes]
        self._searched_bytes = 0
        frame = _read_frame(raw, skip=len(_BOM) if self._at_start and raw.startswith(_BOM) else 0)
        self._at_start = False
        return frame

    def _check_size(self, size_bytes: int) -> None:
        if size_bytes > self._max_frame_bytes:
            raise errors.UpstreamIncomplete(
                f"The provider sent an event of more than {self._max_frame_bytes} bytes.", may_have_billed=True
            )


def frame(data: bytes, event: str | None = None) -> bytes:
    """One event as bytes; data of several lines becomes several `data:` lines."""
    if b"\n" in data or b"\r" in data:
        data = b"\ndata: ".join(_LINE_END.split(data))
    if event is None:
        return b"data: " + data + b"\n\n"
    return b"event: " + event.encode() + b"\ndata: " + data + b"\n\n"


def _read_frame(raw: bytes, skip: int = 0) -> Frame:
    """Interpret one block as the standard says: unknown fields and comments are ignored."""
    if raw[:6] == b"data: " and raw.find(b"\n") == len(raw) - 2 and b"\r" not in raw:
        return Frame(None, raw[6:-2], None, raw)
    event = event_id = None
    lines: list[bytes] = []
    for line in _LINE_END.split(raw[skip:]):
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            lines.append(value)
        elif name == b"event":
            event = value.decode(errors="replace")
        elif name == b"id" and b"\0" not in value:
            event_id = value.decode(errors="replace")
    # Without a data field nothing is dispatched, and the type is forgotten.
    return Frame((event or None) if lines else None, b"\n".join(lines), event_id, raw)
