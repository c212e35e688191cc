"""What the demo prints: for each edit the webhook, the plan, the requests spent and the result, in a few lines."""

from __future__ import annotations

import json
import time
from typing import Any

from rich.console import Console
from rich.text import Text

from worker.ledger.clean_ups import CleanUpEntry
from worker.ledger.runs import Run
from worker.plan.values import printed
from worker.queue.inbox import JournalEntry
from worker.queue.values import Source

__all__ = ["Story"]

SIGNS = {"create": "+", "update": "~", "delete": "-"}
MOST_CHANGES = 6
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
        plan: dict[str, Any] = json.loads(run.plan) if run.plan else {"actions": []}
        self.line("plan", f"{run.key.partition('|')[2]}: {run.summary or run.outcome}")
        for action in plan["actions"]:
            self._action(action)
        spent = ", ".join(f"{count} to {instance}" for instance, count in run.requests.items())
        self.line("requests", f"{sum(run.requests.values())} in all ({spent})")

    def _action(self, action: dict[str, Any]) -> None:
        sign = SIGNS.get(action["op"])
        if sign is not None:
            self.line("", f"{sign} {action['op']} {action['name']}", "green" if sign == "+" else "yellow")
            changes = action["changes"]
            for change in changes[:MOST_CHANGES]:
                self.line("", f"    {change['where']}: {_short(change['before'])} → {_short(change['after'])}", "dim")
            if len(changes) > MOST_CHANGES:
                self.line("", f"    and {len(changes) - MOST_CHANGES} more", "dim")
        elif action["op"] in {"skip", "block"}:
            self.line("", f"· {action['op']} {action['name']}", "magenta")
        for decision in action["decisions"]:
            if decision["rule"] not in {"shared-name", "include"}:
                self.line(
                    "", f"    because {decision['where'] or 'it'}: {decision['text']}  [{decision['rule']}]", "dim"
                )

    def result(self, lines: list[str]) -> None:
        for text in lines:
            self.line("result", text, "bold")

    def clean_ups(self, entries: list[CleanUpEntry]) -> None:
        self.chapter(f"The clean-up list: {len(entries)} things that a person must finish on the destination")
        for one in entries[:MOST_CLEAN_UPS]:
            self.line(one.entry.reason[:9], f"{printed(one.entry.item)}  {one.entry.where}: {one.entry.text}")
        if len(entries) > MOST_CLEAN_UPS:
            self.line("", f"and {len(entries) - MOST_CLEAN_UPS} more: octosync cleanup list")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= 70 else f"{text[:67]}…"
