"""The blocks of a page, as a reader of the file finds them."""

import json
import re
from typing import Any

_BLOCK = re.compile(
    r'<script type="application/json" class="infraplan-(\w+)">(.*?)</script>', re.DOTALL
)


def blocks_of(html: str) -> list[tuple[str, dict[str, Any]]]:
    """Return each block of a page: `page` or `layer`, and what it holds."""
    return [(kind, json.loads(text)) for kind, text in _BLOCK.findall(html)]


def layers_of(html: str) -> dict[str, dict[str, Any]]:
    """Return the layers of a page by their names."""
    return {block["name"]: block for kind, block in blocks_of(html) if kind == "layer"}
