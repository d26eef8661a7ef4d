// Pages work without this file; with it they keep themselves up to date. No element is written but from what our own server sent.
"use strict";

// Milliseconds until a line that broke for good is taken up anew.
const AGAIN = 3000;

// Times are shown as whoever looks is used to.
function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    time.title = time.textContent;
    const today = at.toDateString() === new Date().toDateString();
    const clock = { hour: "2-digit", minute: "2-digit", second: "2-digit" };
    time.textContent = today ? at.toLocaleTimeString([], clock) : at.toLocaleString([], { dateStyle: "short", timeStyle: "short" });
  }
}

function tell(what) {
  const told = document.getElementById("told");
  if (told) told.textContent = what;
}

// A line on which the server says what is new. A browser opens only six connections to a place, for all its tabs: so parts of a page that
// hear the same share a line, and a page that nobody looks at has none.
class Line extends EventTarget {
  static all = new Map();

  static to(address) {
    if (!Line.all.has(address)) Line.all.set(address, new Line(address));
    return Line.all.get(address);
  }

  constructor(address) {
    super();
    this.address = new URL(address, location.href);
    this.broken = false;
  }

  open() {
    if (this.source || document.hidden) return;
    const source = this.source = new EventSource(this.address);
    source.onopen = () => {
      if (this.broken) tell("");
      this.broken = false;
      this.dispatchEvent(new Event("open"));
    };
    source.onerror = () => {
      this.broken = true;
      tell("The connection is interrupted; trying again.");
      // The browser tries again by itself, but not after an answer that is no line, as a proxy gives while the service starts.
      if (source.readyState !== EventSource.CLOSED) return;
      this.close();
      setTimeout(() => this.open(), AGAIN);
      this.dispatchEvent(new Event("refused"));
    };
    for (const kind of ["changed", "item"]) source.addEventListener(kind, event => this.hear(kind, event));
  }

  hear(kind, { data, lastEventId }) {
    // Whoever takes the line up again says how far they have heard.
    if (lastEventId) this.address.searchParams.set("after", lastEventId);
    this.dispatchEvent(new MessageEvent(kind, { data }));
  }

  close() {
    if (this.source) this.source.close();
    this.source = null;
  }
}

document.addEventListener("visibilitychange", () => {
  for (const line of Line.all.values()) document.hidden ? line.close() : line.open();
});

// A page that the browser kept may show what its visitor, signed out since, may see no more.
addEventListener("pageshow", event => { if (event.persisted) location.reload(); });

// A part of the page that is loaded again when the server says that it has changed.
function keepUp(part) {
  let loading = false, again = false;
  const load = async () => {
    if (loading) { again = true; return; }
    loading = true;
    try {
      const answer = await fetch(part.dataset.part, { headers: { "junco-part": "yes" } });
      if (answer.ok) replace(part, await answer.text());
      // Nobody is signed in any more.
      else if (answer.status === 401) location.reload();
    } catch {
      // The line breaks with it, and tells.
    } finally {
      loading = false;
      if (again) { again = false; load(); }
    }
  };
  const line = Line.to(part.dataset.live);
  // Between the page and the line, too, something may have changed.
  for (const kind of ["open", "changed", "refused"]) line.addEventListener(kind, load);
}

// The part on which a button of the mouse is down, or a finger: it stays until the click is over, and keeps what is to stand there then.
let held = null;
function hold(part) {
  const [before, html] = [held, held && held.waiting];
  held = part;
  if (!before || before === part) return;
  before.waiting = null;
  if (html) replace(before, html);
}
document.addEventListener("pointerdown", event => hold(event.target.closest("[data-live]")));
for (const end of ["pointerup", "pointercancel"]) document.addEventListener(end, () => setTimeout(() => hold(null)));

// What somebody does there goes on: what has the focus keeps it, what was typed stays, and so does what was scrolled to.
const KEPT = "a[href], button, input:not([type=hidden]), select, textarea, [tabindex], .inspector, .wide";

function replace(part, html) {
  if (part.shown === html) return;
  if (part === held) { part.waiting = html; return; }
  part.shown = html;
  const before = [...part.querySelectorAll(KEPT)];
  const kept = before.map(old => ({
    old,
    top: old.scrollTop,
    left: old.scrollLeft,
    focus: old === document.activeElement,
    caret: old === document.activeElement && "selectionStart" in old ? [old.selectionStart, old.selectionEnd] : [null],
    typed: "defaultValue" in old && old.value !== old.defaultValue,
  })).filter(({ top, left, focus, typed }) => top || left || focus || typed);
  part.innerHTML = html;
  localise(part);
  const after = [...part.querySelectorAll(KEPT)];
  for (const { old, top, left, focus, caret, typed } of kept) {
    const alike = name(old);
    const place = before.filter(other => name(other) === alike).indexOf(old);
    const same = after.filter(other => name(other) === alike)[place];
    if (!same) continue;
    if (typed) same.value = old.value;
    if (focus) same.focus({ preventScroll: true });
    if (caret[0] !== null) same.setSelectionRange(...caret);
    same.scrollTo({ top, left, behavior: "instant" });
  }
}

// By what an element is known again in a part that was loaded anew.
function name(element) {
  const form = element.form && element.form.getAttribute("action");
  const said = element.tagName === "BUTTON" ? element.textContent : "";
  // Buttons that say the same differ in what they send.
  const sent = element.form ? [...element.form.elements].filter(field => field.type === "hidden" && field.name !== "mark") : [];
  const marks = ["id", "href", "name", "aria-label", "aria-labelledby"].map(mark => element.getAttribute(mark));
  return JSON.stringify([element.tagName, form, said, ...sent.map(field => field.value), ...marks]);
}

// A list that new items are put on top of.
function gather(list) {
  const line = Line.to(list.dataset.items);
  line.addEventListener("item", event => {
    if (list.dataset.paused) return;
    list.insertAdjacentHTML("afterbegin", event.data);
    list.firstElementChild.classList.add("new");
    localise(list);
    const old = [...list.children].filter(item => !item.dataset.pinned);
    for (const item of old.slice(Number(list.dataset.most))) item.remove();
  });
  line.addEventListener("changed", () => location.reload());
}

document.addEventListener("DOMContentLoaded", () => {
  localise(document);
  document.querySelectorAll("[data-live]").forEach(keepUp);
  document.querySelectorAll("[data-items]").forEach(gather);
  for (const line of Line.all.values()) line.open();
  document.querySelectorAll("[data-pause]").forEach(button => { button.hidden = false; });
});

// The arrow keys turn the pages of a conversation's past, unless somebody writes.
document.addEventListener("keydown", event => {
  if (event.altKey || event.ctrlKey || event.metaKey || /^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) return;
  const link = { ArrowLeft: "earlier", ArrowRight: "later" }[event.key];
  const place = link && document.getElementById(link);
  if (place) { event.preventDefault(); place.click(); }
});

// Pinned cards stay while others come and go; a paused list takes none.
document.addEventListener("click", event => {
  const pin = event.target.closest("[data-pin]");
  if (pin) {
    const item = pin.closest("li");
    const pinned = !item.dataset.pinned;
    if (pinned) item.dataset.pinned = "yes"; else delete item.dataset.pinned;
    pin.setAttribute("aria-pressed", pinned);
  }
  const pause = event.target.closest("[data-pause]");
  if (pause) {
    const list = document.getElementById(pause.dataset.pause);
    if (list.dataset.paused) { location.reload(); return; }
    list.dataset.paused = "yes";
    pause.textContent = "Go on";
  }
});

// Copies what stands in another element.
document.addEventListener("click", async event => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const from = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.closest("li, article").querySelector("pre");
  await navigator.clipboard.writeText(from.textContent);
  tell("Copied.");
});
