"""What the status page shows: sound markup, its views, the clean-up list, and what it says when something is wrong."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from tests.page_client import PRIVATE, Browser
from tests.page_world import HELD_ROUTE, NASTY, ROUTE, World
from webhook_receiver.page import routes
from webhook_receiver.page.rendering import span
from webhook_receiver.page.security import HEADERS

VOID = {"meta", "link", "input", "img", "wbr", "br"}


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

    async def test_what_needs_a_person_leads_there(
        self, ada: Browser, page: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(routes, "BELIEVED_S", 0.0)
        tiles = re.findall(r'<a href="([^"]+)"><span class="big">(\d+)</span> ([a-z ]+)</a>', await ada.get("/"))
        held = f"/routes/{HELD_ROUTE}"
        assert tiles == [(held, "1", "held"), ("/dead-letters", "3", "failed"), ("/clean-up", "61", "to do by hand")]
        await page.state.ledger.held.release(HELD_ROUTE)
        for letter in await page.state.queue.dead_letters():
            await page.state.queue.drop(letter.key)
        quiet = await ada.get("/")
        assert '<span class="big">0</span> held' in quiet
        assert '<span class="big">0</span> failed' in quiet

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
