"""The status page over HTTP: who sees what, what is refused, and that its buttons do what the commands do."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import AsyncIterator
from html.parser import HTMLParser
from typing import Any

import aiohttp
import pytest
from fakeredis import FakeAsyncRedis
from redis.exceptions import ConnectionError as RedisConnectionError

from config.problems import ConfigError
from config.settings import read as read_settings
from tests.page_world import HELD_ROUTE, LONG, NASTY, ROUTE, TOKEN, World, fill, plan, world
from webhook_receiver.page.rendering import span
from webhook_receiver.page.security import COOKIE, HEADERS, local_path
from worker.ledger.clean_ups import State as CleanUpState
from worker.publisher import LOOK
from worker.queue.keys import DirtyKey
from worker.queue.values import Source

PRIVATE = (
    "/runs",
    "/runs/run000000001",
    f"/routes/{HELD_ROUTE}",
    "/failures",
    "/dead-letters",
    "/deliveries",
    "/drift",
    f"/drift?route={ROUTE}",
    "/clean-up",
    "/clean-up.csv",
    "/clean-up.json",
)
ACTS = (
    "/sign-out",
    f"/routes/{HELD_ROUTE}/approve",
    "/dead-letters",
    "/deliveries/replay",
    "/clean-up",
)
VOID = {"meta", "link", "input", "img", "wbr", "br"}


@pytest.fixture(autouse=True)
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCTOSYNC_HOOK_0", "a-secret")
    monkeypatch.setenv("OCTOSYNC_KEY", "API-AAAAAAAAAAAAAAAAAAAAAAAAA")


class Browser:
    """One that sends what browsers send, and keeps cookies."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url
        self.origin: str | None = url
        self.headers: dict[str, str] = {}

    async def get(self, path: str, status: int = 200) -> str:
        async with self.session.get(self.url + path, allow_redirects=False) as answer:
            self.headers = dict(answer.headers)
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def post(self, path: str, fields: Any, status: int = 303, **headers: str) -> str:
        sent = {**({"Origin": self.origin} if self.origin else {}), **headers}
        async with self.session.post(self.url + path, data=fields, headers=sent, allow_redirects=False) as answer:
            self.headers = dict(answer.headers)
            assert answer.status == status, await answer.text()
            return await answer.text()

    async def sign_in(self, token: str = TOKEN, status: int = 303, next_: str = "") -> str:
        return await self.post("/sign-in", {"token": token, "person": "Ada", "next": next_}, status)

    async def csrf(self) -> str:
        [token] = set(re.findall(r'name="csrf" value="([^"]+)"', await self.get("/clean-up")))
        return token

    async def act(self, path: str, *fields: tuple[str, str]) -> str:
        """A form of the page, sent. Returns where it leads."""
        await self.post(path, [("csrf", await self.csrf()), *fields])
        return self.headers["Location"]


FILLED: list[tuple[bytes, bytes]] = []
"""What :func:`fill` writes, so that it need not be thought out for every test anew."""


@pytest.fixture
async def page(fake_redis: FakeAsyncRedis) -> AsyncIterator[World]:
    async with world(fake_redis) as one:
        if not FILLED:
            await fill(one.state)
            FILLED.extend([(key, await fake_redis.dump(key)) for key in await fake_redis.keys("*")])
        else:
            async with fake_redis.pipeline(transaction=False) as pipe:
                for key, value in FILLED:
                    pipe.restore(key, 0, value)
                await pipe.execute()
        yield one


@pytest.fixture
async def browser(page: World) -> AsyncIterator[Browser]:
    # An address for a host: cookies are kept for those only if one says so.
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        yield Browser(session, page.url)


@pytest.fixture
async def ada(browser: Browser) -> Browser:
    """Signed in."""
    await browser.sign_in()
    return browser


class TestWithoutAToken:
    async def test_counts_states_and_lag_are_there_for_anybody(self, browser: Browser) -> None:
        text = await browser.get("/")
        assert ROUTE in text
        assert "held" in text
        rows = re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)
        [row] = [row for row in rows if f">{ROUTE}<" in row]
        assert re.findall(r'data-label="(?:Queued|Running|Failed)".*?>(\d+)<', row) == ["2", "1", "3"]
        assert "ago" in row

    async def test_and_nothing_else(self, browser: Browser) -> None:
        text = await browser.get("/")
        for word in ("OctoFX", "Notifications", LONG, "alert(1)", "Too many updates", "no route to host", "Projects-"):
            assert word not in text, word
        assert "prod/" not in text, "neither which spaces are synced"
        assert "by hand" not in text

    @pytest.mark.parametrize("path", PRIVATE)
    async def test_the_rest_leads_to_signing_in(self, browser: Browser, path: str) -> None:
        assert "OctoFX" not in await browser.get(path, 303)
        assert browser.headers["Location"].startswith("/sign-in?next=")

    @pytest.mark.parametrize("path", ACTS)
    async def test_nothing_can_be_done(self, page: World, browser: Browser, path: str) -> None:
        await browser.post(path, {"do": "drop-all", "plan": plan().hash, "csrf": ""}, 403)
        assert len(await page.state.queue.dead_letters()) == 3
        assert not await page.state.ledger.held.is_approved(HELD_ROUTE, plan().hash)

    async def test_nobody_can_sign_in_where_no_token_is_set(self, fake_redis: FakeAsyncRedis) -> None:
        async with world(fake_redis, token=None) as one, aiohttp.ClientSession() as session:
            browser = Browser(session, one.url)
            assert "OCTOSYNC_STATUS_TOKEN" in await browser.get("/")
            assert "OCTOSYNC_STATUS_TOKEN" in await browser.get("/sign-in")
            for token in ("", "None", TOKEN):
                await browser.sign_in(token, 404)
            await browser.get("/runs", 303)

    def test_a_token_that_is_easy_to_guess_is_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OCTOSYNC_STATUS_TOKEN", "secret")
        with pytest.raises(ConfigError, match="fewer than 16 characters") as raised:
            read_settings()
        assert "secret" not in str(raised.value).replace("openssl", "")


class TestSigningIn:
    async def test_the_cookie_is_out_of_reach(self, browser: Browser) -> None:
        await browser.sign_in()
        cookie = browser.headers["Set-Cookie"]
        assert cookie.startswith(f"{COOKIE}=")
        assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= {part.strip() for part in cookie.split(";")}
        assert "Secure" not in cookie
        await browser.post("/sign-in", {"token": TOKEN}, 303, **{"X-Forwarded-Proto": "https"})
        assert "Secure" in browser.headers["Set-Cookie"]

    @pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", TOKEN.upper(), "\u0000", "x" * 5_000])
    async def test_a_wrong_token(self, browser: Browser, token: str) -> None:
        assert "not the token" in await browser.sign_in(token, 403)
        assert "Set-Cookie" not in browser.headers
        await browser.get("/runs", 303)

    async def test_too_many_tries(self, browser: Browser) -> None:
        for _ in range(10):
            await browser.sign_in("wrong", 403)
        assert "Too many wrong tokens" in await browser.sign_in(TOKEN, 429)
        assert int(browser.headers["Retry-After"]) > 0

    async def test_it_leads_to_where_one_wanted_to_go(self, browser: Browser) -> None:
        await browser.get("/clean-up?reason=conflict", 303)
        form = await browser.get(browser.headers["Location"])
        [next_] = re.findall(r'name="next" value="([^"]*)"', form)
        await browser.sign_in(next_=next_)
        assert browser.headers["Location"] == "/clean-up?reason=conflict"

    @pytest.mark.parametrize(
        "elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:x", "", "/\r\nX: y"]
    )
    async def test_and_never_elsewhere(self, browser: Browser, elsewhere: str) -> None:
        await browser.sign_in(next_=elsewhere)
        assert browser.headers["Location"] == "/"
        assert local_path(elsewhere) == "/"

    async def test_signing_out_ends_the_session_for_good(self, ada: Browser, page: World) -> None:
        stolen = {cookie.key: cookie.value for cookie in ada.session.cookie_jar}
        assert await ada.act("/sign-out") == "/"
        async with aiohttp.ClientSession(cookies=stolen, cookie_jar=aiohttp.CookieJar(unsafe=True)) as thief:
            await Browser(thief, page.url).get("/runs", 303)

    async def test_another_token_ends_all_sessions(self, fake_redis: FakeAsyncRedis, ada: Browser, page: World) -> None:
        async with world(fake_redis, token="another-token-than-before") as other:
            ada.url = other.url
            await ada.get("/runs", 303)


class TestForms:
    FIELDS = (("do", "drop-all"),)

    async def refused(self, page: World, ada: Browser, *fields: tuple[str, str], **headers: str) -> None:
        await ada.post("/dead-letters", [*self.FIELDS, *fields], 403, **headers)
        assert len(await page.state.queue.dead_letters()) == 3

    async def test_without_the_token_of_the_session(self, page: World, ada: Browser) -> None:
        await self.refused(page, ada)
        await self.refused(page, ada, ("csrf", "x" * 32))

    async def test_with_the_token_of_another_session(self, page: World, ada: Browser) -> None:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            other = Browser(session, page.url)
            await other.sign_in()
            await self.refused(page, ada, ("csrf", await other.csrf()))

    @pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:1", ""])
    async def test_from_another_site(self, page: World, ada: Browser, origin: str) -> None:
        await self.refused(page, ada, ("csrf", await ada.csrf()), Origin=origin)

    async def test_from_nobody_knows_where(self, page: World, ada: Browser) -> None:
        ada.origin = None
        await self.refused(page, ada, ("csrf", await ada.csrf()))
        await self.refused(page, ada, ("csrf", await ada.csrf()), **{"Sec-Fetch-Site": "cross-site"})

    async def test_signing_in_from_another_site(self, browser: Browser) -> None:
        browser.origin = "https://evil.example"
        await browser.sign_in(status=403)

    async def test_behind_a_proxy_that_calls_us_by_another_name(self, page: World, ada: Browser) -> None:
        csrf = await ada.csrf()
        ada.origin = "https://octosync.example.com"
        await ada.post("/dead-letters", [*self.FIELDS, ("csrf", csrf)], **{"X-Forwarded-Host": "octosync.example.com"})
        assert await page.state.queue.dead_letters() == []

    async def test_what_no_form_of_ours_asks_for(self, ada: Browser) -> None:
        csrf = await ada.csrf()
        for path in ("/dead-letters", "/clean-up"):
            await ada.post(path, {"csrf": csrf, "do": "explode"}, 400)
        await ada.post(f"/routes/{HELD_ROUTE}x/approve", {"csrf": csrf, "plan": ""}, 404)
        await ada.post("/runs", {"csrf": csrf}, 405)


class TestHeaders:
    @pytest.mark.parametrize("path", ["/", "/sign-in", "/runs", "/nothing", "/static/page.css", "/static/nothing"])
    async def test_every_answer_has_them(self, browser: Browser, path: str) -> None:
        async with browser.session.get(browser.url + path, allow_redirects=False) as answer:
            assert HEADERS.items() <= answer.headers.items()

    async def test_nothing_inline_and_nothing_from_elsewhere(self, ada: Browser) -> None:
        for path in ("/", *PRIVATE[:-2]):
            text = await ada.get(path)
            assert HEADERS.items() <= ada.headers.items()
            assert ada.headers["Cache-Control"] == "no-store"
            assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|<script(?![^>]*src=)", text), path
            assert {one[:1] for one in re.findall(r'(?:src|href|action)="([^"]*)"', text)} <= {"/", "#"}, path

    async def test_exports_too(self, ada: Browser) -> None:
        for form in ("csv", "json"):
            await ada.get(f"/clean-up.{form}")
            assert HEADERS.items() <= ada.headers.items()
            assert "attachment" in ada.headers["Content-Disposition"]

    async def test_what_does_not_change_may_be_kept(self, browser: Browser) -> None:
        [sheet] = re.findall(r'href="(/static/page.css[^"]*)"', await browser.get("/"))
        await browser.get(sheet)
        assert "immutable" in browser.headers["Cache-Control"]
        assert browser.headers["Content-Type"].startswith("text/css")

    async def test_no_file_but_ours(self, browser: Browser) -> None:
        for name in ("..%2fpages.py", "../pages.py", "%2e%2e/templates/base.html", "page.css/"):
            await browser.get(f"/static/{name}", 404)


class Markup(HTMLParser):
    """Notes elements that are closed wrongly, scripts, and ids that come twice."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.scripts: list[str | None] = []
        self.ids: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "script":
            self.scripts.append(given.get("src"))
        if given.get("id"):
            self.ids.append(str(given["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


class TestViews:
    @pytest.mark.parametrize("path", ["/", "/sign-in", "/nothing", *PRIVATE[:-2]])
    async def test_the_markup_is_sound_whatever_names_hold(self, ada: Browser, path: str) -> None:
        text = await ada.get(path, {"/nothing": 404, "/sign-in": 303}.get(path, 200))
        if not text:
            return
        markup = Markup()
        markup.feed(text)
        assert (markup.wrong, markup.open) == ([], [])
        assert len(markup.scripts) == 1
        assert str(markup.scripts[0]).startswith("/static/page.js")
        assert len(markup.ids) == len(set(markup.ids))
        assert "\u202e" not in text, "a sign that turns the reading direction"

    async def test_a_run_with_its_plan_as_a_diff(self, ada: Browser) -> None:
        text = await ada.get("/runs/run000000000")
        assert re.search(r'class="line removed in8">-Write-Host &#34;step 7&#34;<', text)
        assert re.search(r'class="line added in8">\+Write-Host &#34;step seven&#34;<', text)
        assert re.search(r'class="line destroys.*also deletes: 3 values of tenant Acme', text)
        assert "&lt;script&gt;alert(1)" in text
        assert "hook-000000000000" in text
        assert "Ada &lt;ada&gt;: INC-42 &amp; more" in text

    async def test_how_far_a_comparison_is(self, ada: Browser) -> None:
        assert "350 of 1000 items, 3 differ" in await ada.get(f"/routes/{ROUTE}")

    async def test_runs_narrowed_and_in_pages(self, ada: Browser) -> None:
        first = await ada.get("/runs")
        assert first.count('href="/runs/run') == 50
        [following] = re.findall(r'href="(/runs\?from=[^"]*)" rel="next"', first)
        assert (await ada.get(following)).count('href="/runs/run') == 10
        failed = await ada.get(f"/runs?outcome=failed&route={HELD_ROUTE}")
        assert 'class="badge bad">error' in failed
        assert 'class="badge good">changed' not in failed
        assert f'href="/routes/{ROUTE}">' not in failed

    async def test_failures_tell_what_the_servers_said(self, ada: Browser) -> None:
        text = await ada.get("/failures")
        assert "PUT /api/Spaces-1/projects: no route to host" in text
        assert "PUT /api/libraryvariablesets answered 503" in text
        assert "library-variable-set/<wbr>Notifications" in text
        assert "409: The name is taken." in text
        letters = await ada.get("/dead-letters")
        assert "The lifecycle &#39;Two-phase&#39; cannot be found." in letters

    async def test_servers_that_are_too_far_apart(self, ada: Browser, page: World) -> None:
        route = page.routes.route(ROUTE)
        for end, version in ((route.source, "2023.1.1"), (route.destination, "2023.4.1")):
            await page.state.ledger.servers.note(end.instance, "https://octopus.example.com/", version, "")
        shown = await ada.get(f"/routes/{ROUTE}")
        assert 'class="problem">Octopus 2023.1 → 2023.4: 3 releases apart' in shown

    async def test_what_would_not_work_stands_with_the_plan(self, ada: Browser) -> None:
        text = await ada.get("/runs/run000000000")
        assert "Steps[Deploy]: no target has the role &lt;web&gt; (role-without-target)" in text

    async def test_drift(self, ada: Browser) -> None:
        assert "2 edited items of dev-route" in await ada.get("/drift")
        text = await ada.get(f"/drift?route={ROUTE}")
        assert "&#34;as we wrote it&#34; -&gt; &#34;as it is &lt;b&gt;now&lt;/b&gt;&#34;" in text
        assert "never compared" in await ada.get(f"/drift?route={HELD_ROUTE}")

    async def test_what_the_night_found_amiss(self, ada: Browser) -> None:
        assert "1 finding of dev-route" in await ada.get("/drift")
        text = await ada.get(f"/drift?route={ROUTE}")
        assert "Steps[Deploy]: runs in worker pool &#39;&lt;b&gt;Big&lt;/b&gt;&#39; (worker-pool-empty)" in text
        assert "not checked: targets" in text

    @pytest.mark.parametrize(
        "path",
        [
            "/runs?from=-1&route=nobody&outcome=%00",
            "/runs?from=99999999999999",
            "/clean-up?state=nonsense&route=x&after=%ff&words=%25&reason=|",
            "/deliveries?before=garbage",
            "/dead-letters?from=abc",
            "/drift?from=7777&route=dev-route",
            f"/routes/{HELD_ROUTE}?from=1000",
            "/?done=<script>&count=x",
            "/?done=closed&count=<b>",
        ],
    )
    async def test_strange_addresses(self, ada: Browser, path: str) -> None:
        text = await ada.get(path)
        assert "<script>" not in text
        assert "<b>" not in text

    @pytest.mark.parametrize("path", ["/runs/nothing", "/routes/nothing", "/nothing", "/clean-up.xml"])
    async def test_what_is_not_there(self, ada: Browser, path: str) -> None:
        text = await ada.get(path, 404)
        assert "Not found" in text
        assert "Sign out" in text, "and one is signed in all the same"

    async def test_without_redis(self, ada: Browser, page: World, monkeypatch: pytest.MonkeyPatch) -> None:
        async def away(*_: object, **__: object) -> None:
            raise RedisConnectionError

        monkeypatch.setattr(page.state.ledger.sessions, "get", away)
        for path in ("/runs", "/"):
            assert "Redis does not answer" in await ada.get(path, 503)
            assert HEADERS.items() <= ada.headers.items()

    async def test_a_bug_shows_no_traceback(self, ada: Browser, page: World, monkeypatch: pytest.MonkeyPatch) -> None:
        async def broken(*_: object, **__: object) -> None:
            raise ValueError("very-private")

        monkeypatch.setattr(page.state.ledger.runs, "newest", broken)
        text = await ada.get("/runs", 500)
        assert "very-private" not in text
        assert "Traceback" not in text


class TestActs:
    async def test_approving_exactly_the_plan_that_was_shown(self, page: World, ada: Browser) -> None:
        shown = await ada.get(f"/routes/{HELD_ROUTE}")
        [plan_hash] = re.findall(r'name="plan" value="(\w+)"', shown)
        assert "done=approved" in await ada.act(f"/routes/{HELD_ROUTE}/approve", ("plan", plan_hash))
        assert await page.state.ledger.held.is_approved(HELD_ROUTE, plan_hash)
        key = DirtyKey(HELD_ROUTE, "Projects-1")
        assert (LOOK, [str(key)], "octosync.events") in page.told.messages
        claim = await page.state.queue.claim(key, 1_000)
        assert claim.requested_by == "Ada"
        assert "is approved" in await ada.get(f"/routes/{HELD_ROUTE}?done=approved")

    async def test_not_a_plan_that_came_meanwhile(self, page: World, ada: Browser) -> None:
        await page.state.ledger.held.hold(HELD_ROUTE, "again", "another", key=f"{HELD_ROUTE}|Projects-1")
        assert "done=other-plan" in await ada.act(f"/routes/{HELD_ROUTE}/approve", ("plan", plan().hash))
        held = await page.state.ledger.held.get(HELD_ROUTE)
        assert held is not None
        assert not held.approved

    async def test_dead_letters_one_by_one(self, page: World, ada: Browser) -> None:
        first, second, third = (str(one.key) for one in await page.state.queue.dead_letters())
        assert "done=retried&count=1" in await ada.act("/dead-letters", ("do", f"retry {first}"))
        assert "done=dropped&count=1" in await ada.act("/dead-letters", ("do", "drop"), ("key", second))
        assert [str(one.key) for one in await page.state.queue.dead_letters()] == [third]
        assert (LOOK, [first], "octosync.events") in page.told.messages
        claim = await page.state.queue.claim(DirtyKey.parse(first), 1_000)
        assert (claim.requested_by, claim.sources) == ("Ada", (Source.WEBHOOK, Source.CLI))

    async def test_all_dead_letters_or_none(self, page: World, ada: Browser) -> None:
        assert "done=nothing" in await ada.act("/dead-letters", ("do", "retry"))
        assert "done=nothing" in await ada.act("/dead-letters", ("do", "drop not-a-key"))
        assert "done=retried&count=3" in await ada.act("/dead-letters", ("do", "retry-all"))
        assert await page.state.queue.dead_letters() == []

    async def test_replaying_one_delivery(self, page: World, ada: Browser) -> None:
        entry = next(one for one in await page.state.inbox.journal() if one.delivery.keys)
        assert "done=replayed&count=1" in await ada.act("/deliveries/replay", ("entry", entry.entry_id))
        [key] = entry.delivery.keys
        assert (LOOK, [str(key)], "octosync.events") in page.told.messages
        await ada.post("/deliveries/replay", {"csrf": await ada.csrf(), "entry": "1-1"}, 404)

    async def test_replaying_all_since_a_time(self, page: World, ada: Browser) -> None:
        assert "done=nothing" in await ada.act("/deliveries/replay", ("since", "2126-01-01 00:00"))
        assert "done=no-time" in await ada.act("/deliveries/replay", ("since", "yesterday"))
        page.told.messages.clear()
        assert "done=replayed&count=1" in await ada.act("/deliveries/replay", ("since", "2026-01-01"))
        assert page.told.messages == [(LOOK, [f"{ROUTE}|variableset-Projects-1"], "octosync.events")]

    async def test_closing_with_a_note(self, page: World, ada: Browser) -> None:
        [one, two, *_] = (await page.state.ledger.clean_ups.page(ROUTE)).entries
        fields = [("entry", f"{ROUTE} {one.key}"), ("entry", f"{ROUTE} {two.key}"), ("entry", f"nobody {one.key}")]
        back = ("back", "/clean-up?reason=conflict&done=closed&count=9")
        led = await ada.act("/clean-up", *fields, back, ("do", "close"), ("note", "in the vault"))
        assert led == "/clean-up?reason=conflict&done=closed&count=2"
        entry = await page.state.ledger.clean_ups.get(ROUTE, one.key)
        assert entry is not None
        assert (entry.state, entry.closed_by, entry.note) == (CleanUpState.CLOSED, "Ada", "in the vault")
        assert "Ada: in the vault" in await ada.get("/clean-up?state=closed")
        assert "count=1" in await ada.act("/clean-up", ("do", "reopen"), fields[0])

    async def test_closing_one_by_its_own_button(self, page: World, ada: Browser) -> None:
        [one, two, *_] = (await page.state.ledger.clean_ups.page(ROUTE)).entries
        ticked = ("entry", f"{ROUTE} {two.key}")
        assert "count=1" in await ada.act("/clean-up", ticked, ("do", f"close {ROUTE} {one.key}"))
        assert (await page.state.ledger.clean_ups.get(ROUTE, two.key)).state is CleanUpState.OPEN  # type: ignore[union-attr]  # it is there

    async def test_back_is_never_elsewhere(self, ada: Browser) -> None:
        led = await ada.act("/clean-up", ("do", "close"), ("back", "https://evil.example/"))
        assert led.startswith("/?")


class TestCleanUp:
    async def test_narrowed(self, ada: Browser) -> None:
        text = await ada.get("/clean-up?reason=conflict")
        assert text.count('name="entry"') == 20
        assert "20 entries" in text
        assert "source: &#34;was&#34; -&gt; &#34;is&#34;" in text
        assert (await ada.get(f"/clean-up?route={HELD_ROUTE}")).count('name="entry"') == 1
        assert (await ada.get("/clean-up?words=project%200003")).count('name="entry"') == 5
        assert "nothing of this kind" in await ada.get("/clean-up?words=zzz")

    async def test_pages(self, ada: Browser) -> None:
        first = await ada.get("/clean-up")
        assert first.count('name="entry"') == 50
        [following] = re.findall(r'href="(/clean-up\?after=[^"]*)" rel="next"', first)
        second = await ada.get(following.replace("&amp;", "&"))
        assert second.count('name="entry"') == 11
        assert 'href="/clean-up">To the beginning' in second

    async def test_exports_are_narrowed_alike(self, ada: Browser) -> None:
        whole = json.loads(await ada.get("/clean-up.json"))
        assert len(whole) == 61
        assert any(one["item"] == ["project", NASTY] for one in whole), "as they are: this is for programs"
        some = list(csv.DictReader(io.StringIO((await ada.get("/clean-up.csv?reason=conflict")).strip("\ufeff"))))
        assert len(some) == 20
        assert {row["reason"] for row in some} == {"conflict"}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (59.9, "59 s"),
        (60, "1 min"),
        (3_725, "1 h 2 min"),
        (3_605, "1 h"),
        (200_000, "2 d 7 h"),
        (-5, "0 s"),
    ],
)
def test_spans(seconds: float, words: str) -> None:
    assert span(seconds) == words
