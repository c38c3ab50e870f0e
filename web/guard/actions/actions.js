// The buttons for the chosen lane: a tap, press and hold, or a sheet.
import { $, bind, fill, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { post } from "../../parts/base/http.js";
import { answer, last } from "../../parts/answer/answer.js";
import { cancelPress, fillRing, isPressed, pressable } from "../../parts/press/press.js";
import { chosenLane, off, old, state } from "../home/state.js";
import { onChosen, rests, SETTLE_MS } from "../lane/lanes.js";
import { give } from "./orders.js";

const CHOSEN_EVERY_MS = 20000;
const slots = [...document.querySelectorAll(".act[data-slot]")].map((el) => ({ el, name: el.dataset.slot, bound: bind(el) }));
const sheets = {};

// What a button opens that asks for more: {press: function(lane, command)}.
export function opens(press, sheet) { sheets[press] = sheet; }
export const sheetOf = (press) => sheets[press];

export function paintActions() {
  const one = chosenLane();
  if (!one) return;
  put($("act-lane"), one.name);
  for (const slot of slots) {
    const action = one.actions[slot.name], before = slot.el.dataset.command;
    fill(slot.bound, { actions: { [slot.name]: old(one) ? off(action) : action } });
    if (slot.el.dataset.command !== before) settle(slot.el);
    if (action.spoken) mark(slot.el, "aria-label", action.spoken); else slot.el.removeAttribute("aria-label");
  }
  const falling = state.view.lanes.filter((other) => other.arm === "lowering" && other.id !== one.id).length;
  put($("stop-span"), old(one) ? say("stop.all") : falling ? say("stop.more", { lane: one.name }) : one.name);
}
// A button that has become another one rests, so that a finger on its way does not press it.
function settle(el) {
  cancelPress(el);
  el.dataset.rest = String(performance.now() + SETTLE_MS);
}
const resting = (el) => rests() || performance.now() < Number(el.dataset.rest || 0);

function begin(el) {
  if (isPressed(el)) return undefined;
  if (resting(el)) return answer(say("answer.rest"), "");
  const one = chosenLane();
  if (!one) return answer(say("refused.choose_lane"), "refused");
  const action = one.actions[el.dataset.slot];
  if (old(one)) return answer(say("refused.stale"), "refused");
  if (!action.on) return answer(action.why, "refused");
  if (action.press === "tap") return give(one.id, action.command);
  if (sheets[action.press]) return sheets[action.press](one, action.command);
  return fillRing(el, () => { if (state.chosen === one.id) give(one.id, action.command); });
}
export const keepPressing = () => answer(say("cmd.hold_longer"), "");

// What a desk reader of several lanes reads is for the lane that a booth's own screen shows as chosen.
function tellChosen() {
  const one = chosenLane();
  if (state.view.station && one && one.present && !document.hidden) post("/guard/choose", { lane: one.id }, 3000);
}

for (const { el } of slots) pressable(el, begin, keepPressing);
onChosen((byFinger) => {
  if (!last.pending && (last.tone !== "failed" || byFinger)) answer("");
  for (const slot of slots) cancelPress(slot.el);
  paintActions();
  tellChosen();
});
setInterval(tellChosen, CHOSEN_EVERY_MS);
tellChosen();
