// A visitor is registered: plate, building and unit, purpose, and the last tap, which also lets the car in that waits.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { ask, post, pressId } from "../../parts/base/http.js";
import { pressedMs } from "../../parts/base/clock.js";
import { answer } from "../../parts/answer/answer.js";
import { drawKeys, plateKeys } from "../../parts/keys/keys.js";
import { isOpen, onSheet } from "../../parts/sheet/sheet.js";
import { chosenLane, lane, old, state } from "../home/state.js";
import { printTicket } from "../papers/ticket.js";
import { place } from "../places/places.js";
import { drawRoom } from "./room.js";

const PLATE_MAX = 10, PLATE_MIN = 5, PEOPLE_MAX = 200, CARD_EVERY_MS = 20000, REST_MS = 500, TIMEOUT_MS = 5000, PHOTO_MS = 1000, PHOTO_TRIES = 8;
const STEPS = ["plate", "where", "purpose", "last"];
const blank = () => ({ plate: "", none: false, building: null, room: "", placed: false, purpose: "", people: 1, goods: false, vehicle: "car", card: "", lane: "", press: null });
let registered = "";
let offered = null, draft = blank(), step = "plate", page = "", first = 0, sending = false, drawnAt = 0;

// ---- the lane, and what its car has shown
function entry() {
  const one = chosenLane();
  if (one && one.direction === "entry") return one;
  const entries = state.view.lanes.filter((other) => other.direction === "entry");
  return entries.find((other) => other.needs_you) || entries[0] || null;
}
const here = () => (draft.lane && lane(draft.lane)) || entry();
const waits = (one) => Boolean(one) && (one.approach.state === "on" || one.case !== null) && one.arm === "closed";
function plateAt(one) {
  if (!one) return "";
  if (one.case && one.case.read) return one.case.read;
  return one.car && !one.car.earlier && one.car.title_kind === "plate" && one.car.verdict !== "granted" ? one.car.title : "";
}

// ---- steps
const hasPlate = () => draft.none || draft.plate.replace(/\s/g, "").length >= PLATE_MIN;
const reason = () => (offered && offered.purposes.find((one) => one.value === draft.purpose)) || null;
const done = { plate: hasPlate, where: () => draft.placed, purpose: () => draft.purpose !== "", last: () => false };
function go(to) {
  step = to || STEPS.find((one) => !done[one]());
  page = "";
  first = 0;
  draw();
}
function begin() {
  const one = entry();
  draft = Object.assign(blank(), { lane: one ? one.id : "", plate: plateAt(one) });
  go(null);
  waitForCard();
}
async function opened(back) {
  if (!back && !typed()) begin(); else draw();
  waitForCard();
  const got = await ask("/guard/visitor");
  if (got) offered = got;
  draw();
}
const typed = () => step !== "after" && (draft.none || draft.placed || draft.purpose !== "" || (draft.plate !== "" && draft.plate !== plateAt(here())));

function draw() {
  drawnAt = performance.now();
  for (const name of ["keys", "last", "after", "wait"]) $("visitor-" + name).hidden = true;
  crumbs();
  if (step === "after") { $("visitor-after").hidden = false; return; }
  if (!offered) { $("visitor-wait").hidden = false; put($("visitor-wait"), say("visitor.wait")); return; }
  if (step === "last") { $("visitor-last").hidden = false; paintLast(); return; }
  $("visitor-keys").hidden = false;
  ({ plate: drawPlate, where: drawWhere, purpose: drawPurpose })[step]();
}
function crumbs() {
  const where = [draft.building && draft.building.name, draft.room].filter(Boolean).join(" ");
  const texts = { plate: draft.none ? say("visitor.none") : draft.plate || say("visitor.plate"), where: where || say(draft.placed ? "visitor.no_room" : "visitor.where"), purpose: reason() ? reason().text : say("visitor.purpose") };
  for (const el of document.querySelectorAll("#sheet-visitor .crumb")) {
    put(el, texts[el.dataset.step]);
    mark(el, "aria-pressed", String(el.dataset.step === step));
  }
}
const keys = (list) => drawKeys($("visitor-keys"), list.map((one) => ({ ...one, act: () => { if (!sending) one.act(); } })));

// ---- the plate
function drawPlate() {
  const bare = draft.plate.replace(/\s/g, "");
  keys(plateKeys(offered.keys, bare, page, {
    typed: (text) => { draft.plate = text.slice(0, PLATE_MAX); draft.none = false; page = ""; draw(); },
    turned: (name) => { page = name; draw(); },
    more: { text: say("visitor.none"), act: () => { draft.plate = ""; draft.none = true; go(null); }, off: bare.length > 0 },
    on: { text: say("visitor.on"), act: () => go(null), off: !hasPlate() },
  }));
}

// ---- building and unit
const CHIPS = 16, QUICK_MAX = 4;
function paged(list, most, drawn) {
  if (list.length <= most) return list.map(drawn);
  const shown = list.slice(first, first + most - 1).map(drawn);
  return [...shown, { text: say("visitor.others"), span: 3, act: () => { first = first + most - 1 >= list.length ? 0 : first + most - 1; draw(); } }];
}
// Purposes that need no building, such as a taxi, stand before the buildings: one tap leads to the last step.
const quick = () => (draft.purpose ? [] : offered.purposes.filter((one) => one.where === "no").slice(0, QUICK_MAX));
function drawWhere() {
  if (offered.buildings.length && !draft.building) {
    const soon = quick().map((one) => ({ text: one.text, span: 3, quick: true, act: () => chosePurpose(one) }));
    return keys([...soon, ...paged(offered.buildings, CHIPS - soon.length, (one) => ({ text: one.name, span: 3, act: () => { draft.building = one; draft.room = ""; first = 0; draw(); } }))]);
  }
  const units = draft.building ? draft.building.units : [];
  const chosen = (room) => { draft.room = room; draft.placed = true; go(null); };
  if (units.length && units.length <= CHIPS) return keys(units.map((room) => ({ text: room, span: 3, act: () => chosen(room) })));
  const needed = !draft.building && reason() !== null && reason().where === "needed";
  const soon = draft.building ? [] : quick().map((one) => ({ text: one.text, quick: true, act: () => chosePurpose(one) }));
  return keys(drawRoom(draft.room, units, { chosen, typing: (room) => { draft.room = room; draw(); }, needed, soon }));
}

// ---- purpose
function drawPurpose() {
  keys(offered.purposes.map((one) => ({ text: one.text, span: 3, act: () => chosePurpose(one) })));
}
function chosePurpose(one) {
  if (reason() && reason().goods !== "asked") draft.goods = false;
  draft.purpose = one.value;
  if (one.goods !== "asked") draft.goods = one.goods === "yes";
  if (one.where === "no") draft.placed = true;
  if (one.where === "needed" && !draft.building && !draft.room) {
    draft.placed = false;
    answer(say("visitor.unit_needed"), "refused");
  }
  go(null);
}

// ---- the last step
function paintLast() {
  put($("visitor-people"), say("visitor.people", { n: draft.people }));
  mark($("visitor-goods"), "aria-pressed", String(draft.goods));
  $("visitor-goods").disabled = reason() !== null && reason().goods !== "asked";
  const row = $("visitor-classes");
  if (!row.children.length) row.replaceChildren(...offered.classes.map((one) => {
    const el = make("button", one.text, "choice");
    el.type = "button";
    el.value = one.value;
    el.addEventListener("click", () => { draft.vehicle = one.value; paintLast(); });
    return el;
  }));
  for (const el of row.children) mark(el, "aria-pressed", String(el.value === draft.vehicle));
  const charge = (offered.charges[draft.purpose] || {})[draft.vehicle];
  put($("visitor-charge"), [reason() && reason().stay, charge && say("visitor.charge", { charge })].filter(Boolean).join(" "));
  paintCard();
}
function paintCard() {
  const one = here(), pile = one && one.pile && one.pile.station === state.view.station ? one.pile : null;
  if (pile && pile.card) draft.card = pile.card;
  put($("visitor-card"), draft.card ? say("visitor.card", { card: draft.card.slice(-6) }) : pile && pile.wrong ? pile.wrong : pile ? say("visitor.card.put") : "");
  put($("visitor-go"), waits(one) ? say("visitor.go_open", { lane: one.name }) : say("visitor.go"));
}
function paint() { if (step === "last" && offered) paintCard(); }

function waitForCard() {
  const one = here();
  if (state.view.station && one && one.present && isOpen("visitor") && step !== "after") post("/guard/visitor/card", { lane: one.id }, 3000);
}
let awaited = false;
function leave() { if (awaited && state.view.station) post("/guard/visitor/card", { lane: "" }, 3000); awaited = false; }

async function register() {
  const one = here();
  if (sending) return;
  if (performance.now() - drawnAt < REST_MS) { answer(say("answer.rest"), ""); return; }
  if (one && old(one)) { answer(say("refused.stale"), "refused"); return; }
  sending = true;
  $("visitor-go").disabled = true;
  const press = pressId();
  const got = await post("/guard/visitor", {
    request: press, pressed_ms: pressedMs(), lane: one ? one.id : "", let_in: waits(one), case: one && one.case ? one.case.id : "",
    picture: Boolean(one) && one.approach.state !== "off",
    plate: draft.none ? "" : draft.plate.replace(/\s/g, ""), card: draft.card, building: draft.building ? draft.building.id : "", room: draft.room,
    purpose: draft.purpose, people: draft.people, goods: draft.goods, vehicle_class: draft.vehicle,
  }, TIMEOUT_MS);
  sending = false;
  $("visitor-go").disabled = false;
  if (!got) return;
  answer(got.text, got.tone || got.status);
  if (got.status === "done" && got.code) after(got);
}
// The picture of a vehicle without plates comes some moments later, or never; without it the code counts.
let photoTries = 0, photoAgain = 0;
function showPhoto(got) {
  clearTimeout(photoAgain);
  photoTries = got.pictured ? PHOTO_TRIES : 0;
  $("visitor-photo").hidden = true;
  put($("visitor-photo-said"), got.pictured ? say("visitor.picture.wait") : got.no_picture || "");
  if (got.pictured) lookForPhoto();
}
function lookForPhoto() {
  photoTries -= 1;
  $("visitor-photo").src = "/guard/visits/" + encodeURIComponent(registered) + "/picture?look=" + photoTries;
}
function photoLoaded(came) {
  if (step !== "after") return;
  $("visitor-photo").hidden = !came;
  if (came) put($("visitor-photo-said"), "");
  else if (photoTries > 0) photoAgain = setTimeout(lookForPhoto, PHOTO_MS);
  else put($("visitor-photo-said"), say("visitor.picture.none"));
}
function after(got) {
  step = "after";
  registered = got.visit;
  put($("visitor-printed"), "");
  showPhoto(got);
  const code = $("visitor-code");
  code.setAttribute("viewBox", `0 0 ${got.code.size} ${got.code.size}`);
  code.firstElementChild.setAttribute("d", got.code.path);
  put($("visitor-told"), got.text);
  mark($("visitor-told"), "data-tone", got.tone);
  $("visitor-ways").replaceChildren(...(got.ways || []).map((way) => make("p", way)));
  draft = blank();
  leave();
  draw();
}

if ($("sheet-visitor")) {
  place("visitor", { opened, paint, typed, busy: () => sending });
  for (const el of document.querySelectorAll("#sheet-visitor .crumb")) el.addEventListener("click", () => {
    if (step === "after" || sending) return;
    if (el.dataset.step === "where") Object.assign(draft, { building: null, room: "", placed: false });
    go(el.dataset.step);
  });
  $("visitor-anew").addEventListener("click", () => { if (!sending) { begin(); } });
  $("visitor-next").addEventListener("click", begin);
  $("visitor-photo").addEventListener("load", () => photoLoaded(true));
  $("visitor-photo").addEventListener("error", () => photoLoaded(false));
  $("visitor-ticket").addEventListener("click", () => {
    const visit = registered;
    printTicket(visit, $("visitor-printed"), () => registered === visit);
  });
  $("visitor-fewer").addEventListener("click", () => { draft.people = Math.max(1, draft.people - 1); paintLast(); });
  $("visitor-more").addEventListener("click", () => { draft.people = Math.min(PEOPLE_MAX, draft.people + 1); paintLast(); });
  $("visitor-goods").addEventListener("click", () => { draft.goods = !draft.goods; paintLast(); });
  $("visitor-go").addEventListener("click", register);
  onSheet((name) => { if (name === "visitor") { awaited = true; } else leave(); });
  setInterval(waitForCard, CARD_EVERY_MS);
}
