"""Waiting for a page whose policy forbids it to evaluate text, as Playwright's own way does."""

from typing import Any

PATIENCE_MS, STEP_MS = 20_000, 50


def wait_until(tab: Any, script: str) -> None:
    """Wait until an expression is true on a page."""
    for _ in range(PATIENCE_MS // STEP_MS):
        if tab.evaluate(script):
            return
        tab.wait_for_timeout(STEP_MS)
    msg = f"not so after {PATIENCE_MS / 1000:.0f} s: {script}"
    raise AssertionError(msg)
