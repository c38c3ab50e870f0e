// The sheet on which what is owed of an earlier stay is paid, without its car.
import { $, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { ask } from "../../parts/base/http.js";
import { drawable } from "../../parts/glyphs/glyphs.js";
import { isOpen, openSheet } from "../../parts/sheet/sheet.js";
import { answer } from "../../parts/answer/answer.js";
import { give } from "../actions/orders.js";
import { confirm } from "../confirm/confirm.js";
import { state } from "../home/state.js";
import { SETTLE_MS } from "../lane/lanes.js";
import { place } from "../places/places.js";
import { panel, visitUrl } from "./panel.js";

const AGAIN_MS = 5000;
let visit = "", found = null, view = "", drawn = "", asked = 0, openedAt = 0, sending = false;

const shown = $("debt") && panel("debt", () => ({ visit, lane: state.chosen }), (now) => { view = now; paint(); });

export function openDebt(of) {
  visit = of;
  found = null;
  view = "";
  shown.tell("");
  openSheet("debt");
}
async function look() {
  const mine = (asked += 1), got = await ask(visitUrl(visit, "debt"));
  if (mine !== asked || !isOpen("debt")) return;
  if (got) found = got; else shown.tell(say("place.no_answer"));
  paint();
}
function paint() {
  const draws = JSON.stringify([visit, found, view]);
  if (draws === drawn) return;
  drawn = draws;
  shown.view(view || (found ? found.state : ""));
  shown.facts(found);
  mark($("debt-cash"), "data-on", found && !found.why ? "yes" : "");
  put($("debt-title"), [say("pay.debt.title"), found && drawable(found.plate)].filter(Boolean).join(" · "));
}
// Whether a tap counts: not the touch that opened the sheet, and only for a sum that is shown.
const ready = () => (performance.now() - openedAt > SETTLE_MS && found && found.state === "due" ? found : null);
async function cash() {
  const one = ready();
  if (!one || sending) return;
  if (one.why) { answer(one.why, "refused"); return; }
  sending = true;
  const got = await give("", "pay", { amount: one.amount }, visitUrl(visit, "pay"));
  sending = false;
  shown.tell(got && got.status !== "done" ? got.text : "");
  look();
}
function excuse() {
  if (ready()) confirm({ id: "", name: drawable(found.plate) }, "excuse", { to: visitUrl(visit, "excuse"), back: "debt" });
}

if (shown) {
  place("debt", { under: "inside", opened: () => { openedAt = performance.now(); drawn = ""; paint(); look(); }, busy: () => sending });
  $("debt-cash").addEventListener("click", cash);
  $("debt-code").addEventListener("click", () => { if (ready()) shown.tell(found.by_code); });
  $("debt-excuse").addEventListener("click", excuse);
  setInterval(() => { if (isOpen("debt") && !sending) look(); }, AGAIN_MS);
}
