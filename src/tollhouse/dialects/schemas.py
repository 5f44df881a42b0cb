"""JSON Schemas that an answer or a call must keep to, as far as dialects differ in them."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Raw

_BOUNDS: Final = re.compile(
    rb'"(?:minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minLength|maxLength'
    rb"|minItems|maxItems|uniqueItems|prefixItems|contains|minContains|maxContains"
    rb"|minProperties|maxProperties|patternProperties|propertyNames|dependentRequired|dependentSchemas"
    rb'|not|if|then|else)"\s*:'
)


def has_bounds(schema: Raw | None) -> bool:
    """Whether it asks for more than types, names and values. A property of such a name looks like a bound, too."""
    return schema is not None and _BOUNDS.search(schema) is not None
