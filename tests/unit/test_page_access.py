"""Who sees the status page: without a token, signing in, forms from elsewhere, and the headers of every answer."""

from __future__ import annotations

import re

import aiohttp
import pytest
from fakeredis import FakeAsyncRedis

from config.problems import ConfigError
from config.settings import read as read_settings
from tests.page_client import PRIVATE, Browser
from tests.page_world import HELD_ROUTE, LONG, ROUTE, TOKEN, World, plan, world
from webhook_receiver.page.security import COOKIE, HEADERS, local_path

pytestmark = pytest.mark.usefixtures("receiver_secrets")


ACTS = (
    "/sign-out",
    f"/routes/{HELD_ROUTE}/approve",
    "/dead-letters",
    "/deliveries/replay",
    "/clean-up",
)


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
