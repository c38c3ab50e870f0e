// The place that tells who is inside: numbers that narrow the list, a search, one car with its line, the corrections.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { ask, post, pressId } from "../../parts/base/http.js";
import { answer } from "../../parts/answer/answer.js";
import { drawable } from "../../parts/glyphs/glyphs.js";
import { drawKeys, plateKeys } from "../../parts/keys/keys.js";
import { isOpen, openSheet } from "../../parts/sheet/sheet.js";
import { wireKeypad } from "../../parts/keypad/keypad.js";
import { SETTLE_MS } from "../lane/lanes.js";
import { openDebt } from "../pay/debt.js";
import { printTicket } from "../papers/ticket.js";
import { place } from "../places/places.js";

const AGAIN_MS = 5000, NUMBER_MAX = 999999, ROW = 64, GAP = 12, QUERY_MAX = 40;
let keys = { regions: "", last: "", chinese: false }, keyPage = "digits";
let shown = null, kind = "", query = "", from = 0, car = null, number = "", openedAt = 0, asked = 0, begun = null;

async function look() {
  const mine = asked += 1;
  const got = await ask("/guard/inside?kind=" + encodeURIComponent(kind) + "&q=" + encodeURIComponent(query));
  if (mine !== asked) return;
  if (got) shown = got;
  paintInside(got);
}
function paintInside(got) {
  put($("inside-title"), got ? got.count : say("place.no_answer"));
  put($("inside-free"), got ? got.free : "");
  mark($("inside-free"), "data-full", got && got.full ? "yes" : "");
  if (!got) return;
  each($("inside-tiles"), got.tiles, tile, fillTile);
  put($("inside-find"), query ? say("inside.found", { q: query }) : say("inside.find"));
  mark($("inside-find"), "aria-pressed", String(query !== ""));
  paintRows();
}
// The elements stay: a finger that is down on one means what it showed then.
function each(list, models, build, fill) {
  while (list.children.length > models.length) list.lastChild.remove();
  models.forEach((model, at) => fill(list.children[at] || list.appendChild(build()), model));
}
function button(name, parts, pressed) {
  const el = make("button", "", name);
  el.type = "button";
  el.append(...parts);
  el.addEventListener("pointerdown", () => { el.meant = el.model; });
  el.addEventListener("click", () => {
    const meant = el.meant || el.model;
    el.meant = null;
    pressed(meant);
  });
  return el;
}
function tile() {
  return button("inside-tile", [make("b", ""), make("span", "")], (one) => {
    kind = kind === one.kind ? "" : one.kind;
    from = 0;
    look();
  });
}
function fillTile(el, one) {
  el.model = one;
  put(el.children[0], String(one.number));
  put(el.children[1], one.name);
  mark(el, "aria-pressed", String(kind === one.kind));
  mark(el, "data-long", one.kind === "long" && one.number ? "yes" : "");
}
// So many rows as the list has room for; the others are a page further.
const room = () => Math.max(1, Math.floor(($("inside-rows").clientHeight + GAP) / (ROW + GAP)));
function paintRows() {
  const rows = shown ? shown.rows : [], most = room();
  from = Math.min(from, Math.max(0, rows.length - 1));
  each($("inside-rows"), rows.slice(from, from + most), row, fillRow);
  put($("inside-none"), rows.length ? "" : shown.none);
  $("inside-back").disabled = from === 0;
  $("inside-next").disabled = from + most >= rows.length;
}
function row() {
  const item = document.createElement("li");
  item.append(button("inside-row", [make("b", ""), make("span", "", "ago"), make("span", "", "what")], show));
  return item;
}
function fillRow(item, one) {
  const el = item.firstChild;
  el.model = one;
  put(el.children[0], drawable(one.title));
  put(el.children[1], one.age);
  put(el.children[2], drawable(one.what));
  mark(el, "data-long", one.long ? "yes" : "");
  mark(el, "data-away", one.visit ? "" : "yes");
  mark(el, "data-owes", one.owes ? "yes" : "");
}
async function show(one) {
  if (one.owes) { openDebt(one.visit); return; }
  car = one;
  begun = null;
  openedAt = performance.now();
  put($("stay-title"), drawable(one.title));
  $("stay-lines").replaceChildren(make("p", drawable(one.what)));
  put($("stay-printed"), "");
  $("stay-ticket").hidden = !one.ticket;
  paintDeeds(Boolean(one.visit), !one.visit);
  openSheet("stay");
  const got = one.visit ? await ask("/guard/inside/" + encodeURIComponent(one.visit)) : null;
  if (!got || car !== one || !isOpen("stay")) return;
  $("stay-lines").replaceChildren(...got.lines.map((text) => make("p", drawable(text), "wraps")));
  paintDeeds(got.inside, false);
}
function paintDeeds(left, came) {
  put($("stay-ask"), left ? say("inside.ask_left") : came ? say("inside.ask_came") : "");
  for (const el of document.querySelectorAll("#sheet-stay .inside-why")) el.hidden = !(el.dataset.verb === "left" ? left : came);
}
// One press is one correction: a double tap and a repeat have its id.
async function correct(verb, reason) {
  if (performance.now() - openedAt < SETTLE_MS || (begun && begun.waits)) return;
  const body = { reason };
  if (verb === "count") {
    if (number === "") { answer(say("inside.no_number"), "refused"); return; }
    Object.assign(body, { count: Number(number), seen: shown ? shown.seen : "" });
  } else if (car.visit) body.visit = car.visit; else if (car.plate) body.plate = car.plate; else body.visit = car.ticket;
  begun = { waits: true };
  answer(say("inside.sending"));
  const got = await post("/guard/inside/" + verb, Object.assign({ request: pressId() }, body));
  begun = null;
  if (!got) return;
  answer(got.text, got.status === "done" ? "done" : got.status);
  if (got.status === "done" || got.code === "visit_over" || got.code === "already_inside" || got.code === "count_changed") {
    number = "";
    if (isOpen("stay") || isOpen("count")) openSheet("inside");
  }
}
function paintCount() {
  put($("count-number"), number || "–");
  put($("count-set"), shown ? [shown.count, shown.set].filter(Boolean).join(" · ") : "");
}
// Most look for digits; behind the first character of a plate come its letters, and then digits.
function drawFind() {
  const field = $("inside-q"), text = field.value;
  const typed = (now) => {
    field.value = now.slice(0, QUERY_MAX);
    if (!now) keyPage = "digits"; else if (keys.regions.includes(now[0])) keyPage = "";
    drawFind();
  };
  drawKeys($("inside-keys"), plateKeys(keys, text, keyPage, {
    typed,
    turned: (page) => { keyPage = page; drawFind(); },
    more: { text: say("keys.clear"), act: () => typed(""), off: !text },
    on: { text: say("inside.look"), act: find },
  }));
}
function openedFind() {
  keyPage = keys.regions.includes($("inside-q").value[0] || " ") ? "" : "digits";
  drawFind();
  $("inside-q").focus({ preventScroll: true });
}
async function learnKeys() {
  const got = await ask("/guard/keys");
  if (got) keys = got;
}
function find() {
  query = $("inside-q").value.trim();
  from = 0;
  kind = "";
  openSheet("inside");
}

if ($("sheet-inside")) {
  place("inside", { opened: () => { if (!shown) from = 0; look(); learnKeys(); }, typed: () => query !== "" });
  place("find", { under: "inside", typed: () => $("inside-q").value !== query, opened: openedFind });
  place("stay", { under: "inside", busy: () => Boolean(begun) });
  place("count", { under: "inside", opened: () => { openedAt = performance.now(); paintCount(); }, typed: () => number !== "", busy: () => Boolean(begun) });
  $("inside-find").addEventListener("click", () => {
    if (query) { query = $("inside-q").value = ""; from = 0; look(); } else openSheet("find");
  });
  $("stay-ticket").addEventListener("click", () => {
    const one = car;
    printTicket(one.ticket, $("stay-printed"), () => car === one);
  });
  $("inside-set").addEventListener("click", () => openSheet("count"));
  $("inside-q").addEventListener("input", drawFind);
  $("inside-q").addEventListener("keydown", (event) => { if (event.key === "Enter") find(); });
  $("inside-back").addEventListener("click", () => { from = Math.max(0, from - room()); paintRows(); });
  $("inside-next").addEventListener("click", () => { from += room(); paintRows(); });
  wireKeypad("count-pad", (key) => {
    number = key === "erase" ? number.slice(0, -1) : String(Math.min(NUMBER_MAX, Number(number + key)));
    paintCount();
  });
  for (const why of document.querySelectorAll(".inside-why")) for (const el of why.children) el.addEventListener("click", () => correct(why.dataset.verb, el.value));
  setInterval(() => { if (isOpen("inside")) look(); }, AGAIN_MS);
}
