// The page of one lane: what is measured and ticked is asked for once a second, so that both ends see it live.
import { $, mark, put } from "../../parts/base/dom.js";
import { pressId, reload } from "../../parts/base/http.js";
import { say } from "../../parts/base/words.js";
import { signaturePad } from "../../parts/signature/signature.js";

const EVERY_MS = 1000, PATIENCE_MS = 8000;
const { lane, end } = $("data").dataset;
const address = (what) => "/installer/acceptance/" + lane + "/" + what;
const skipped = new Set();
let sheet = null, busy = false, asked = 0;

// ---- what is shown

function show(got) {
  const known = [...document.querySelectorAll("[data-point]")].map((el) => el.dataset.point);
  if (known.join() !== got.rows.map((row) => row.id).join()) { complain(say("installer.acceptance.script.gone")); setTimeout(reload, 1500); return; }
  const signed = (one) => (sheet && sheet[one] ? sheet[one].by + sheet[one].media : "");
  if (sheet && ["installer", "control_room"].some((one) => signed(one) !== (got[one] ? got[one].by + got[one].media : ""))) { reload(); return; }
  sheet = got;
  put($("ac-state"), got.state_text);
  $("ac-state").className = "in-chip" + (got.tone ? " is-" + got.tone : "");
  put($("ac-count"), say("installer.acceptance.script.of", { n: got.accepted, all: got.rows.length }));
  $("ac-offline").hidden = !got.offline;
  $("ac-tag").hidden = !got.tag;
  put($("ac-tag"), got.tag);
  $("ac-sign").hidden = !["ticked", "signed"].includes(got.state) || Boolean(got[end]) || got.offline;
  $("ac-wait").hidden = !["open", "ticking"].includes(got.state);
  for (const row of got.rows) showRow(document.getElementById(row.id), row);
  for (const el of document.querySelectorAll("[data-act]")) el.disabled = got.offline;
  showNext();
}
function showRow(el, row) {
  const value = el.querySelector("[data-value]"), lost = el.querySelector("[data-lost]");
  put(value, row.value);
  value.classList.toggle("is-good", row.good);
  put(lost, row.lost);
  lost.hidden = !row.lost;
  el.classList.toggle("keeps-tag", row.keeps_tag);
  for (const whose of ["installer", "control_room"]) showCell(el.querySelector(`[data-end="${whose}"]`), row[whose], row);
}
function showCell(cell, tick, row) {
  cell.querySelector("[data-tick]").hidden = !tick;
  put(cell.querySelector("[data-by]"), tick ? tick.by : "");
  put(cell.querySelector("[data-at]"), tick ? tick.at.slice(5) : "");
  const open = cell.querySelector("[data-open]"), button = cell.querySelector("button");
  if (open) open.hidden = Boolean(tick);
  if (!button) return;
  const words = say("installer.acceptance.script." + (tick ? "back" : "tick"));
  put(button, words);
  mark(button, "aria-label", words + ": " + row.name);
  button.classList.toggle("is-quiet", Boolean(tick));
  cell.querySelector("[name=what]").value = tick ? "withdraw" : "tick";
}
function showNext() {
  const open = sheet.rows.filter((row) => !row[end]);
  if (open.every((row) => skipped.has(row.id))) skipped.clear();
  const next = open.find((row) => !skipped.has(row.id));
  $("ac-next").hidden = !next;
  $("ac-all-mine").hidden = Boolean(next);
  if (!next) return;
  put($("ac-next-name"), next.name);
  put($("ac-next-where"), next.where);
  put($("ac-next-how"), next.how);
  put($("ac-next-value"), next.value);
  $("ac-next-value").classList.toggle("is-good", next.good);
  $("ac-next-point").value = next.id;
  $("ac-skip").hidden = open.length < 2;
}
function complain(words) { put($("ac-refused"), words); $("ac-refused").hidden = !words; }

// ---- asking and acting

async function ask(what, options) {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), PATIENCE_MS);
  try {
    const got = await fetch(address(what), { credentials: "same-origin", signal: stop.signal, ...options, headers: { Accept: "application/json", ...(options || {}).headers } });
    if (got.status === 401) return reload("/sign-in?next=" + location.pathname);
    return await got.json();
  } catch (_error) {
    complain(say("installer.acceptance.script.cut"));
    return undefined;
  } finally {
    clearTimeout(timer);
  }
}
async function look() {
  if (document.hidden || busy) return;
  const number = ++asked, got = await ask("live");
  if (number !== asked || busy || !got || !got.sheet) return;
  if ($("ac-refused").textContent === say("installer.acceptance.script.cut")) complain("");
  show(got.sheet);
}
// Taps are sent one after the other, and none is dropped.
let queue = Promise.resolve();
function act(form) {
  const body = new URLSearchParams(new FormData(form));
  body.set("request", pressId());
  queue = queue.then(() => send(body));
}
async function send(body) {
  busy = true;
  asked += 1;
  const got = await ask("act", { method: "POST", body, headers: { "X-CSRF-Token": document.querySelector("meta[name=csrf]").content } });
  busy = false;
  if (!got) return;
  complain(got.refused || got.detail || "");
  if (got.sheet) show(got.sheet);
}

export function followLane() {
  const pad = signaturePad($("ac-canvas"));
  document.addEventListener("submit", (event) => {
    if (!event.target.action.endsWith("/act")) return;
    event.preventDefault();
    if (event.target.id === "ac-sign") $("ac-drawing").value = pad.drawn();
    act(event.target);
  });
  $("ac-skip").addEventListener("click", () => { skipped.add($("ac-next-point").value); showNext(); });
  $("ac-pad").hidden = false;
  $("ac-clear").hidden = false;
  $("ac-clear").addEventListener("click", pad.clear);
  look();
  setInterval(look, EVERY_MS);
}
