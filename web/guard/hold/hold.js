// The sheet that asks how a hold ends.
import { $, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { isOpen, onSheet, openSheet } from "../../parts/sheet/sheet.js";
import { cancelPress, fillRing, isPressed, pressable } from "../../parts/press/press.js";
import { answer } from "../../parts/answer/answer.js";
import { keepPressing, opens } from "../actions/actions.js";
import { give } from "../actions/orders.js";
import { lane, old } from "../home/state.js";

const MINUTES = 15, VEHICLES = 5, VEHICLES_MAX = 99;
let laneId = null, minutes = MINUTES, vehicles = 0;

opens("sheet", (one) => {
  laneId = one.id;
  minutes = MINUTES;
  vehicles = 0;
  put($("hold-title"), say("hold.title", { lane: one.name }));
  openSheet("hold");
  paint();
});
function paint() {
  for (const el of document.querySelectorAll("#hold-minutes .choice")) el.setAttribute("aria-pressed", String(Number(el.value) === minutes));
  document.querySelector('#hold-count [value="any"]').setAttribute("aria-pressed", String(vehicles === 0));
  put($("hold-n"), vehicles ? say("hold.n", { n: vehicles }) : "–");
  const key = minutes && vehicles ? "hold.end.both" : minutes ? "hold.end.minutes" : vehicles ? "hold.end.count" : "hold.end.none";
  put($("hold-hint"), say(key, { minutes, n: vehicles }));
}
function begin(el) {
  const one = lane(laneId);
  if (isPressed(el)) return undefined;
  if (!one || old(one)) return answer(say("refused.stale"), "refused");
  const action = one.actions.keep;
  if (action.command !== "hold") return answer(say("refused.held_already"), "refused");
  if (!action.on) return answer(action.why, "refused");
  return fillRing(el, async () => {
    const got = await give(one.id, "hold", { minutes: minutes || null, count: vehicles || null });
    if (got && got.status === "done" && isOpen("hold")) openSheet(null);
  });
}

for (const el of document.querySelectorAll("#hold-minutes .choice")) el.addEventListener("click", () => { minutes = Number(el.value); paint(); });
for (const el of document.querySelectorAll("#hold-count .choice")) el.addEventListener("click", () => {
  if (el.value === "any") vehicles = 0;
  else if (!vehicles) vehicles = VEHICLES;
  else vehicles = Math.min(Math.max(vehicles + (el.value === "more" ? 1 : -1), 1), VEHICLES_MAX);
  paint();
});
pressable($("hold-go"), begin, keepPressing);
onSheet(() => cancelPress($("hold-go")));
