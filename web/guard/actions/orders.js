// Orders for a lane: each press has one id and one time, and its answer belongs to the car that stood there.
import { $ } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { post, pressId } from "../../parts/base/http.js";
import { pressedMs } from "../../parts/base/clock.js";
import { answer, begun, last, onAnswer } from "../../parts/answer/answer.js";
import { chosenLane, lane, now, state } from "../home/state.js";

const SAME_PRESS_MS = 1000;
// What the barrier's own buttons do too; anything else can only be asked for again.
const MOVES = new Set(["open", "close", "hold", "release", "emergency", "owe"]);
// What may have been booked though no answer came.
const BOOKS = new Set(["pay", "validate", "excuse"]);
const recent = new Map();
let stood = null;

// The second tap of a double tap is the same press, and keeps the time of the first.
export function samePress(key) {
  const known = recent.get(key), at = performance.now();
  if (known && at - known.at < SAME_PRESS_MS) return Object.assign({ again: true }, known);
  const press = { id: pressId(), at, pressed: pressedMs() };
  recent.set(key, press);
  return Object.assign({ again: false }, press);
}
export function newPress(id, command) { recent.delete(id + "/" + command); }

// An answer belongs to the car that stood there, and goes when the car does.
onAnswer(() => {
  const one = chosenLane();
  stood = { lane: state.chosen, at: now(), vehicle: one && one.approach.state === "on" };
});
export function outdated() {
  const one = stood && lane(stood.lane);
  if (!one || last.pending || last.tone === "failed" || !$("answer").textContent) return;
  const gone = stood.vehicle && one.approach.state !== "on";
  const another = one.car && !one.car.by_hand && one.car.at_ms > stood.at;
  if (gone || another) answer("");
}
// `to`: the address, that of the lane's command unless given.
export async function give(id, command, extra, to = "/guard/lanes/" + encodeURIComponent(id) + "/" + command) {
  const press = samePress(id + "/" + command);
  if (press.again) return null;
  const label = say("cmd." + command);
  const failed = say(MOVES.has(command) ? "answer.not_arrived" : BOOKS.has(command) ? "answer.not_arrived.pay" : "answer.not_arrived.again", { command: label });
  const done = begun({ sending: say("answer.sending", { command: label }), notYet: say("answer.no_answer_yet", { command: label }), failed });
  const body = Object.assign({ request: press.id, pressed_ms: press.pressed }, extra);
  const got = await post(to, body);
  if (!got) return null;
  if (got.code === "network") done(failed, "failed"); else done(got.text, got.tone || got.status);
  return got;
}
