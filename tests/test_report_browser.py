"""The page in a real browser, offline: it draws, sorts, fits a phone, and complains of nothing."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import evidence_builder as build
import pytest

from cxnlp.report import write_html

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def opened(browser: Any, path: Path, width: int, scheme: str = "light") -> tuple[Any, list[str], list[str]]:
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True)
    page = context.new_page()
    complaints: list[str] = []
    requests: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: requests.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_load_state("load")
    return page, complaints, requests


@pytest.mark.parametrize("kind", ["survey", "coded", "clothing", "bare", "nothing_scored"])
@pytest.mark.parametrize("width", [375, 1280])
def test_the_page_draws_fits_and_stays_silent(browser: Any, tmp_path: Path, kind: str, width: int) -> None:
    path = write_html(getattr(build, kind)(), tmp_path / "report.html")
    page, complaints, requests = opened(browser, path, width, "dark" if width == 375 else "light")
    boxes = page.locator(".chart")
    assert page.locator(".chart svg.main-svg").count() == 3 * boxes.count()
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert complaints == [] and requests == [path.as_uri()]


def test_the_drivers_table_sorts_by_number_with_missing_values_last(browser: Any, tmp_path: Path) -> None:
    page, complaints, _ = opened(browser, write_html(build.survey(), tmp_path / "report.html"), 1280)
    column = page.locator("#drivers table.sortable thead th").all_inner_texts().index("Adjusted")
    values = (
        f"[...document.querySelectorAll('#drivers tbody tr')].map(row => parseFloat(row.cells[{column}].dataset.sort))"
    )
    for order in (1, -1):
        page.locator("#drivers thead th").nth(column).locator("button").click()
        found = [value for value in page.evaluate(values)]
        known = [value for value in found if value is not None and value == value]
        assert known == sorted(known, reverse=order == -1)
        assert found[: len(known)] == known
    assert complaints == []


@pytest.mark.parametrize("width", [375, 1280])
def test_topics_open_by_keyboard_without_script_and_their_quotes_fit(browser: Any, tmp_path: Path, width: int) -> None:
    path = write_html(build.with_cells(build.coded(), "שלום " * 40 + "x" * 300), tmp_path / "report.html")
    context = browser.new_context(viewport={"width": width, "height": 900}, java_script_enabled=False, offline=True)
    page = context.new_page()
    page.goto(path.as_uri())
    topics = page.locator("#topics .opened details")
    assert topics.count() == len(build.coded().topics)
    assert page.locator("#topics mark:visible").count() == 0
    for place in range(topics.count()):
        topics.nth(place).locator("summary").press("Enter")
    marks = page.locator("#topics mark")
    assert page.locator("#topics mark:visible").count() == marks.count() > 0
    boxes = [marks.nth(place).bounding_box() for place in range(marks.count())]
    assert all(box["x"] >= 0 and box["x"] + box["width"] <= width for box in boxes)


def test_injected_scripts_do_not_run(browser: Any, tmp_path: Path) -> None:
    path = write_html(build.with_cells(build.survey(), "<img src=x onerror='document.title=1'>"), tmp_path / "r.html")
    page, complaints, requests = opened(browser, path, 1280)
    assert complaints == [] and requests == [path.as_uri()]
    # Even markup that got in by a hole would do nothing: the policy of the page forbids it.
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"document.title=1\">')")
    page.evaluate(
        "const s = document.createElement('script'); s.textContent = 'document.title = 1'; document.body.append(s)"
    )
    page.wait_for_timeout(100)
    assert page.title() != "1" and len(complaints) >= 2


def test_every_card_is_unfolded_for_print(browser: Any, tmp_path: Path) -> None:
    page, complaints, _ = opened(browser, write_html(build.survey(), tmp_path / "report.html"), 1280)
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#flags details:not([open])").count() == 0
    assert len(page.pdf()) > 10_000 and complaints == []
