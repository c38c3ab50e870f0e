// The sheet on which a car that must pay is charged: the sum, how it comes about, and what can be done about it.
import { $, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { drawable } from "../../parts/glyphs/glyphs.js";
import { isOpen, onSheet, openSheet } from "../../parts/sheet/sheet.js";
import { answer } from "../../parts/answer/answer.js";
import { opens, sheetOf } from "../actions/actions.js";
import { give } from "../actions/orders.js";
import { confirm } from "../confirm/confirm.js";
import { lane, old } from "../home/state.js";
import { SETTLE_MS } from "../lane/lanes.js";
import { openDebt } from "./debt.js";
import { panel, visitUrl } from "./panel.js";

const GOES_MS = 4000;
const sheet = $("pay");
let payOf = null, openedAt = 0, drawn = "", view = "", taken = {}, over = 0;

const shown = panel("pay", () => payOf, (now) => { view = now; drawn = ""; paintPay(); });
const { tell } = shown;
function payNow() {
  const one = payOf && lane(payOf.lane);
  return one && one.pay && one.pay.visit === payOf.visit ? one.pay : null;
}
function charge(one) {
  payOf = { lane: one.id, visit: one.pay.visit };
  view = "";
  tell("");
  show();
}
function show() {
  openedAt = performance.now();
  drawn = "";
  taken = {};
  clearTimeout(over);
  over = 0;
  openSheet("pay");
  paintPay();
}
// What the right side shows: the deeds of a car that must pay, or what follows a payment.
const side = (found) => (view === "receipt" ? view : found && found.state === "due" ? view || "due" : "settled");

export function paintPay() {
  if (!isOpen("pay")) return;
  const found = payNow(), one = lane(payOf.lane);
  const draws = JSON.stringify([found, view, taken, Boolean(one && old(one))]);
  if (draws === drawn) return;
  drawn = draws;
  const now = side(found);
  shown.view(now, now === "settled" && !found && !payOf.settled);
  if (!found) return leave();
  payOf.settled = found.state === "settled";
  put($("pay-title"), [one.name, drawable(found.plate)].filter(Boolean).join(" · "));
  shown.facts(found);
  $("pay-debt").hidden = !found.owed.length || !$("sheet-debt");
  put($("pay-owe-hint"), found.leader ? say("pay.leader") : "");
  for (const [id, why] of [["pay-cash", found.why], ["pay-owe", found.why_owe]]) mark($(id), "data-on", why || old(one) ? "" : "yes");
  for (const el of sheet.querySelectorAll("[data-minutes],[data-percent]")) mark(el, "aria-pressed", String(Boolean(chosen(el))));
}
const chosen = (el) => (el.dataset.minutes ? taken.minutes === Number(el.dataset.minutes) : taken.percent === Number(el.dataset.percent));
// The car has gone, or another person has dealt with it: the sheet says so and goes by itself, but for a receipt.
function leave() {
  if (view === "receipt" || payOf.settled) return;
  tell(say("pay.over"), true);
  if (!over) over = setTimeout(() => { if (isOpen("pay") && !payNow()) openSheet(null); }, GOES_MS);
}
// Whether a tap counts: not the touch that opened the sheet, not on old news, not for a car that has gone.
function ready(why) {
  const found = payNow(), one = payOf && lane(payOf.lane);
  if (performance.now() - openedAt < SETTLE_MS) return null;
  if (!one || old(one)) return answer(say("refused.stale"), "refused");
  if (!found) return answer(say("refused.case_over"), "refused");
  if (why && found[why]) return answer(found[why], "refused");
  return found;
}
async function cash() {
  const found = ready("why");
  if (!found) return;
  const got = await give(payOf.lane, "pay", { amount: found.amount }, visitUrl(payOf.visit, "pay"));
  tell(got && got.status !== "done" ? got.text : "");
}
async function validated(reason) {
  if (!ready()) return undefined;
  if (!Object.keys(taken).length) return answer(say("pay.choose_first"), "refused");
  const got = await give(payOf.lane, "validate", Object.assign({ reason }, taken), visitUrl(payOf.visit, "validate"));
  if (got && got.status === "done") view = "";
  return paintPay();
}
function byName(command, extra, to) {
  if (ready(command === "owe" ? "why_owe" : "")) confirm(lane(payOf.lane), command, { extra, to, back: "pay" });
}
opens("pay", charge);
onSheet((name) => { if (name === "pay" && payOf) { openedAt = performance.now(); drawn = ""; paintPay(); } });
$("pay-cash").addEventListener("click", cash);
$("pay-code").addEventListener("click", () => { const found = ready(); if (found) tell(found.by_code); });
$("pay-validate").addEventListener("click", () => { if (ready()) { view = "validate"; tell(""); paintPay(); } });
$("pay-excuse").addEventListener("click", () => byName("excuse", {}, payOf && visitUrl(payOf.visit, "excuse")));
$("pay-owe").addEventListener("click", () => { const found = payNow(); byName("owe", { case: found ? found.case : "" }); });
$("pay-compare").addEventListener("click", () => { if (ready()) sheetOf("case")(lane(payOf.lane)); });
$("pay-debt").addEventListener("click", () => { const found = ready(); if (found) openDebt(found.owed[0].visit); });
for (const el of sheet.querySelectorAll("[data-minutes],[data-percent]")) el.addEventListener("click", () => {
  taken = el.dataset.minutes ? { minutes: Number(el.dataset.minutes) } : { percent: Number(el.dataset.percent) };
  paintPay();
});
for (const el of sheet.querySelectorAll(".pay-why")) el.addEventListener("click", () => validated(el.value));
