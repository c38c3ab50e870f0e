// Goods that leave: one chooses the slip, compares the goods, and signs by PIN for the car at the chosen exit.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { ask, post } from "../../parts/base/http.js";
import { wireKeypad } from "../../parts/keypad/keypad.js";
import { isOpen, openSheet } from "../../parts/sheet/sheet.js";
import { answer } from "../../parts/answer/answer.js";
import { chosenLane, old, state } from "../home/state.js";
import { place } from "../places/places.js";

const SHOWN = 3, PIN_MAX = 12;
let items = [], page = 0, chosen = null, pin = "", busy = false;

// Goods leave at an exit: the chosen one, else one where a car waits, else the first.
function exit() {
  const chosen = chosenLane(), exits = state.view.lanes.filter((one) => one.direction === "exit");
  return chosen && chosen.direction === "exit" ? chosen : exits.find((one) => one.case) || exits[0];
}
async function opened(back) {
  if (!back) { chosen = null; pin = ""; page = 0; items = []; paint(); }
  const one = exit(), got = one && await ask("/guard/slips?lane=" + encodeURIComponent(one.id));
  items = got ? got.items : [];
  if (!got) put($("slip-facts"), say("place.no_answer"));
  else paint();
}
function paint() {
  mark($("slips"), "data-step", chosen ? "sign" : "list");
  const one = exit(), rows = chosen ? [chosen] : items.slice(page * SHOWN, page * SHOWN + SHOWN);
  $("slip-list").replaceChildren(...rows.map(row));
  $("slip-next").hidden = !chosen && items.length <= SHOWN;
  put($("slip-next"), chosen ? say("slip.other") : say("slip.next"));
  put($("slip-facts"), !items.length ? say("slip.none") : chosen ? chosen.why || say("slip.compare", { carrier: chosen.carrier, lane: one ? one.name : "" }) : say("slip.choose"));
  put($("slip-dots"), pin ? "•".repeat(pin.length) : "PIN");
}
function row(slip) {
  const el = make("button", "", "choice");
  el.type = "button";
  for (const [what, text] of [["unit", slip.title], ["vehicle", slip.vehicle], ["goods", slip.goods]]) {
    const part = make("span", text);
    part.dataset.what = what;
    part.dir = "auto";
    el.append(part);
  }
  mark(el, "aria-pressed", String(slip === chosen));
  el.addEventListener("click", () => { chosen = chosen ? null : slip; paint(); });
  return el;
}
function key(which) {
  if (which === "erase") pin = pin.slice(0, -1);
  else if (which === "enter") return sign();
  else if (pin.length < PIN_MAX) pin += which;
  return paint();
}
async function sign() {
  const one = exit();
  if (!chosen) return answer(say("slip.choose"), "refused");
  if (chosen.why) return answer(chosen.why, "refused");
  if (!one || old(one)) return answer(say("refused.stale"), "refused");
  if (!pin || busy) return undefined;
  busy = true;
  const got = await post("/guard/slips/" + chosen.slip + "/use", { lane: one.id, pin });
  busy = false;
  pin = "";
  if (!got) return undefined;
  answer(got.text, got.status === "done" ? "done" : "refused");
  if (got.status === "done") { chosen = null; return openSheet(null); }
  return paint();
}
if ($("sheet-slips")) {
  place("slips", { opened, paint: () => {}, typed: () => Boolean(chosen || pin), busy: () => busy, under: "more" });
  $("slip-next").addEventListener("click", () => {
    if (chosen) chosen = null;
    else page = (page + 1) % Math.ceil(items.length / SHOWN);
    paint();
  });
  wireKeypad("slip-pad", key);
  document.addEventListener("keydown", (event) => {
    if (!isOpen("slips")) return;
    const which = /^[0-9]$/.test(event.key) ? event.key : event.key === "Backspace" ? "erase" : null;
    if (which) { event.preventDefault(); key(which); }
  });
}
