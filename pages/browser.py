"""The few things that only a browser expression can do: each one line, constant, with its reason.

No text of a user ever becomes part of one.
"""

from nicegui import Client, ui

# Times are shown in the reader's zone, unread marks are cleared by seeing, and what was typed while the server was away
# must outlive the reload that follows. Only the browser knows its zone, whether the tab is in front, and what was in
# the box when the page went. Run once a page; emits "browser" with all three, and again with each change of the second.
REPORT = (
    '(() => { const place = "hearth.kept", path = location.pathname;'
    ' const kept = JSON.parse(sessionStorage.getItem(place) ?? "[]"); sessionStorage.removeItem(place);'
    ' const tell = (text) => emitEvent("browser", Intl.DateTimeFormat().resolvedOptions().timeZone,'
    ' !document.hidden, text); tell(kept[0] === path ? kept[1] : "");'
    ' document.addEventListener("visibilitychange", () => tell(""));'
    ' addEventListener("pagehide", () => { const box = document.querySelector(".composer:not(.editing) textarea");'
    ' if (box) sessionStorage.setItem(place, JSON.stringify([location.pathname, box.value])); }); })()'
)

# Rows are prepared HTML shared by all pages, so their buttons have no listeners of their own: one listener on the log
# tells which button of which message was pressed.
PRESSED_ROW_BUTTON = (
    '(event) => { const button = event.target.closest("button[data-action]");'
    ' if (button) emit(button.dataset.action, Number(button.closest("article").dataset.id),'
    ' button.dataset.emoji ?? ""); }'
)

# The same for emoji to choose from, which are prepared HTML too. Arrow keys go from one to the next, eight in a row,
# from the box where one looks for them, and back to it: by way of the server each key would be slow.
PRESSED_EMOJI = (
    '(event) => { const button = event.target.closest("button[data-emoji]"); if (button) emit(button.dataset.emoji); }'
)
WALK_EMOJI = (
    '(event) => { const all = [...event.currentTarget.querySelectorAll("button[data-emoji]")], at ='
    ' all.indexOf(document.activeElement), step = {ArrowRight: 1, ArrowLeft: -1, ArrowDown: 8, ArrowUp: -8}[event.key];'
    ' if (!step || !all.length || (at < 0 && event.key !== "ArrowDown")) return; event.preventDefault();'
    ' const end = step < 0 ? event.currentTarget.querySelector("input") : all.at(-1);'
    ' (at < 0 ? all[0] : all[at + step] ?? end).focus(); }'
)

# An emoji that is chosen goes where the cursor is, which only the browser knows; the numbers count as the browser does.
CURSOR = 'getElement({:d}).$refs.qRef.nativeEl.selectionStart'
PUT_CURSOR = (
    '(() => {{ const box = getElement({:d}).$refs.qRef.nativeEl; setTimeout(() => {{ box.focus();'
    ' box.setSelectionRange({:d}, {:d}); }}); }})()'
)

# The same for names and avatars, and whoever is mentioned, in rows of messages and in the list of people: a card comes
# where the pointer rests, and goes a moment after it has left, unless it went into the card. All movements would be too
# many to tell a server.
POINTED_PERSON = (
    '(event) => { const who = event.type === "mouseleave" ? null'
    ' : event.target.closest(".avatar, .author, .who, .mention[data-user]");'
    ' const row = who?.closest("article, li"), isPressed = event.type === "click"; if (isPressed && !row) return;'
    ' clearTimeout(window.hearthPointing); const tell = (id, wait) =>'
    ' window.hearthPointing = setTimeout(() => emit(id, isPressed), wait);'
    ' const other = who?.dataset.user ? `u${who.dataset.user}` : "";'
    ' if (row) tell(row.id + other, isPressed ? 0 : 400); else if (document.querySelector(".card")) tell("", 250); }'
)
STAY_WITH_PERSON = '() => clearTimeout(window.hearthPointing)'
LEFT_PERSON = '() => { clearTimeout(window.hearthPointing); window.hearthPointing = setTimeout(() => emit(), 250); }'

# Prepared HTML is put in place of what was there, and a button in it that had the focus is gone with that: whoever goes
# through the people by keyboard would be thrown out of the list whenever one of them comes. Run once a page; gives the
# focus to the same button of the same row again, unless it went elsewhere meanwhile.
KEEP_FOCUS = (
    '(() => { let kept = null; const of = (target) => { const row = target.closest?.("article[id], li[id]");'
    ' const name = ["who", "author", "message-button"].find((each) => target.classList?.contains(each));'
    ' const emoji = target.dataset?.emoji, chip = emoji ? `#${row?.id} [data-emoji="${emoji}"], ` : "";'
    ' return row && (name || chip) ? `${chip}#${row.id} .${name ?? "message-button"}` : null; };'
    ' addEventListener("focusin", ({target}) => kept = of(target));'
    ' addEventListener("focusout", ({target}) => setTimeout(() => { if (target.isConnected'
    ' && document.activeElement === document.body) kept = null; }));'
    ' new MutationObserver(() => { if (kept && document.activeElement === document.body)'
    ' document.querySelector(kept)?.focus({preventScroll: true}); })'
    '.observe(document.body, {childList: true, subtree: true}); })()'
)

# What was sent leaves the box, and what was typed since stays: only the browser knows that at this moment, and a value
# set from here would wipe whatever it had not told yet. The result is what stays.
TAKE_FROM_BEGINNING = (
    '(() => {{ const box = getElement({:d}); return box.inputValue = box.inputValue.slice({:d}); }})()'
)

# A suggestion takes the place of what was typed, and what is typed meanwhile stays: only the browser knows both. The
# text stands in the list, which has some keys for itself as long as it is there to be seen.
PUT_SUGGESTION = (
    'new Promise((done) => setTimeout(() => {{ const box = getElement({0:d}).$refs.qRef.nativeEl,'
    ' chosen = document.querySelector(".suggestions [aria-selected=true]"); if (chosen) {{'
    ' box.setRangeText(chosen.dataset.text, {1:d}, {2:d}, box.selectionEnd > {2:d} ? "preserve" : "end");'
    ' chosen.parentElement.remove(); box.dispatchEvent(new Event("input")); }} done(box.value); }}))'
)
PRESSED_SUGGESTION = (
    '(event) => { event.preventDefault(); const pressed = event.target.closest("[data-place]");'
    ' if (pressed) emit(Number(pressed.dataset.place)); }'
)
KEY_FOR_SUGGESTIONS = (
    '(event) => { if (!event.currentTarget.querySelector(".suggestions") || event.target.tagName !== "TEXTAREA"'
    ' || event.isComposing || event.keyCode === 229 || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey'
    ' || !["ArrowDown", "ArrowUp", "Enter", "Tab", "Escape"].includes(event.key)) return;'
    ' event.preventDefault(); event.stopPropagation(); emit(event.key, event.target.selectionStart); }'
)

LEFT_SUGGESTIONS = '(event) => { if (event.currentTarget.querySelector(".suggestions")) emit(); }'

ANSWERS_WITHIN = 10.0  # s

# A row that came by a wire is no element to the server, so the server cannot run its methods. The key is a row's own.
KEEP_ROW_IN_VIEW = 'runMethod("{}", "scrollIntoView", [{{block: "end"}}])'


async def take_from_beginning(box: ui.input, text: str) -> str | None:
    """Take ``text`` away from the beginning of a box; returns what is left, None if the browser did not say."""
    return await _text_after(box, TAKE_FROM_BEGINNING.format(box.id, units(text)))


async def put_suggestion(box: ui.input, start: int, end: int) -> str | None:
    """Put the selected suggestion between two places, as a browser counts; return what is in the box then."""
    return await _text_after(box, PUT_SUGGESTION.format(box.id, start, end))


async def _text_after(box: ui.input, expression: str) -> str | None:
    try:
        text = await box.client.run_javascript(expression, timeout=ANSWERS_WITHIN)
    except TimeoutError:
        return None
    return text if isinstance(text, str) else None


def units(text: str) -> int:
    """Return how long a text is as a browser counts."""
    return len(text.encode('utf-16-le', 'surrogatepass')) // 2


def characters(text: str, count: int) -> int:
    """Return how many characters of a text a browser counts as so many."""
    return len(text.encode('utf-16-le', 'surrogatepass')[: max(count, 0) * 2].decode('utf-16-le', 'ignore'))


async def cursor_in(box: ui.input) -> int:
    """Return where the cursor is in a box, its end if the browser does not say."""
    text = box.value if isinstance(box.value, str) else ''
    try:
        count = await box.client.run_javascript(CURSOR.format(box.id), timeout=ANSWERS_WITHIN)
    except TimeoutError:
        count = None
    return characters(text, count) if isinstance(count, int) and count >= 0 else len(text)


def put_cursor(box: ui.input, place: int) -> None:
    """Put the cursor into a box, behind so many characters."""
    text = box.value if isinstance(box.value, str) else ''
    count = units(text[:place])
    box.client.run_javascript(PUT_CURSOR.format(box.id, count, count))


def keep_row_in_view(client: Client, key: str) -> None:
    """Let the end of a row that came by a wire stay in view."""
    if not key.isalnum():
        raise ValueError('The key of a row has letters and digits only.')
    client.run_javascript(KEEP_ROW_IN_VIEW.format(key))
