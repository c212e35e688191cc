"""The status page in a real Chromium: wide and narrow, light and dark, by keyboard, without scripts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from fakeredis import FakeAsyncRedis
from playwright.async_api import Browser, Page, Request, expect

from tests.browser import chromium
from tests.page_world import HELD_ROUTE, ROUTE, TOKEN, World, fill, plan, world
from webhook_receiver.page import routes
from worker.ledger.clean_ups import State
from worker.queue.keys import DirtyKey
from worker.queue.values import Source

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(240)]

CHECKS = (Path(__file__).parents[1] / "browser_checks.js").read_text()
VIEWS = (
    "/",
    f"/routes/{HELD_ROUTE}",
    "/runs",
    "/runs/run000000000",
    "/failures",
    "/dead-letters",
    "/deliveries",
    "/drift",
    f"/drift?route={ROUTE}",
    "/clean-up",
    "/clean-up?state=closed",
    "/nothing",
)


@dataclass
class Tab:
    """A page of the browser, and what went wrong in it."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    async def open(self, path: str) -> None:
        await self.page.goto(self.url + path)

    async def sign_in(self) -> None:
        await self.open("/sign-in")
        await self.page.get_by_label("Status token").fill(TOKEN)
        await self.page.get_by_label("Your name").fill("Ada")
        await self.page.get_by_role("button", name="Sign in").click()
        await self.page.get_by_role("button", name="Sign out").wait_for()

    async def focused(self) -> str:
        """What has the focus, by what a person calls it."""
        found: str = await self.page.evaluate(
            """() => {
              const one = document.activeElement;
              return one.getAttribute("aria-label") || one.labels?.[0]?.textContent || one.textContent;
            }"""
        )
        return " ".join(found.split())


@asynccontextmanager
async def tab(
    browser: Browser, one: World, *, width: int = 1280, scheme: str = "light", scripts: bool = True
) -> AsyncIterator[Tab]:
    context = await browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light",
        viewport={"width": width, "height": 800},
        java_script_enabled=scripts,
    )
    found = Tab(await context.new_page(), one.url)

    def asked(request: Request) -> None:
        if not request.url.startswith(f"{one.url}/"):
            found.strangers.append(request.url)

    found.page.on("request", asked)
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    found.page.on(
        "console",
        lambda said: found.errors.append(said.text) if said.type == "error" and "404" not in said.text else None,
    )
    try:
        yield found
    finally:
        await context.close()
    assert (found.errors, found.strangers) == ([], []), "an error, a breach of the policy, or something from elsewhere"


@pytest.fixture
async def filled(fake_redis: FakeAsyncRedis, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[World]:
    monkeypatch.setenv("OCTOSYNC_HOOK_0", "a-secret")
    monkeypatch.setenv("OCTOSYNC_KEY", "API-AAAAAAAAAAAAAAAAAAAAAAAAA")
    async with world(fake_redis) as one:
        await fill(one.state)
        yield one


async def test_every_view_can_be_read_by_everybody(filled: World) -> None:
    """Contrast, names, headings, nothing cut off: in both schemes, down to the narrowest telephone."""
    found: dict[str, list[str]] = {}
    [entry, *_] = (await filled.state.ledger.clean_ups.page(ROUTE)).entries
    await filled.state.ledger.clean_ups.close(ROUTE, entry.key, "Ada", "done by hand")
    async with chromium() as browser:
        for scheme in ("light", "dark"):
            for width in (1280, 768, 320):
                async with tab(browser, filled, width=width, scheme=scheme) as one:
                    for path in ("/", "/sign-in"):
                        await one.open(path)
                        found[f"{scheme} {width} {path}, before signing in"] = await one.page.evaluate(CHECKS)
                    await one.sign_in()
                    for path in VIEWS:
                        await one.open(path)
                        found[f"{scheme} {width} {path}"] = await one.page.evaluate(CHECKS)
    assert {where: what for where, what in found.items() if what} == {}


async def test_the_scheme_is_that_of_the_person(filled: World) -> None:
    grounds = {}
    async with chromium() as browser:
        for scheme in ("light", "dark"):
            async with tab(browser, filled, scheme=scheme) as one:
                await one.open("/")
                grounds[scheme] = await one.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert grounds["light"] != grounds["dark"]


async def test_all_of_it_by_keyboard(filled: World) -> None:
    async with chromium() as browser, tab(browser, filled) as one:
        keyboard = one.page.keyboard
        await one.open("/sign-in")
        assert await one.focused() == "Status token"
        await keyboard.type(TOKEN)
        await keyboard.press("Tab")
        assert await one.focused() == "Your name"
        await keyboard.type("Ada")
        await keyboard.press("Enter")
        await one.page.get_by_role("button", name="Sign out").wait_for()

        await one.open("/clean-up?reason=conflict")
        order = []
        for _ in range(10):
            await keyboard.press("Tab")
            order.append(await one.focused())
        assert order == [
            *("Skip to the content", "Octosync", "Routes", "Runs", "Failures", "Dead letters", "Deliveries", "Drift"),
            *("Clean-up", "Sign out"),
        ]
        outline = await one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid", "where the focus is can be seen"

        await one.open("/clean-up?reason=conflict")
        await keyboard.press("Tab")
        await keyboard.press("Enter")
        assert await one.page.evaluate("document.activeElement.id") == "main"
        while not (await one.focused()).startswith("Tick project/"):
            await keyboard.press("Tab")
        await keyboard.press("Space")
        while await one.focused() != "Close ticked":
            await keyboard.press("Shift+Tab")
        await keyboard.press("Enter")
        assert await one.page.get_by_role("status").inner_text() == "1 closed."
    assert sum((await filled.state.ledger.clean_ups.counts(ROUTE))[State.CLOSED].values()) == 1


async def test_it_asks_before_it_drops_and_before_it_approves(filled: World) -> None:
    async with chromium() as browser, tab(browser, filled) as one:
        asked: list[str] = []
        answers = [False, True, True]

        async def answer(dialog: object) -> None:
            asked.append(dialog.message)  # type: ignore[attr-defined]  # it is a Dialog
            await (dialog.accept() if answers.pop(0) else dialog.dismiss())  # type: ignore[attr-defined]  # as above

        one.page.on("dialog", answer)
        await one.sign_in()
        await one.open("/dead-letters")
        await one.page.get_by_role("button", name="Drop all 3").click()
        assert len(await filled.state.queue.dead_letters()) == 3
        await one.page.get_by_role("button", name="Drop all 3").click()
        await one.page.get_by_text("3 dropped.").wait_for()
        assert await filled.state.queue.dead_letters() == []

        await one.open(f"/routes/{HELD_ROUTE}")
        await one.page.get_by_role("button", name=f"Approve plan {plan().hash}").click()
        await one.page.get_by_text("The workers apply exactly this plan.").wait_for()
        assert await filled.state.ledger.held.is_approved(HELD_ROUTE, plan().hash)
        assert [one.split()[0] for one in asked] == ["Drop", "Drop", "Apply"]


async def test_ticking_all_at_once(filled: World) -> None:
    async with chromium() as browser, tab(browser, filled) as one:
        await one.sign_in()
        await one.open("/clean-up")
        all_ = one.page.get_by_label("Tick all of this page")
        ticks = one.page.locator("input[name=entry]")
        await ticks.first.check()
        assert await all_.evaluate("one => one.indeterminate")
        await all_.check()
        assert await one.page.locator("input[name=entry]:checked").count() == 50
        await one.page.get_by_label("Note").fill("all of them")
        await one.page.get_by_role("button", name="Close ticked").click()
        await one.page.get_by_text("50 closed.").wait_for()
        assert await ticks.count() == 11


async def test_the_first_page_keeps_fresh_unless_told_not_to(filled: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "BELIEVED_S", 0.0)
    async with chromium() as browser, tab(browser, filled) as one:
        await one.page.clock.install()
        await one.open("/")
        queued = one.page.locator(".tiles li", has_text="queued").locator(".big")
        assert await queued.inner_text() == "3"
        await filled.state.queue.mark([DirtyKey(ROUTE, f"Channels-{n}") for n in range(7)], source=Source.CLI)
        await one.page.clock.fast_forward(10_000)
        await expect(queued).to_have_text("10")
        still = one.page.get_by_label("keep fresh")
        assert await still.is_checked()
        await still.uncheck()
        await one.open("/")
        assert not await still.is_checked(), "it is remembered"


async def test_without_scripts_nothing_is_missing(filled: World) -> None:
    async with chromium() as browser, tab(browser, filled, scripts=False) as one:
        await one.sign_in()
        await one.open(f"/clean-up?route={HELD_ROUTE}")
        await one.page.get_by_role("button", name="Close project/").click()
        await one.page.get_by_text("1 closed.").wait_for()
        await one.open("/dead-letters")
        await one.page.get_by_role("button", name="Retry project/OctoFX").click()
        await one.page.get_by_text("1 to be tried again.").wait_for()
        await one.page.get_by_role("button", name="Sign out").click()
        await one.page.get_by_role("link", name="Sign in", exact=True).first.wait_for()


async def test_what_a_name_holds_is_run_by_no_browser(filled: World) -> None:
    async with chromium() as browser, tab(browser, filled) as one:
        ran: list[str] = []
        one.page.on("dialog", lambda dialog: ran.append(dialog.message))
        await one.sign_in()
        for path in VIEWS:
            await one.open(path)
        assert await one.page.locator("script:not([src])").count() == 0
        assert ran == []
