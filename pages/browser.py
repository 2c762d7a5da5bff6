"""The few things that only a browser expression can do: each one line, constant, with its reason.

No text of a user ever becomes part of one.
"""

from contextlib import suppress

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

# The same again, asked for: after a gap nobody knows whether the tab is still in front, and a browser that has died
# says nothing at all, so nothing counts as seen by it.
SIGN_OF_LIFE = 'emitEvent("browser", Intl.DateTimeFormat().resolvedOptions().timeZone, !document.hidden, "")'

# The line above the first unread message is part of prepared HTML, no element of its own, and only the browser knows
# where it is. One goes there if it is out of sight, for a scroller that was moved at its very end, if only by half a
# pixel, follows no longer what is added there; the other, run once a page, tells as "new-line" where it is. What goes
# somewhere answers two pictures later: then what came into view or went out of it has been told.
TWO_PICTURES = 'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))'
GO_TO_NEW_LINE = (
    '(() => { const line = document.querySelector(".new-line"), log = line?.closest(".scroller");'
    ' if (!log) return true;'
    ' const at = line.getBoundingClientRect(), seen = log.getBoundingClientRect();'
    ' if (at.top < seen.top || at.bottom > seen.bottom) line.scrollIntoView({block: "center"});'
    f' if (Math.abs(log.scrollTop) < 2) log.scrollTop = 0; return {TWO_PICTURES}; }})()'
)
WATCH_NEW_LINE = (
    '(() => { let told, waits = false; const look = () => { waits = false; const of = (each) =>'
    ' document.querySelector(each)?.getBoundingClientRect(); const line = of(".new-line"), log = of(".scroller");'
    ' const where = !line || !log ? "" : line.bottom < log.top ? "above" : line.top > log.bottom ? "below" : "here";'
    ' const what = `${where} ${document.querySelector(".new-line + article")?.id}`;'
    ' if (what !== told) { told = what; emitEvent("new-line", where); } };'
    ' const later = () => { if (!waits) { waits = true; setTimeout(look, 100); } };'
    ' document.addEventListener("scroll", later, true);'
    ' new MutationObserver(later).observe(document.body, {childList: true, subtree: true}); later(); })()'
)

# What makes itself noticed while the tab is hidden: a notification of the desktop, a sound, the icon of the tab. Only
# the browser can do these. It is told by attributes of one element, so what people wrote stays data: it is parsed as
# JSON and handed over as text. Of several tabs one is heard, and notifications replace those with the same tag.
SIGNALS = (
    '(() => { const place = document.querySelector(".signals"), icon = document.querySelector("link[rel~=icon]");'
    ' const show = ([title, body, tag, ring]) => { try { if (window.Notification?.permission === "granted") {'
    ' const shown = new Notification(title, {body, tag, silent: true}); shown.onclick = () => { window.focus();'
    ' emitEvent("notified", tag); shown.close(); }; } } catch { /* some phones have none */ }'
    ' const now = Date.now(), rang = Number(localStorage.getItem("hearth.rang"));'
    ' if (ring && now - rang > 1500) { localStorage.setItem("hearth.rang", now);'
    ' new Audio("/notification.wav").play().catch(() => {}); } };'
    ' const on = {"data-icon": (text) => icon?.setAttribute("href", text),'
    ' "data-said": (text) => show(JSON.parse(text))};'
    ' const look = (name) => { if (place.hasAttribute(name)) on[name]?.(place.getAttribute(name)); };'
    ' Object.keys(on).forEach(look); new MutationObserver((all) => all.forEach((each) => look(each.attributeName)))'
    '.observe(place, {attributes: true}); })()'
)

# A browser asks for this permission only while a button is pressed, and only it knows whether notifications are shown.
ASK_TO_NOTIFY = (
    '() => { if (!window.Notification) emit("missing");'
    ' else Notification.requestPermission().then((said) => emit(said)); }'
)
TRY_TO_NOTIFY = (
    '() => { new Audio("/notification.wav").play().catch(() => {}); try { if (!window.Notification) emit("missing");'
    ' else if (Notification.permission !== "granted") emit(Notification.permission); else { const shown ='
    ' new Notification("Hearth", {body: "This is how a message makes itself noticed.", tag: "hearth", silent: true});'
    ' shown.onshow = () => emit("shown"); shown.onerror = () => emit("failed"); } } catch { emit("failed"); } }'
)

# Rows are prepared HTML shared by all pages, so their buttons have no listeners of their own: one listener on the log
# tells which button of which message was pressed.
PRESSED_ROW_BUTTON = (
    '(event) => { const button = event.target.closest("button[data-action]");'
    ' if (button) emit(button.dataset.action, Number(button.closest("article").dataset.id),'
    ' button.dataset.emoji ?? button.dataset.file ?? ""); }'
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

# Options of a list that is found by typing are prepared HTML, too: it tells which one was pressed.
CHOSEN_OPTION = (
    '(event) => { const option = event.target.closest("[role=option]");'
    ' if (option) emit([...option.parentNode.children].indexOf(option)); }'
)

# A link within the page that was followed, in HTML that has others, which open beside it.
FOLLOWED_LINK = '(event) => { if (event.target.closest("a:not([target])")) emit(); }'

# What a search found, and what was searched for before, is prepared HTML: it tells which one was chosen. A link that is
# to open in another tab leaves this page as it is. Arrow keys go from the box to what is below it and back: by way of
# the server each key would be slow. What comes when one asked for more gets the focus.
CHOSEN_RESULT = (
    '(event) => { const chosen = event.target.closest("[data-place]");'
    ' if (chosen && !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey))'
    ' emit(Number(chosen.dataset.place)); }'
)
WALK_RESULTS = (
    '(event) => { const step = {ArrowDown: 1, ArrowUp: -1}[event.key], now = document.activeElement;'
    ' if (!step || event.isComposing || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;'
    ' const box = event.currentTarget.querySelector("input"), all = [box, ...[...event.currentTarget.querySelectorAll('
    '".search-entry, .search-more, .search-clear")].filter((each) => each.offsetParent)], at = all.indexOf(now);'
    ' if (at < 0) return; event.preventDefault(); all[at + step]?.focus(); }'
)
FOCUS_RESULT = 'setTimeout(() => document.querySelector(".search-found a[data-place=\'{:d}\']")?.focus())'

# On a touch screen a message's menu comes by resting on it. Chromium tells of that as of a right click, which on a
# mouse keeps the browser's own menu, and so does a link; Safari on iOS does not, so the time is taken as well. Run once
# a page; emits "shortcut".
HELD_ROW = (
    '(() => { let timer = 0, isHeld = false; const heard = (event) => { clearTimeout(timer);'
    ' const {target, type} = event, row = target.closest?.(".log article"); if (!row || target.closest("a")) return;'
    ' const tell = () => { isHeld = true; emitEvent("shortcut", "menu", Number(row.dataset.id)); };'
    ' if (type === "touchend" && isHeld) event.preventDefault();'  # or the click that follows would close the menu
    ' if (type === "touchstart") { isHeld = false; timer = setTimeout(tell, 700); }'
    ' if (type === "contextmenu" && event.pointerType === "touch") { event.preventDefault(); tell(); } };'
    ' for (const kind of ["touchstart", "touchmove", "touchend", "touchcancel", "contextmenu"])'
    ' addEventListener(kind, heard, {passive: ["touchstart", "touchmove"].includes(kind)}); })()'
)

# Quasar's menus know Tab and Esc alone. The arrows are those of every menu; going around the end is usual, too.
ARROWS_IN_MENU = (
    '(event) => { const items = [...event.currentTarget.querySelectorAll("[role=menuitem]")]'
    '.filter((each) => each.offsetParent), now = items.indexOf(document.activeElement);'
    ' const to = {ArrowDown: now + 1, ArrowUp: Math.max(now, 0) - 1, Home: 0, End: -1}[event.key];'
    ' if (to === undefined) return; event.preventDefault(); items.at(to % items.length)?.focus(); }'
)

# Single letters act while the focus is in the conversation or nowhere, and never in a text box, a menu or a dialog; to
# tell the server of every key that anybody types would be a flood, and to step from row to row by it would be slow. The
# place of a key counts where its sign is of another script. Run once a page; emits "shortcut" with the letter and the
# message that has the focus for what the server does. Ctrl+K, which browsers search with, is ours everywhere, and so is
# Ctrl+Shift+F, which is free; what is typed until their dialog is there is kept for it, and not sent to the room.
SHORTCUTS = (
    '(() => { let isHeld = false; const hold = () => { isHeld = true; let typed = "", isEntered = false;'
    ' const keep = (event) => { if (event.ctrlKey || event.metaKey || event.altKey) return;'
    ' if ([...event.key].length === 1) typed += event.key; else if (event.key === "Backspace") typed ='
    ' typed.slice(0, -1); else if (event.key === "Enter") isEntered = true; else return;'
    ' event.preventDefault(); event.stopPropagation(); };'
    ' const give = ({target}) => { if (target.matches(".q-dialog input[type=search]")) setTimeout(() => { if (!isHeld)'
    ' return; end(); if (typed) document.execCommand("insertText", false, typed); const enter ='
    ' new KeyboardEvent("keydown", {key: "Enter", keyCode: 13, bubbles: true, cancelable: true});'
    ' if (isEntered) setTimeout(() => target.dispatchEvent(enter)); }); };'  # when the box has told what is in it
    ' const end = () => { isHeld = false; clearTimeout(timer); removeEventListener("keydown", keep, true);'
    ' removeEventListener("focusin", give); }, timer = setTimeout(() => end(), 3000);'
    ' addEventListener("keydown", keep, true); addEventListener("focusin", give); };'
    ' addEventListener("keydown", (event) => { const {target, key, isComposing} = event;'
    ' if (!key || isComposing) return;'
    ' const of = (selector) => document.querySelector(selector), row = target.closest(".log article");'
    ' const letter = (key > "~" ? event.code.slice(3) : key).toLowerCase(), isFree = !of(".q-dialog, .q-menu");'
    ' const asks = (what) => { event.preventDefault();'
    ' if (isFree && !isHeld) { hold(); emitEvent("shortcut", what, 0); } };'
    ' if ((event.ctrlKey || event.metaKey) && letter === "k" && !event.shiftKey && !event.altKey) asks("go");'
    ' if ((event.ctrlKey || event.metaKey) && letter === "f" && event.shiftKey && !event.altKey) asks("find");'
    ' if (event.ctrlKey || event.metaKey || event.altKey || !isFree) return;'
    ' if (target !== document.body && !target.closest(".conversation")) return;'
    ' const box = of(".composer textarea"), all = [...document.querySelectorAll(".log article")];'
    ' const end = of(".scroller")?.getBoundingClientRect().bottom, step = {j: 1, k: -1}[letter];'
    ' const last = all.findLast((each) => each.getBoundingClientRect().bottom <= end) ?? all.at(-1);'
    ' const isField = target.closest("input, textarea, select, [contenteditable]");'
    ' if (key === "Escape" && isField && (target !== box || box.value || of(".composer.about"))) return;'
    ' if (key === "Escape") (isField ? last : box)?.focus(); if (isField) return;'
    ' if (letter === "/") asks("find");'
    ' if (step) { const next = row ? all[all.indexOf(row) + step] : last;'
    ' next ? next.focus() : of(".scroller")?.scrollTo(0, step * 1e9); }'
    ' const does = letter === "?" || (row && ["r", "e"].includes(letter));'
    ' if (does) emitEvent("shortcut", letter, Number(row?.dataset.id ?? 0)); if (step || does) event.preventDefault();'
    ' if (row && letter === "r") box?.focus();'  # what is typed next is the answer, however far the server is
    ' const more = row?.querySelector(".message-button"); if (key === "Enter" && target === row && more) {'
    ' event.preventDefault(); more.focus(); more.click(); } }); })()'
)

# Prepared HTML is put in place of what was there, and a button in it that had the focus is gone with that: whoever goes
# through the people by keyboard would be thrown out of the list whenever one of them comes. Run once a page; gives the
# focus to the same button of the same row again, or to one beside it if it is gone, unless it went elsewhere meanwhile.
# A menu or dialog gives it back to the very button it was opened by, so it is given to the one in its place here, too.
KEEP_FOCUS = (
    '(() => { let kept = null, below = null; const over = ".q-menu, .q-dialog"; const of = (target) => {'
    ' const row = target.closest?.("article[id], li[id], .picker-grid"), emoji = target.dataset?.emoji, name ='
    ' ["who", "author", "message-button", "quote"].find((each) => target.classList?.contains(each));'
    ' return !row ? null : target === row ? `#${row.id}`'
    ' : emoji ? `#${row.id} [data-emoji="${emoji}"]` : target.dataset?.file ? `#${row.id} [data-file="'
    '${target.dataset.file}"]` : name ? `#${row.id} .${name}` : null; };'
    ' const find = (what) => what && (document.querySelector(what)'
    ' ?? document.querySelector(`${what.split(" ")[0]} :is([data-emoji], .message-button)`));'
    ' const isFree = () => document.activeElement === document.body && !document.querySelector(over);'
    ' addEventListener("focusin", ({target}) => { kept = of(target); if (!target.closest(over)) below = kept; });'
    ' addEventListener("focusout", ({target}) => setTimeout(() => { if (target.isConnected && isFree())'
    ' kept = below = null; }));'
    ' new MutationObserver(() => { if (document.activeElement === document.body)'
    ' (find(kept) ?? (isFree() ? find(below) : null))?.focus({preventScroll: true}); })'
    '.observe(document.body, {childList: true, subtree: true}); })()'
)

# Files come from the browser's own dialog, from elsewhere on the desktop, or from the clipboard: only it may open the
# one, and only while a button is pressed, and it alone has what the others carry. All of them go to the field of
# Quasar's uploader, as if they had been chosen there. The second is run once a page: a file that is dropped must
# nowhere replace the page. What offices copy has a picture beside its text and HTML, and it is the text one wants.
PICK_FILES = '() => document.querySelector(".uploader input[type=file]")?.click()'
TAKE_FILES = (
    '(() => { const field = (within) => ({target}) => target.closest?.(within) && document.querySelector('
    '".composer:not(.silent, .editing) .uploader input[type=file]");'
    ' const ofDrop = field(".conversation"), ofPaste = field(".composer-box");'
    ' const give = (to, files) => { to.files = files; to.dispatchEvent(new Event("change")); };'
    ' const show = (on) => document.querySelector(".conversation")?.toggleAttribute("data-dropping", on);'
    ' const on = {dragover: (event, data) => { event.preventDefault(); const takes = !!ofDrop(event);'
    ' data.dropEffect = takes ? "copy" : "none"; show(takes); },'
    ' dragleave: (event) => { if (!event.relatedTarget) show(false); },'
    ' drop: (event, data) => { event.preventDefault(); show(false); const to = ofDrop(event);'
    ' if (to && data.files.length) give(to, data.files); }};'
    ' for (const kind in on) addEventListener(kind, (event) => {'
    ' if (event.dataTransfer?.types.includes("Files")) on[kind](event, event.dataTransfer); });'
    ' addEventListener("paste", (event) => { const {files, types} = event.clipboardData ?? {}, to = ofPaste(event);'
    ' if (!to || !files?.length || (types.includes("text/html") && types.includes("text/plain"))) return;'
    ' event.preventDefault(); give(to, files); }); })()'
)

# What became of files on their way, as far as the server has to know: Quasar hands over files and requests whole.
ADDED_FILES = '(files) => emit(files.map(({name}) => name.slice(-1000)))'
REJECTED_FILES = (
    '(all) => emit(all.map(({failedPropValidation, file}) => [failedPropValidation, file.name.slice(-1000)]))'
)
FAILED_UPLOAD = '({files, xhr}) => emit(xhr.status, xhr.responseText.slice(0, 4000), files[0]?.name.slice(-1000))'
REMOVED_UPLOADS = '(files) => emit(files.filter((each) => each.__status === "failed").length)'

# How far each is only the browser knows, so it fills the chips itself, by properties that it works out: the server
# makes one for each place in Quasar's list.
UPLOAD_IS_OVER = '!props.files[{0:d}] || props.files[{0:d}].__status === "uploaded"'
UPLOAD_NAME = 'props.files[{:d}]?.name ?? ""'
UPLOAD_SAYS = (
    '(() => {{ const file = props.files[{:d}]; return !file ? "" : file.__status === "failed"'
    ' ? "did not arrive" : `${{Math.round(100 * file.__progress)}} %`; }})()'
)
UPLOAD_IS_ON = 'props.files[{:d}]?.__status !== "failed"'
UPLOAD_IS_LOST = 'props.files[{:d}]?.__status === "failed" || null'
UPLOAD_PROGRESS = 'props.files[{:d}]?.__progress ?? 0'
CANCEL_LABEL = '`Cancel ${{props.files[{:d}]?.name ?? ""}}`'
CANCEL_UPLOAD = (
    '() => {{ const file = props.files[{:d}]; if (file) props.removeFile(file);'
    ' if (!props.files.length) document.querySelector(".composer textarea")?.focus(); }}'
)
TRY_AGAIN = '() => props.upload()'

# A row is prepared HTML, often of a block with others, and no element to the server: only the browser can bring it into
# view, and give it the focus, so that it is read out and stands out until the focus goes elsewhere.
GO_TO_ROW = (
    '(() => {{ const row = document.getElementById("m{:d}"); if (!row) return true; row.tabIndex = -1;'
    ' row.focus({{preventScroll: true}}); row.scrollIntoView({{block: "center"}});'
    f' return {TWO_PICTURES}; }}}})()'
)

# While kana, Han or Hangul are composed with an input method, Quasar lets a box show nothing but that. It hears of the
# end before this does, and then it is time: the next may be composed at once.
COMPOSED = (
    'new Promise((go) => {{ const {{nativeEl}} = getElement({0:d}).$refs.qRef; if (!nativeEl.qComposing) go();'
    ' else for (const each of ["compositionend", "change"]) nativeEl.addEventListener(each, go, {{once: true}}); }})'
)

# What was sent leaves the box, and what was typed since stays: only the browser knows that at this moment, and a value
# set from here would wipe whatever it had not told yet. What was written in its place meanwhile stays, too. The result
# is what stays.
TAKE_FROM_BEGINNING = (
    '(() => {{ const box = getElement({0:d}), sent = box.inputValue.slice(0, {1:d});'
    ' return ' + COMPOSED + '.then(() => {{ if (box.inputValue.startsWith(sent))'
    ' box.inputValue = box.inputValue.slice(sent.length); return box.inputValue; }}); }})()'
)

# The words of a message take the place of a draft, or the draft that of them. What was in the box until then is told,
# and what is in it now: a value set from here would wipe what was typed meanwhile. The words stand in an element of the
# page, which is there when this runs a moment later. If it says what is let go of, what was typed beside that stays; if
# that has only just come itself, and took the place of these words, so does what was typed behind them until it came.
# What is just being composed ends there, as by a click elsewhere.
EXCHANGE = (
    'new Promise((done) => setTimeout(async () => {{ const box = getElement({0:d}), {{nativeEl}} = box.$refs.qRef;'
    ' if (nativeEl.qComposing) {{ nativeEl.blur(); nativeEl.focus(); }} await ' + COMPOSED + ';'
    ' const before = box.inputValue ?? "", place = document.getElementById("{1}"); if (!place) return done();'
    ' const {{words, left, early}} = place.dataset, now = [...before], old = [...(left ?? before)];'
    ' const put = early && box.before?.startsWith(words) ? box.before : words; box.before = before;'
    ' const same = (one, other) => one !== undefined && one === other; let start = 0, end = 0;'
    ' while (same(old[start], now[start])) start++;'
    ' while (end < Math.min(old.length, now.length) - start && same(old.at(-1 - end), now.at(-1 - end))) end++;'
    ' box.inputValue = put + now.slice(start, now.length - end).join(""); done([before, box.inputValue]); }}))'
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


async def exchange(box: ui.input, words: ui.element) -> tuple[str, str] | None:
    """Put the words that an element holds into a box; return what was there before, and now, if the browser says."""
    texts = await _told_after(box, EXCHANGE.format(box.id, words.html_id))
    if isinstance(texts, list) and len(texts) == 2 and all(isinstance(text, str) for text in texts):
        return texts[0], texts[1]
    return None


async def put_suggestion(box: ui.input, start: int, end: int) -> str | None:
    """Put the selected suggestion between two places, as a browser counts; return what is in the box then."""
    return await _text_after(box, PUT_SUGGESTION.format(box.id, start, end))


async def _text_after(box: ui.input, expression: str) -> str | None:
    text = await _told_after(box, expression)
    return text if isinstance(text, str) else None


async def _told_after(box: ui.input, expression: str) -> object:
    try:
        return await box.client.run_javascript(expression, timeout=ANSWERS_WITHIN)
    except TimeoutError:
        return None


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


async def go_to_row(client: Client, message_id: int) -> None:
    """Bring a message that is in the log into view, and give it the focus; returns when it is there."""
    await _go(client, GO_TO_ROW.format(message_id))


async def go_to_new_line(client: Client) -> None:
    """Bring the line above the first unread message into view; returns when it is there."""
    await _go(client, GO_TO_NEW_LINE)


async def draw(client: Client) -> None:
    """Return when the browser has drawn, and told what came into view or left it; after 10 s if it draws nothing."""
    await _go(client, TWO_PICTURES)


async def _go(client: Client, expression: str) -> None:
    with suppress(TimeoutError):  # a browser that shows nothing makes no pictures
        await client.run_javascript(expression, timeout=ANSWERS_WITHIN)


def focus_result(client: Client, place: int) -> None:
    """Give the focus to one of what a search found."""
    client.run_javascript(FOCUS_RESULT.format(place))


def cancels_upload(button: ui.element, place: int) -> None:
    """Let a button within Quasar's uploader stop the file in a place of its list, and take it away."""
    button.on('click', js_handler=CANCEL_UPLOAD.format(place))


def keep_row_in_view(client: Client, key: str) -> None:
    """Let the end of a row that came by a wire stay in view."""
    if not key.isalnum():
        raise ValueError('The key of a row has letters and digits only.')
    client.run_javascript(KEEP_ROW_IN_VIEW.format(key))
