// The page works without this file; with it it keeps itself up to date. No element is written but from what our own server sent.
"use strict";

const told = text => { document.getElementById("told").textContent = text; };

// Times are shown as whoever looks is used to.
function localise(root) {
  for (const time of root.querySelectorAll("time[datetime]:not([title])")) {
    const at = new Date(time.dateTime);
    time.title = at.toLocaleString();
    time.textContent = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  }
}

const log = chat => document.querySelector(`[data-chat="${CSS.escape(chat)}"] .log`);

// Whoever reads older messages is left in peace.
function add(chat, html) {
  const list = log(chat);
  if (!list) return;
  const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 80;
  const made = document.createElement("template");
  made.innerHTML = html;
  const bubble = made.content.firstElementChild;
  if (document.getElementById(bubble.id)) return;
  localise(made.content);
  list.append(bubble);
  if (atEnd || bubble.classList.contains("own")) list.scrollTop = list.scrollHeight;
}

function beside(chat, html) {
  const place = document.querySelector(`[data-chat="${CSS.escape(chat)}"] .status`);
  if (!place) return;
  place.innerHTML = html;
  localise(place);
  fade(place);
}

// Nobody types for ever.
function fade(root) {
  for (const typing of root.querySelectorAll(".typing[data-for]")) setTimeout(() => typing.remove(), Number(typing.dataset.for));
}

// A part that is loaded again when it changed. What has the focus keeps it, what is open stays open.
const loading = new Map();
async function load(part, query = "") {
  if (loading.get(part)) { loading.set(part, "again"); return; }
  loading.set(part, "now");
  try {
    const answer = await fetch(part.dataset.part + query);
    if (answer.ok) replace(part, await answer.text());
  } finally {
    const again = loading.get(part) === "again";
    loading.delete(part);
    if (again) load(part, part.id === "wire" ? filter() : "");
  }
}

function replace(part, html) {
  const made = document.createElement("template");
  made.innerHTML = html;
  localise(made.content);
  const focused = part.contains(document.activeElement) ? document.activeElement : null;
  const kept = focused && (focused.id || focused.closest("details")?.id);
  for (const open of part.querySelectorAll("details[open]")) {
    const same = made.content.getElementById(open.id);
    if (!same) continue;
    same.open = true;
    same.querySelector(".more").replaceWith(open.querySelector(".more"));
    // One that was opened this very moment is asked for by the toggle event of its successor.
    if (!open.dataset.loaded) continue;
    if (same.dataset.version !== open.dataset.version) more(same);
    else same.dataset.loaded = "yes";
  }
  part.replaceChildren(made.content);
  const same = kept && document.getElementById(kept);
  if (same) (same.querySelector("summary") || same).focus({ preventScroll: true });
}

async function more(details) {
  details.dataset.loaded = "yes";
  // The place is held, not looked for at the end: it moves on when the part is loaded again meanwhile.
  const place = details.querySelector(".more");
  const version = place.dataset.version = details.dataset.version;
  const answer = await fetch(details.dataset.more);
  const text = await answer.text();
  if (place.dataset.version !== version) return;
  if (answer.ok) place.innerHTML = text;
  else place.textContent = text;
  localise(place);
}

function filter() {
  const form = new FormData(document.querySelector("[data-filter]"));
  return "?" + new URLSearchParams({ way: form.get("way"), q: form.get("q") });
}

function listen() {
  const source = new EventSource(document.body.dataset.news);
  let broken = false;
  source.addEventListener("message", event => { const { chat, html } = JSON.parse(event.data); add(chat, html); });
  source.addEventListener("status", event => { const { chat, html } = JSON.parse(event.data); beside(chat, html); });
  source.addEventListener("wire", () => load(document.getElementById("wire"), filter()));
  source.addEventListener("switches", () => load(document.getElementById("switches")));
  source.addEventListener("anew", () => location.reload());
  source.onerror = () => { broken = true; told("The connection is interrupted; trying again."); };
  source.onopen = () => { if (broken) { broken = false; told(""); } };
}

async function send(form, submitter) {
  const data = new FormData(form, submitter);
  const field = form.querySelector("textarea");
  const typed = field && field.value;
  let answer;
  try {
    answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(data) });
  } catch {
    told("The simulator does not answer.");
    return;
  }
  const text = await answer.text();
  told(text);
  if (!answer.ok || !field) return;
  // Who types on meanwhile keeps it.
  if (field.value === typed) field.value = "";
  field.focus();
}

async function copyTest(link) {
  const text = await (await fetch(link.href)).text();
  try {
    await navigator.clipboard.writeText(text);
    told("Copied: paste it into a file *.test.kdl in the bot's folder, and run junco test.");
  } catch {
    const dialog = document.getElementById("test");
    dialog.querySelector("pre").textContent = text;
    dialog.showModal();
  }
}

document.addEventListener("submit", event => {
  const form = event.target;
  if (form.dataset.filter) {
    event.preventDefault();
    load(document.getElementById("wire"), filter());
  } else if (form.method === "post" && !("plain" in form.dataset)) {
    event.preventDefault();
    send(form, event.submitter);
  }
});

document.addEventListener("keydown", event => {
  if (event.key !== "Enter" || event.shiftKey || event.isComposing || !event.target.matches(".compose textarea")) return;
  event.preventDefault();
  event.target.form.requestSubmit(event.target.form.querySelector("button"));
});

document.addEventListener("click", event => {
  const link = event.target.closest("[data-copy-test]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  copyTest(link);
});

// A picture that was not there yet makes its chat longer. Does not bubble.
document.addEventListener("load", event => {
  const list = event.target.closest && event.target.closest(".log");
  if (list && list.scrollHeight - list.scrollTop - list.clientHeight < event.target.height + 120) list.scrollTop = list.scrollHeight;
}, true);

let pause;
document.addEventListener("input", event => {
  if (!event.target.closest("[data-filter]")) return;
  clearTimeout(pause);
  pause = setTimeout(() => load(document.getElementById("wire"), filter()), 200);
});

// Does not bubble.
document.addEventListener("toggle", event => {
  if (event.target.dataset.more && event.target.open && !event.target.dataset.loaded) more(event.target);
}, true);

document.addEventListener("DOMContentLoaded", () => {
  localise(document);
  fade(document);
  for (const list of document.querySelectorAll(".log")) list.scrollTop = list.scrollHeight;
  listen();
});
