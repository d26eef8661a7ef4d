// Pages work without this file; with it they keep themselves up to date. No element is written but from what our own server sent.
"use strict";

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

// A part of the page that is loaded again when the server says that it has changed. What has the focus keeps it.
function keepUp(part) {
  let loading = false, again = false;
  const load = async () => {
    if (loading) { again = true; return; }
    loading = true;
    try {
      const answer = await fetch(part.dataset.part, { headers: { accept: "text/html" } });
      if (answer.ok) replace(part, await answer.text());
      else if (answer.status === 401) location.reload();
    } finally {
      loading = false;
      if (again) { again = false; load(); }
    }
  };
  const source = new EventSource(part.dataset.live);
  source.addEventListener("changed", load);
  let broken = false;
  source.onerror = () => { broken = true; tell("The connection is interrupted; trying again."); };
  // Between the page and this connection, too, something may have changed.
  source.onopen = () => { if (broken) { broken = false; tell(""); } load(); };
}

function replace(part, html) {
  const active = document.activeElement;
  const id = part.contains(active) && active.id;
  const href = part.contains(active) && active.getAttribute("href");
  part.innerHTML = html;
  localise(part);
  const same = id ? document.getElementById(id) : href && part.querySelector(`[href="${CSS.escape(href)}"]`);
  if (same) same.focus({ preventScroll: true });
  part.dispatchEvent(new CustomEvent("loaded", { bubbles: true }));
}

// A list that new items are put on top of (or, with data-end, at the end of).
function gather(list) {
  const source = new EventSource(list.dataset.items);
  source.addEventListener("item", event => {
    if (list.dataset.paused) return;
    const atEnd = "end" in list.dataset;
    list.insertAdjacentHTML(atEnd ? "beforeend" : "afterbegin", event.data);
    localise(list);
    const most = Number(list.dataset.most || 100);
    const old = [...list.children].filter(item => !item.dataset.pinned);
    for (const item of atEnd ? old.slice(0, -most) : old.slice(most)) item.remove();
    list.dispatchEvent(new CustomEvent("gathered", { bubbles: true }));
  });
  source.addEventListener("changed", () => location.reload());
  source.onerror = () => tell("The connection is interrupted; trying again.");
  source.onopen = () => tell("");
}

document.addEventListener("DOMContentLoaded", () => {
  localise(document);
  document.querySelectorAll("[data-live]").forEach(keepUp);
  document.querySelectorAll("[data-items]").forEach(gather);
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

// Asks before what cannot be undone; copies what stands in another element.
document.addEventListener("submit", event => {
  const question = event.submitter && event.submitter.dataset.ask;
  if (question && !confirm(question)) event.preventDefault();
});
document.addEventListener("click", async event => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const from = button.dataset.copy ? document.getElementById(button.dataset.copy) : button.closest("li, article").querySelector("pre");
  await navigator.clipboard.writeText(from.textContent);
  tell("Copied.");
});
