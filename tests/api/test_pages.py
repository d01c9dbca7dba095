"""The pages for people, in a real browser: the open tasks at /, each call to try at /docs/, the
tour.

Screenshots are kept with the results of scripts/test.
"""

import json
import re
import subprocess

import pytest

from client import assert_error, ok, unique
from conftest import ROOT, own_stack
from described import document
from market import post_task

DENY_ALL = "default-src 'none'; frame-ancestors 'none'"
PAGES = ["/", "/docs/", "/tour.html"]
WWW = ROOT / "conf" / "www"
NO_DEMO = {"password": None, "accounts": {}}

# --- as files ---


def directives(answer):
    policy = answer.headers["content-security-policy"]
    return {words.split()[0]: words.split()[1:] for words in policy.split(";")}


@pytest.mark.parametrize("path", PAGES)
def test_a_page_may_load_from_here_alone_and_runs_nothing_inline(stack, path):
    page = stack.http.get(path)
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    policy = directives(page)
    images = {"img-src": ["'self'", "data:"]} if path == "/docs/" else {}
    assert policy == {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "form-action": ["'none'"],
        "frame-ancestors": ["'none'"],
        **images,
    }
    assert page.headers["x-content-type-options"] == "nosniff"
    assert page.headers["strict-transport-security"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|\bon\w+=|style=|https?://", page.text)


@pytest.mark.parametrize("path", [*PAGES, "/page.css", "/page.js", "/docs/docs.js"])
def test_a_file_is_kept_by_its_etag(stack, path):
    first = stack.http.get(path)
    assert first.headers["cache-control"] == "no-cache"
    again = stack.http.get(path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_openapi_document_is_served_as_it_is_printed(stack, api):
    served = api.get("/openapi.json", headers={"Origin": "http://localhost:3000"})
    here = [{"url": f"{stack.base_url}/api"}]
    assert ok(served) == {**document(), "servers": here}
    assert served.headers["content-type"] == "application/json; charset=utf-8"
    assert served.headers["cache-control"] == "no-cache"
    assert served.headers["content-security-policy"] == DENY_ALL
    assert served.headers["access-control-allow-origin"] == "http://localhost:3000"
    assert "etag" in served.headers["access-control-expose-headers"].lower()
    kept = {"If-None-Match": served.headers["etag"]}
    assert api.get("/openapi.json", headers=kept).status_code == 304
    assert api.options("/openapi.json").status_code == 204
    refused = api.post("/openapi.json")
    assert_error(refused, 405, "method_not_allowed")
    assert refused.headers["allow"] == "GET, HEAD, OPTIONS"


def test_beside_the_pages_there_is_nothing(stack):
    """No listing of folders, nothing above them, and the errors of the rest."""
    for path in ("/docs/swagger-ui/", "/api", "/docs/nothing", "/page.css/", "/docs/..%2f..%2fenv"):
        refused = stack.http.get(path)
        assert refused.status_code in (400, 404) and refused.json()["code"], path
        assert refused.headers["content-security-policy"] == DENY_ALL
    assert_error(stack.http.put("/nothing"), 404, "not_found")
    moved = stack.http.get("/docs")
    assert (moved.status_code, moved.headers["location"]) == (301, "/docs/")


def test_make_install_puts_the_same_files_where_nginx_looks(stack, tmp_path):
    build = stack.env()["MICROTASKCTL"].rsplit("/", 1)[0]
    subprocess.run(
        ["make", "-s", "-C", build, "install-data", f"DESTDIR={tmp_path}"],
        check=True,
        capture_output=True,
        timeout=300,
    )
    root = re.search(r"root (\S+);", (ROOT / "conf/microtask/pages.conf").read_text())[1]
    installed = tmp_path / root.removeprefix("/")

    def files(www):
        return {
            str(path.relative_to(www)): path.read_bytes()
            for path in www.rglob("*")
            if path.is_file() and "swagger-ui" not in path.parts
        }

    shipped, served = files(installed), files(stack.state / "www")
    assert json.loads(shipped.pop("docs/demo.json")) == NO_DEMO, "nobody's accounts but a development's"
    assert json.loads(served.pop("docs/demo.json"))["accounts"]
    served["api/openapi.json"] = shipped["api/openapi.json"]  # which do not name one address
    assert shipped == served


# --- the first page ---

DESKTOP, PHONE = (1280, 900, False), (390, 844, True)


FIRST_IS = "return document.querySelector('#tasks h3')?.textContent === arguments[0]"
TOO_WIDE = "return document.documentElement.scrollWidth > window.innerWidth"


def open_first_page(browser, stack):
    browser.open(stack.base_url + "/")
    browser.wait("return document.querySelector('#tasks li, #count:not(:empty)')")


def assert_quiet(browser):
    """Nothing was refused by the policy, missing, or went wrong in a script."""
    assert [entry for entry in browser.log() if entry[0] in ("SEVERE", "WARNING")] == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_first_page_shows_the_service_and_its_open_tasks(showcase, browser, size, scheme):
    browser.size(*size)
    browser.prefers(color_scheme=scheme)
    open_first_page(browser, showcase)
    listed = ok(showcase.api.get("/public/tasks", params={"limit": 100}))
    titles = "return [...document.querySelectorAll('#tasks h3')].map((one) => one.textContent)"
    assert browser.script(titles) == [task["task_title"] for task in listed["tasks"]][:12]
    assert browser.wait("return document.getElementById('version').textContent.match(/\\d.*/)") == [
        document()["info"]["version"]
    ]
    browser.wait("return document.getElementById('state').textContent === 'ready'")
    assert browser.find("#count").text.startswith(f"{listed['total']} task")
    assert not browser.script(TOO_WIDE), "nobody has to scroll sideways"
    assert browser.script(CONTRAST) == [], "text that is hard to read (ratio, text)"
    browser.screenshot(f"first-page-{'phone' if size[2] else 'desktop'}-{scheme}", whole=True)
    assert_quiet(browser)


# Every text against what is painted behind it, by the formula of WCAG 2; 4.5 is its level AA.
CONTRAST = """
const numbers = (color) => color.match(/[\\d.]+/g).map(Number);
const light = (color) => {
    const [r, g, b] = numbers(color).map((v) => v / 255)
        .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (one) => {
    const color = getComputedStyle(one).backgroundColor;
    return numbers(color)[3] === 0 && one.parentElement ? behind(one.parentElement) : color;
};
const found = [];
for (const one of document.body.querySelectorAll("*")) {
    const text = [...one.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join("").trim();
    if (!text || !one.checkVisibility()) continue;
    const [a, b] = [light(getComputedStyle(one).color), light(behind(one))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) found.push([ratio.toFixed(2), text]);
}
return found;
"""


def test_what_a_stranger_wrote_is_shown_as_text(showcase, browser):
    bad = "document.title='bad'"
    evil = f'<img src=x onerror="{bad}"><script>{bad}</script>{unique()}'
    open_first_page(browser, showcase)
    buyer = showcase.user("buyer", 1000, name="<b>Bold</b>")
    post_task(buyer, task_title=evil, task_detail=evil, category="<i>x</i>")
    look_again(browser)
    browser.wait(FIRST_IS, evil)
    assert browser.find("#tasks li").text.count("<img src=x") == 2
    assert "<b>Bold</b>" in browser.find("#tasks li").text
    assert browser.script("return document.querySelectorAll('main :is(img, script, b, i)').length") == 0
    assert browser.script("return document.title") == "microtask"
    browser.size(*PHONE)
    assert not browser.script(TOO_WIDE)
    browser.screenshot("first-page-strangers")
    assert_quiet(browser)


def look_again(browser):
    """As when somebody comes back to the tab; otherwise it looks every 15 s."""
    browser.script("document.dispatchEvent(new Event('visibilitychange'))")


COUNT_CALLS = """
const real = window.fetch;
window.calls = 0;
window.fetch = (...call) => { window.calls++; return real(...call); };
"""


def test_the_list_goes_with_the_market_while_it_is_watched(showcase, browser):
    """A new task appears, a closed one goes, and a screen reader is told how many there are."""
    open_first_page(browser, showcase)
    before = int(browser.find("#count").text.split()[0])
    buyer = showcase.user("buyer", 1000)
    task = post_task(buyer)
    look_again(browser)
    browser.wait(FIRST_IS, task["task_title"])
    told = "return document.querySelector('#count[role=status]').textContent.startsWith(arguments[0])"
    browser.wait(told, f"{before + 1} ")
    arrived = "return getComputedStyle(document.querySelector('#tasks li')).animationName"
    assert browser.script(arrived) == "arrive"
    browser.prefers(reduced_motion="reduce")
    assert browser.script(arrived) == "none", "who wants no motion sees none"
    ok(buyer.api.delete(f"/tasks/{task['_id']}"))
    browser.find("#refresh").click()
    browser.script(COUNT_CALLS)
    look_again(browser)
    assert browser.script("return window.calls") == 0, "who stopped it is left alone"
    browser.find("#refresh").click()
    look_again(browser)
    browser.wait(told, f"{before} ")
    assert not browser.script(FIRST_IS, task["task_title"])


def test_more_than_a_page_comes_when_asked_for(showcase, browser):
    buyer = showcase.user("buyer", 1000)
    posted = [post_task(buyer) for _ in range(13)]
    open_first_page(browser, showcase)
    count = "return document.querySelectorAll('#tasks li').length"
    assert browser.script(count) == 12
    browser.find("#more").click()
    browser.wait("return document.querySelectorAll('#tasks li').length > 12")
    focused = browser.wait("return document.activeElement.querySelector('h3')?.textContent")
    assert focused == posted[0]["task_title"], "the keyboard goes on at the first that came"
    for task in posted:
        ok(buyer.api.delete(f"/tasks/{task['_id']}"))


def press_tab(browser):
    key = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
    for kind in ("keyDown", "keyUp"):
        browser.cdp("Input.dispatchKeyEvent", type=kind, **key)


def test_all_of_it_is_reached_by_keyboard_and_one_sees_where_one_is(showcase, browser):
    open_first_page(browser, showcase)
    where = """
        const one = document.activeElement, style = getComputedStyle(one);
        const name = one.textContent.trim() || one.id;
        return [name, style.outlineStyle, one.getBoundingClientRect().left >= 0];
    """
    reached = []
    for _ in range(5):
        press_tab(browser)
        name, outline, visible = browser.script(where)
        assert outline == "solid" and visible, name
        reached.append(name)
    assert reached == [
        "Skip to the open tasks",
        "Try the calls",
        "Take the tour",
        "OpenAPI document",
        "refresh",
    ]


OUTLINE = """
const all = (selector) => [...document.querySelectorAll(selector)];
const named = (one) => one.textContent.trim() || one.labels?.length || one.ariaLabel
    || one.placeholder || one.title;
const nameless = (one) => one.checkVisibility() && !named(one);
return {
    lang: document.documentElement.lang,
    title: document.title,
    mains: all("main").length,
    nameless: all("a, button, input").filter(nameless).map((one) => one.outerHTML),
    levels: all("h1, h2, h3").map((one) => Number(one.localName[1])),
};
"""


def assert_makes_sense_to_a_screen_reader(browser):
    outline = browser.script(OUTLINE)
    assert (outline["lang"], outline["mains"], outline["nameless"]) == ("en", 1, [])
    assert outline["title"].startswith("microtask")
    return outline["levels"]


@pytest.mark.parametrize("path", ["/", "/tour.html"])
def test_a_page_makes_sense_to_a_screen_reader(showcase, browser, path):
    browser.open(showcase.base_url + path)
    browser.wait("return document.readyState === 'complete'")
    levels = assert_makes_sense_to_a_screen_reader(browser)
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b - a <= 1 for a, b in zip(levels, levels[1:])), "no level is left out"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_tour_can_be_read_on_a_phone(showcase, browser, scheme):
    browser.size(*PHONE)
    browser.prefers(color_scheme=scheme)
    browser.open(showcase.base_url + "/tour.html")
    assert browser.find("h1").text == "A tour of the calls"
    assert not browser.script(TOO_WIDE)
    assert browser.script(CONTRAST) == []
    browser.screenshot(f"tour-phone-{scheme}")
    assert_quiet(browser)


# --- each call to try ---


def press(browser, selector):
    """Wherever it is meanwhile: Swagger UI scrolls to a call while it opens."""
    browser.script("arguments[0].click()", browser.find(selector))


def open_call(browser, operation):
    call = f"#operations-{operation} "
    press(browser, call + ".opblock-summary-control")
    press(browser, call + ".try-out__btn")
    browser.find(call + ".execute")
    return call


def try_out(browser, operation, body=None):
    """Opens a call, fills in a body, sends it; the status and the text of what came back."""
    call = open_call(browser, operation)
    if body:
        browser.find(call + "textarea.body-param__text").paste(json.dumps(body))
    press(browser, call + ".execute")
    answer = browser.find(call + ".live-responses-table .highlight-code code")
    text = browser.script("return arguments[0].textContent", answer)
    status = browser.find(call + ".live-responses-table tbody td.response-col_status").text
    return int(status.split()[0]), text


def test_a_person_signs_in_on_the_docs_page_and_makes_a_call(showcase, browser):
    browser.open(showcase.base_url + "/docs/")
    login = {"email": "worker@demo.example", "password": "demo-pass-1"}
    status, said = try_out(browser, "auth-postAuthLogin", login)
    assert status == 200
    browser.screenshot("docs-login")
    browser.find(".auth-wrapper .authorize").click()
    browser.find(".modal-ux input").paste(json.loads(said)["token"])
    browser.find(".modal-ux .auth-btn-wrapper .authorize").click()
    browser.find(".modal-ux .btn-done").click()
    status, said = try_out(browser, "auth-getAuthMe")
    assert (status, json.loads(said)["email"]) == (200, login["email"])
    browser.screenshot("docs-call")
    assert_quiet(browser)


WHO = ["buyer", "worker", "admin"]
PRESSED = "return document.querySelector('#who [aria-pressed=true]').value === arguments[0]"
ANSWERED = "return document.querySelector(arguments[0])?.textContent.includes(arguments[1])"


@pytest.mark.parametrize(
    "size, scheme", [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop-light", "phone-dark"]
)
def test_in_development_one_acts_as_anybody_at_a_click(showcase, browser, size, scheme):
    browser.size(*size)
    browser.prefers(color_scheme=scheme)
    browser.open(showcase.base_url + "/docs/")
    call = open_call(browser, "auth-getAuthMe")
    for who, told in [*((who, f"{who}@demo.example") for who in WHO), ("nobody", "unauthorized")]:
        browser.find(f"#who button[value={who}]").click()
        browser.wait(PRESSED, who)
        press(browser, call + ".execute")
        browser.wait(ANSWERED, call + ".live-responses-table .highlight-code code", told)
    assert not browser.script(TOO_WIDE)
    assert browser.script(CONTRAST.replace("document.body", "document.querySelector('header')")) == []
    browser.script("scrollTo(0, 0)")
    browser.screenshot(f"docs-acting-{'phone' if size[2] else 'desktop'}-{scheme}")
    assert [entry for entry in browser.log() if "401" not in entry[1]] == []


def test_in_development_the_log_in_is_filled_in(showcase, browser):
    browser.open(showcase.base_url + "/docs/")
    status, said = try_out(browser, "auth-postAuthLogin")
    assert (status, json.loads(said)["user"]["email"]) == (200, "buyer@demo.example")
    assert_quiet(browser)


def test_elsewhere_the_docs_page_offers_no_account(showcase, browser):
    """demo.json as it is shipped: then it is said how to log in by hand."""
    served = showcase.state / "www" / "docs" / "demo.json"
    demo = served.read_text()
    served.write_bytes((WWW / "docs" / "demo.json").read_bytes())
    try:
        browser.open(showcase.base_url + "/docs/")
        assert browser.find("#by-hand").text.startswith("To act as somebody")
        browser.find("#operations-auth-getAuthMe")
        assert browser.script("return document.querySelectorAll('#who button').length") == 0
        press(browser, "#operations-auth-postAuthLogin .opblock-summary-control")
        browser.wait(LOG_IN_EXAMPLE, "ada@example.com")
        assert_quiet(browser)
    finally:
        served.write_text(demo)


LOG_IN_EXAMPLE = (
    "return document.querySelector('#operations-auth-postAuthLogin').textContent.includes(arguments[0])"
)


def test_the_docs_page_lists_every_call_on_a_phone_too(showcase, browser):
    browser.size(*PHONE)
    browser.open(showcase.base_url + "/docs/")
    calls = sum(len(methods) for methods in document()["paths"].values())
    browser.wait("return document.querySelectorAll('.opblock').length === arguments[0]", calls)
    assert_makes_sense_to_a_screen_reader(browser)
    browser.screenshot("docs-phone")
    assert_quiet(browser)


def test_without_network_the_service_starts_and_the_docs_page_says_what_it_lacks(
    stack, browser, tmp_path
):
    offline = {
        "XDG_CACHE_HOME": str(tmp_path),
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": "",
        "MONGODB_URI": stack.mongodb_uri.replace(f"/{stack.db.name}", f"/{unique('offline_')}", 1),
    }
    with own_stack("--no-demo", env=offline) as lonely:
        ok(lonely.api.get("/openapi.json"))
        assert lonely.http.get("/docs/demo.json").json() == NO_DEMO
        browser.open(lonely.base_url + "/docs/")
        sentence = browser.find("#calls main p").text
        assert "needs Swagger UI, which is not installed" in sentence
        open_first_page(browser, lonely)
        assert browser.find("#count").text == "No task is open at the moment."
        lonely.mongo.drop_database(lonely.db.name)
