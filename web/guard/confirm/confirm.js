// The sheet that asks for name, PIN and reason.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { wireKeypad } from "../../parts/keypad/keypad.js";
import { isOpen, onSheet, openSheet } from "../../parts/sheet/sheet.js";
import { answer } from "../../parts/answer/answer.js";
import { opens } from "../actions/actions.js";
import { give, newPress } from "../actions/orders.js";
import { lane, old, state } from "../home/state.js";

const REASONS = {
  reset: ["arm_mended", "arm_whole", "false_alarm"], lock: ["maintenance", "arm_off", "works"], unlock: ["work_done", "by_mistake"], waive: ["ends_away", "emergency"],
  owe: ["no_money", "cannot_pay", "disputed"], excuse: ["office_said", "gate_fault", "other"],
};
const MORE = "\u0000more", NAMES_SHOWN = 6, PIN_MAX = 12, NAME_MAX = 24;
let asked = null, pin = "", who = state.operator, reason = "", naming = false, namePage = 0, busy = false;

// For a lane, or with an empty `id` for something that is at none. `extra` is sent along, to the address `to`; `back` is
// the sheet that is shown afterwards.
export function confirm(one, command, { extra = {}, to, back = null } = {}) {
  asked = { lane: one.id, command, extra, to, back, reasons: command === "unlock" && one.actions.tag.waives ? "waive" : command };
  pin = ""; reason = ""; who = state.operator; naming = false;
  put($("confirm-title"), say("confirm." + asked.reasons + ".title", { lane: one.name }));
  openSheet("confirm", $("confirm-dots"));
  paint();
}
opens("pin", confirm);
function paint() {
  const rows = naming ? namesToPick() : REASONS[asked.reasons].map((code) => [code, say("confirm." + asked.reasons + "." + code)]);
  const list = $("confirm-list"), drawn = [...list.children].map((el) => el.value);
  list.classList.toggle("names-list", naming);
  if (rows.map(([value]) => value).join("|") !== drawn.join("|")) list.replaceChildren(...rows.map(([value, text]) => {
    const row = make("button", text, "choice wraps");
    row.type = "button";
    row.value = value;
    row.addEventListener("click", () => picked(value));
    return row;
  }));
  for (const el of list.children) mark(el, "aria-pressed", String(el.value === (naming ? who : reason)));
  put($("confirm-name"), who.length > NAME_MAX ? who.split(/[\s-]+/).map((word) => word[0]).join("").slice(0, 3) : who);
  put($("confirm-dots"), pin ? "•".repeat(pin.length) : "PIN");
}
function namesToPick() {
  const all = state.people.map((name) => [name, name]);
  if (all.length <= NAMES_SHOWN) return all;
  const first = (namePage * (NAMES_SHOWN - 1)) % all.length;
  return [...all.slice(first, first + NAMES_SHOWN - 1), [MORE, say("alarm.older")]];
}
function picked(value) {
  if (value === MORE) namePage = (namePage + 1) % Math.ceil(state.people.length / (NAMES_SHOWN - 1));
  else if (naming) { who = value; naming = false; pin = ""; $("confirm-dots").focus(); }
  else reason = value;
  paint();
}
function key(which) {
  if (which === "erase") pin = pin.slice(0, -1);
  else if (which === "enter") return confirmed();
  else if (pin.length < PIN_MAX) pin += which;
  return paint();
}
async function confirmed() {
  if (!reason) return answer(say("refused.reason_needed"), "refused");
  if (!pin || busy) return undefined;
  const one = lane(asked.lane);
  if (asked.lane && (!one || old(one))) return answer(say("refused.stale"), "refused");
  busy = true;
  newPress(asked.lane, asked.command);
  const got = await give(asked.lane, asked.command, Object.assign({ name: who, pin, reason }, asked.extra), asked.to);
  busy = false;
  pin = "";
  return got && got.status === "done" ? openSheet(asked.back) : paint();
}

onSheet((name) => { if (name !== "confirm") pin = ""; });
$("confirm-who").addEventListener("click", () => { naming = !naming; paint(); });
wireKeypad("confirm-pad", key);
document.addEventListener("keydown", (event) => {
  if (!isOpen("confirm")) return;
  const which = /^[0-9]$/.test(event.key) ? event.key : event.key === "Backspace" ? "erase" : event.key === "Enter" && (event.target.tagName !== "BUTTON" || event.target.closest(".pad")) ? "enter" : null;
  if (which) { event.preventDefault(); key(which); }
});
