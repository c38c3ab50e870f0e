// The place for a driver without a card: which car, the number, the office, the signature, the decision.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { ask, post, pressId } from "../../parts/base/http.js";
import { pressedMs } from "../../parts/base/clock.js";
import { say } from "../../parts/base/words.js";
import { answer } from "../../parts/answer/answer.js";
import { drawable } from "../../parts/glyphs/glyphs.js";
import { openName, openSheet } from "../../parts/sheet/sheet.js";
import { signaturePad } from "../../parts/signature/signature.js";
import { chosenLane, lane, old, state } from "../home/state.js";
import { choose } from "../lane/lanes.js";
import { place } from "../places/places.js";

const LAYERS = ["123456789", "ABCDEFGHI", "JKLMNOPQR", "STUVWXYZ-"];
const NAMES = ["123", "ABC", "JKL", "STU"];
const STEP_OF = { asked: "office", confirmed: "sign", declined: "refuse", signed: "decide" };
const QUERY_MAX = 12, NUMBER_MAX = 20, SHOWN = 4, ROW = 64, GAP = 8, FIND_MS = 250, LOOK_MS = 2000;
const sheet = $("sheet-identity"), steps = $("id-steps");
let now = null, before = "car", layer = 0, finding = 0, lookedAt = 0, busy = false, pad = null;

function fresh() {
  const exits = state.view.lanes.filter((one) => one.direction === "exit"), chosen = chosenLane();
  const at = chosen && chosen.direction === "exit" ? chosen : exits[0];
  if (at) choose(at.id);
  now = { lane: at ? at.id : "", typed: "", visit: null, kind: "resident_id", request: pressId(), person: null, said: "" };
}
const step = () => steps.dataset.step;
const begun = () => now !== null && (now.person !== null || now.typed !== "" || now.visit !== null);

function go(to) {
  if (to !== "refuse") before = to;
  else if (before === "car" || before === "number") before = "office";
  steps.dataset.step = to;
  now.typed = ""; // a number that was taken is masked from here on
  if (to === "car" || to === "number") layer = 0;
  if (to === "car") find();
  if (to === "sign") pad.clear();
  paint();
  sheet.focus({ preventScroll: true });
}
function paint() {
  const one = lane(now.lane);
  put($("identity-title"), one ? say("identity.title.lane", { lane: one.name }) : say("identity.title"));
  const who = now.person, car = who ? [drawable(who.title), drawable(who.detail)] : now.visit ? [now.visit.title, now.visit.detail] : [];
  const facts = who ? [...car, who.document, who.masked, who.office] : step() === "car" ? [say("identity.which_car")] : car.length ? car : [say("identity.not_listed")];
  put($("id-facts"), facts.filter(Boolean).join(" · "));
  // Of a number only what was typed last can be read.
  const secret = step() === "number" && now.typed.length > SHOWN;
  put($("id-typed"), secret ? "*".repeat(now.typed.length - SHOWN) + now.typed.slice(-SHOWN) : now.typed);
  mark($("id-typed"), "data-long", now.typed.length > QUERY_MAX ? "yes" : "");
  mark($("id-typed"), "data-hint", say(step() === "car" ? "identity.hint.car" : "identity.hint.number"));
  put($("id-go"), say(step() === "car" ? "identity.not_listed" : "identity.go"));
  for (const el of $("id-kinds").children) mark(el, "aria-pressed", String(el.value === now.kind));
  for (const el of $("id-names").children) mark(el, "aria-pressed", String(el.value === now.said));
  [...$("id-pad").querySelectorAll(".id-plain")].forEach((el, index) => { el.dataset.key = LAYERS[layer][index]; put(el, el.dataset.key); });
  put($("id-pad").querySelector("[data-key=layer]"), NAMES[(layer + 1) % LAYERS.length]);
}
// ---- which car
async function find() {
  const asked = (finding += 1), query = now.typed;
  const got = await ask("/guard/identity/cars?lane=" + encodeURIComponent(now.lane) + "&q=" + encodeURIComponent(query));
  if (asked !== finding || step() !== "car") return;
  const rows = (got ? got.open : []).map((one) => row(say("identity.goes_on"), [one.title, one.masked].join(" · "), () => goesOn(one)));
  rows.push(...(got ? got.items : []).map((one) => row(one.title, one.detail, () => { now.visit = one; go("number"); })));
  const list = $("id-cars"), fits = Math.max(1, Math.floor((list.clientHeight + GAP) / (ROW + GAP)));
  if (rows.length > fits) rows.splice(fits - 1, rows.length, make("p", say("identity.more", { n: rows.length - fits + 1 }), "wraps"));
  list.replaceChildren(...(rows.length ? rows : [make("p", say(got ? "identity.none" : "place.no_answer"), "wraps")]));
}
function row(title, detail, picked) {
  const el = make("button", "", "choice wraps");
  el.type = "button";
  el.append(make("b", drawable(title)), drawable(detail));
  el.addEventListener("click", picked);
  return el;
}
function goesOn(person) {
  now.person = person;
  go(STEP_OF[person.state] || "car");
}
// ---- typing
function key(which) {
  const most = step() === "car" ? QUERY_MAX : NUMBER_MAX;
  if (which === "layer") layer = (layer + 1) % LAYERS.length;
  else if (which === "enter") return step() === "car" ? notListed() : take();
  else if (which === "erase") now.typed = now.typed.slice(0, -1);
  else if (now.typed.length < most) now.typed += which;
  if (step() === "number") now.request = pressId();
  else if (which !== "layer") { clearTimeout(now.timer); now.timer = setTimeout(find, FIND_MS); }
  return paint();
}
function notListed() { now.visit = null; go("number"); }
// ---- the steps
async function send(what, body) {
  if (busy) return null;
  busy = true;
  const got = await post("/guard/identity/" + what, body);
  busy = false;
  if (!got) return null;
  if (!got.person) { answer(got.text, got.status === "failed" ? "failed" : "refused"); return null; }
  answer("");
  return got;
}
async function step_(what, body) {
  const got = await send(what, Object.assign({ lane: now.lane, person: now.person && now.person.person }, body));
  if (got) goesOn(got.person);
}
const take = () => step_("take", { visit: now.visit ? now.visit.visit : "", kind: now.kind, number: now.typed, request: now.request });

async function end(verb, reason) {
  const one = lane(now.lane);
  if (busy) return undefined;
  if (!one || old(one)) return answer(say("refused.stale"), "refused");
  busy = true;
  const got = await post("/guard/identity/end", { lane: now.lane, person: now.person.person, verb, reason, request: pressId(), pressed_ms: pressedMs() });
  busy = false;
  if (!got) return undefined;
  answer(got.text, got.tone || got.status);
  if (got.status !== "done") return undefined;
  now = null;
  return openSheet(null);
}
// The office may answer on its page meanwhile.
async function look() {
  if (!now || !now.person || busy || !["office", "sign", "decide", "refuse"].includes(step()) || performance.now() - lookedAt < LOOK_MS) return;
  lookedAt = performance.now();
  const asked = now.person.person, got = await ask("/guard/identity/" + asked);
  if (!got || !got.person || !now || !now.person || now.person.person !== asked || got.person.state === now.person.state || busy) return;
  if (got.person.state === "released" || got.person.state === "refused") { now = null; fresh(); go("car"); } else goesOn(got.person);
}
function opened() {
  if (now === null) fresh();
  if (!begun()) { fresh(); go("car"); } else if (step() === "car") find();
  paint();
}
if (sheet) {
  pad = signaturePad($("id-canvas"), () => { $("id-signed").disabled = pad === null || pad.drawn() === ""; });
  place("identity", { opened, paint: () => { if (now) { paint(); look(); } }, typed: begun, under: "more", busy: () => step() === "sign" });
  for (const el of $("id-pad").querySelectorAll(".key")) el.addEventListener("click", () => key(el.dataset.key));
  for (const el of $("id-kinds").children) el.addEventListener("click", () => { now.kind = el.value; now.request = pressId(); if (el.dataset.letters) layer = layer || 1; else layer = 0; paint(); });
  for (const el of $("id-names").children) el.addEventListener("click", () => { now.said = el.value; paint(); });
  for (const el of sheet.querySelectorAll("[data-answer]")) el.addEventListener("click", () => step_("office", { confirmed: el.dataset.answer === "yes", said_by: now.said }));
  for (const el of sheet.querySelectorAll("[data-step-back]")) el.addEventListener("click", () => { fresh(); go("car"); });
  for (const el of sheet.querySelectorAll("[data-refuse]")) el.addEventListener("click", () => go("refuse"));
  for (const el of $("id-reasons").children) el.addEventListener("click", () => end("refuse", el.value));
  sheet.querySelector("[data-release]").addEventListener("click", () => end("release", "office_confirmed"));
  $("id-clear").addEventListener("click", () => pad.clear());
  $("id-signed").addEventListener("click", () => { const drawing = pad.drawn(); if (drawing) step_("sign", { drawing }); });
  $("id-back").addEventListener("click", () => go(before));
  document.addEventListener("keydown", (event) => {
    if (openName() !== "identity" || !["car", "number"].includes(step()) || event.ctrlKey || event.altKey || event.metaKey) return;
    const onButton = event.target.tagName === "BUTTON" && !event.target.closest(".id-pad");
    const which = /^[0-9a-zA-Z]$/.test(event.key) ? event.key.toUpperCase() : event.key === "Backspace" ? "erase" : event.key === "Enter" && !onButton ? "enter" : null;
    if (which) { event.preventDefault(); key(which); }
  });
}
