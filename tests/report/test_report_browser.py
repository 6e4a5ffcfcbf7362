"""The report in a browser: as a person sees it, with a mouse, a keyboard and a screen reader.

Every visit also checks that the page says nothing on the console and loads nothing (conftest.py).
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import made_facts
import pytest
from axe_playwright_python.sync_playwright import Axe
from browsers import find_browser
from open_report import Visit
from playwright.sync_api import Page, expect

Open = Callable[..., Visit]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
FAILED = {
    "import failed": made_facts.IMPORT_FAILED,
    "gate closed": made_facts.GATE_CLOSED,
    "quarantined": made_facts.QUARANTINED,
}
INTERACTIVE = "a[href], button, input, select, summary, [tabindex='0']"


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", FAILED)
def test_the_first_screen_explains_a_failure(visit: Open, name: str, size: dict[str, int]) -> None:
    page = visit(name, **size).page
    problem = FAILED[name].problems[0]
    shown = page.locator(".problem").first
    for text in ("failed", problem.title, problem.explanation, problem.advice):
        expect(page.locator("main")).to_contain_text(text)
    box = shown.bounding_box()
    assert box
    assert box["y"] + box["height"] <= size["height"]
    expect(shown).to_contain_text(problem.explanation)
    expect(shown).to_contain_text(problem.advice)


def barriers(page: Page, rules: dict[str, object]) -> list[tuple[str, str]]:
    """What axe-core calls serious or critical: the rule and the element."""
    return [
        (each["id"], node["html"][:120])
        for each in Axe()
        .run(page, options={"resultTypes": ["violations"], **rules})
        .response["violations"]
        if each["impact"] in ("serious", "critical")
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("name", ["good", "gate closed", "import failed", "quarantined"])
def test_nothing_keeps_anybody_out(visit: Open, name: str, size: dict[str, int]) -> None:
    page = visit(name, **size).page
    open_all(page)
    assert barriers(page, {}) == []
    page.emulate_media(color_scheme="dark")
    assert barriers(page, {"runOnly": ["color-contrast"]}) == []


def open_all(page: Page) -> None:
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")


@pytest.mark.parametrize("width", [360, 390])
@pytest.mark.parametrize("name", ["good", "gate closed", "huge"])
def test_a_phone_scrolls_in_one_direction(visit: Open, name: str, width: int) -> None:
    page = visit(name, width=width, height=844).page
    open_all(page)
    assert page.evaluate("document.documentElement.scrollWidth") == width


def test_the_keyboard_reaches_everything(visit: Open) -> None:
    page = visit("good").page
    wanted = page.evaluate(
        f"""() => [...document.querySelectorAll("{INTERACTIVE}")]
          .filter((each) => each.checkVisibility())
          .map((each, number) => (each.dataset.number = String(number)))"""
    )
    reached = []
    for _ in range(len(wanted)):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.dataset.number"))
    assert reached == wanted  # in the order of the document
    assert len(wanted) > 20


def test_focus_can_be_seen(visit: Open) -> None:
    page = visit("good").page
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the report")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Run", exact=True)).to_be_focused()
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def columns(page: Page) -> dict[str, list[str]]:
    """What the search shows: its columns' headings and rows."""
    return {
        column.locator("h4").inner_text(): column.locator("li, p").all_inner_texts()
        for column in page.locator("#answer > div > div").all()
    }


def test_searching_a_user_with_the_mouse(visit: Open) -> None:
    page = visit("good").page
    page.get_by_label("Find a user or an item").fill("user-17")
    expect(page.get_by_role("status")).to_have_text("1 found")
    page.get_by_role("button", name="user-17").click()
    expect(page.locator("#answer h3")).to_have_text("user user-17")
    expect(page.get_by_role("button", name="user-17")).to_have_attribute("aria-pressed", "true")


def test_history_and_recommendations_stand_side_by_side(visit: Open) -> None:
    page = visit("good").page
    page.get_by_label("Find a user or an item").fill("user-3")
    page.get_by_role("button", name="user-3 (user)").click()
    shown = columns(page)
    assert shown["History: the latest 4 of 25 events"] == [
        "Alien (1979) [film-3] 2026-01-11, rating",
        "Amélie (2001) [film-4] 2026-01-10, rating",
        "Spirited Away (2001) [film-5] 2026-01-09, rating",
        "City of God (2002) [film-6] 2026-01-08, rating",
    ]
    assert shown["Recommended by for-you"][:2] == [
        "Amélie (2001) [film-4] score 0.4",
        "Spirited Away (2001) [film-5] score 0.2",
    ]
    history, recommended = page.evaluate(
        "[...document.querySelectorAll('#answer h4')].map((each) => each.getBoundingClientRect())"
    )
    assert history["y"] == recommended["y"]
    assert history["x"] < recommended["x"]


def test_data_that_is_gone_and_answers_with_themes(visit: Open) -> None:
    page = visit("data gone").page
    page.get_by_role("button", name="user-1 (user)").click()
    assert columns(page) == {
        "History": ["What this run imported isn't kept any more."],
        "Recommended by for-you": [
            f"{made_facts.FILMS[1]} [film-1] Epics {made_facts.EVIL}, score 0.5"
        ],
    }


def test_searching_with_the_keyboard(visit: Open) -> None:
    page = visit("good").page
    page.get_by_label("Find a user or an item").focus()
    page.keyboard.type("user-3")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("button", name="user-3 (user)")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator("#answer h3")).to_be_focused()
    expect(page.locator("#answer h3")).to_have_text("user user-3")
    page.get_by_label("Find a user or an item").fill("chinatown")
    page.keyboard.press("Enter")
    expect(page.locator("#answer h3")).to_have_text("item Chinatown (1974) [film-2]")


def test_searching_an_item(visit: Open) -> None:
    """It was asked about, users had it, and it is recommended to others."""
    page = visit("good").page
    page.get_by_label("Find a user or an item").fill("film-2")
    page.keyboard.press("Enter")
    shown = columns(page)
    assert shown["Recommended by similar"][0].startswith("M (1931) [film-11]")
    had = {
        each.id for each in made_facts.FOR_YOU.sample if "film-2" in {e.item for e in each.history}
    }
    assert set(shown["In the sample, had by"]) == had
    to = {
        f"{each.id} rank {rank}"
        for each in made_facts.FOR_YOU.sample
        for rank, answer in enumerate(each.answers, 1)
        if answer.id == "film-2" and each.title is None
    }
    assert set(shown["In the sample, recommended by for-you to"]) & to
    assert all(
        row in to or "user-999" in row for row in shown["In the sample, recommended by for-you to"]
    )


def test_a_cold_user_is_marked(visit: Open) -> None:
    page = visit("good").page
    page.get_by_label("Find a user or an item").fill("user-8")
    page.get_by_role("button", name="user-8 (user, cold)").click()
    assert columns(page)["History"] == ["Cold: there is no event in the imported data."]


def test_nothing_is_found(visit: Open) -> None:
    page = visit("good").page
    page.get_by_label("Find a user or an item").fill("nobody at all")
    expect(page.get_by_role("status")).to_have_text("0 found")
    expect(page.locator("#found button")).to_have_count(0)
    expect(page.locator("#answer > *")).to_have_count(0)  # nobody found earlier stays
    page.keyboard.press("Enter")


def test_a_user_and_an_item_of_the_same_id_are_both_found(visit: Open) -> None:
    page = visit("same ids").page
    page.get_by_label("Find a user or an item").fill("7")
    expect(page.get_by_role("status")).to_have_text("2 found")
    page.get_by_role("button", name="7 (item)").click()
    assert columns(page)["In the sample, recommended by for-you to"] == ["7 rank 1"]
    page.get_by_role("button", name="7 (user, cold)").click()
    assert columns(page)["Recommended by for-you"] == ["7 score 1"]


def test_bars_that_touch_differ_in_shape(visit: Open) -> None:
    """Work and waits stand end to end: their colours alone don't tell them apart."""
    page = visit("good").page
    work, wait = (
        page.locator(f".timeline rect.{kind}").first.bounding_box() for kind in ("work", "wait")
    )
    assert work
    assert wait
    assert wait["height"] < work["height"] / 2


def test_arrows_are_not_read_aloud(visit: Open) -> None:
    page = visit("good").page
    contents = page.evaluate(
        "[...document.querySelectorAll('.node')].map((each) =>"
        " getComputedStyle(each, '::before').content)"
    )
    assert contents
    assert all(content.endswith('/ ""') for content in contents)


def test_a_title_is_text(visit: Open) -> None:
    page = visit("good").page
    page.get_by_label("Find a user or an item").fill("user-999")
    page.keyboard.press("Enter")
    expect(page.locator("#answer h3")).to_have_text(f"user {made_facts.EVIL} [user-999]")
    assert page.title() == "Run weekly-2026-01-11 succeeded \u2013 cinema"
    expect(page.locator("img")).to_have_count(0)


def brightness(page: Page, element: str, member: str) -> float:
    """Mean of red, green and blue, from 0 to 255."""
    color = page.evaluate(f"getComputedStyle(document.querySelector('{element}')).{member}")
    red, green, blue = (float(part) for part in color[color.index("(") + 1 : -1].split(",")[:3])
    return (red + green + blue) / 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_system_says_whether_it_is_dark_and_a_person_may_say_otherwise(
    visit: Open, scheme: str
) -> None:
    page = visit("good", color_scheme=scheme).page

    def is_dark() -> bool:
        ground = brightness(page, "body", "backgroundColor")
        ink = brightness(page, "figure svg text", "fill")
        assert abs(ground - ink) > 150  # a chart's words stand out in either
        return ground < ink

    assert is_dark() is (scheme == "dark")
    theme = page.get_by_label("Theme")
    for choice in ("light", "dark"):
        theme.select_option(choice)
        assert is_dark() is (choice == "dark")
    theme.select_option("system")
    assert is_dark() is (scheme == "dark")


def test_every_chart_has_a_text_and_its_numbers(visit: Open) -> None:
    page = visit("good").page
    figures = page.locator("figure").all()
    assert len(figures) == 8  # three of the data; three and two of the solutions
    for figure in figures:
        title = figure.locator("figcaption strong").inner_text()
        told = re.compile(rf"^{re.escape(title)}\. .{{10}}")
        expect(figure.get_by_role("img")).to_have_accessible_name(told)
        figure.locator("summary").click()
        assert figure.locator("tbody tr").count() > 0


def test_without_a_script_it_still_tells_everything_else(visit: Open) -> None:
    page = visit("gate closed", java_script_enabled=False).page
    expect(page.locator(".problem")).to_have_count(2)
    expect(page.locator("noscript")).to_be_visible()
    expect(page.get_by_label("Theme")).to_be_hidden()


def test_nothing_moves_for_those_who_want_no_motion(visit: Open) -> None:
    page = visit("good", reduced_motion="reduce").page
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"


def test_it_prints_dark_on_light(visit: Open) -> None:
    page = visit("good", color_scheme="dark").page
    page.emulate_media(media="print")
    assert brightness(page, "body", "color") < 60
    expect(page.get_by_role("navigation")).to_be_hidden()
    expect(page.locator("#answer h4").first).to_be_visible()


def test_a_huge_report_is_searched(visit: Open) -> None:
    page = visit("huge").page
    page.get_by_label("Find a user or an item").fill("user-0000100")
    expect(page.get_by_role("status")).to_have_text("1 found")
    page.keyboard.press("Enter")
    expect(page.locator("#answer li")).not_to_have_count(0)


@pytest.mark.parametrize(("ci", "outcome"), [("true", pytest.fail), ("", pytest.skip)])
def test_without_a_browser_ci_fails_and_others_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ci: str, outcome: Any
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CI", ci)
    with pytest.raises(outcome.Exception, match="apt-get install chromium"):
        find_browser()


def test_many_problems_are_folded_behind_the_worst(visit: Open) -> None:
    page = visit("many problems").page
    expect(page.locator(".problem:visible")).to_have_count(5)
    page.get_by_text("4 more").click()
    expect(page.locator(".problem:visible")).to_have_count(9)
