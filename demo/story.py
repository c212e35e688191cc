"""What the demo prints: for each edit the webhook, the plan, the requests spent and the result, in a few lines."""

from __future__ import annotations

import json
import time

from rich.console import Console
from rich.text import Text

from worker.ledger.clean_ups import CleanUpEntry
from worker.ledger.runs import Run
from worker.plan import json as plan_json
from worker.plan.console import print_action
from worker.plan.lines import shown
from worker.plan.values import Action, printed
from worker.queue.inbox import JournalEntry
from worker.queue.values import Source

__all__ = ["Story"]

INDENT = 13
"""The width of a label."""
MOST_LINES = 16
"""Of one long value."""
MOST_CLEAN_UPS = 40


class Story:
    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self.began = time.monotonic()

    def chapter(self, title: str) -> None:
        self.console.print()
        self.console.print(Text(f"━━ {title} ", style="bold cyan"))

    def line(self, label: str, text: str, style: str = "") -> None:
        self.console.print(Text.assemble((f"   {label:<9} ", "dim"), (text, style)))

    def webhooks(self, entries: list[JournalEntry]) -> None:
        if not entries:
            self.line("webhook", "none arrived", "yellow")
        for entry in entries:
            one = entry.delivery
            batch = f" ({one.number} of {one.total} in its batch)" if one.number and one.total else ""
            how = "webhook" if one.via is Source.WEBHOOK else str(one.via)
            self.line(how, f"{one.event_id} {one.category} {one.document_id or '—'}{batch}: {one.verdict}")

    def run(self, run: Run) -> None:
        self.line("plan", f"{run.key.partition('|')[2]}: {run.summary or run.outcome}")
        if run.plan:
            for action in shown(plan_json.from_dict(json.loads(run.plan))):
                self._action(action, run.id)
        spent = ", ".join(f"{count} to {instance}" for instance, count in run.requests.items())
        self.line("requests", f"{sum(run.requests.values())} in all ({spent})")

    def _action(self, action: Action, run_id: str) -> None:
        """As `octosync runs show` has it, but cut."""
        left_out = print_action(self.console, action, indent=INDENT, most=MOST_LINES)
        if left_out:
            self.line("", f"    … and {left_out} more lines: octosync runs show {run_id}", "dim")

    def result(self, lines: list[str]) -> None:
        for text in lines:
            self.line("result", text, "bold")

    def clean_ups(self, entries: list[CleanUpEntry]) -> None:
        self.chapter(f"The clean-up list: {len(entries)} things that a person must finish on the destination")
        for one in entries[:MOST_CLEAN_UPS]:
            self.line("by hand", f"{printed(one.entry.item)}  {one.entry.where}: {one.entry.text}")
        if len(entries) > MOST_CLEAN_UPS:
            self.line("", f"and {len(entries) - MOST_CLEAN_UPS} more: octosync cleanup list")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began
