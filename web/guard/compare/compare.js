// The sheet that compares a car with its pass, and asks why it is released or refused.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { drawable } from "../../parts/glyphs/glyphs.js";
import { isOpen, openSheet } from "../../parts/sheet/sheet.js";
import { answer } from "../../parts/answer/answer.js";
import { opens } from "../actions/actions.js";
import { give } from "../actions/orders.js";
import { lane, old } from "../home/state.js";
import { SETTLE_MS } from "../lane/lanes.js";

const GOES_MS = 4000, PICTURE_MS = 1000, PICTURE_TRIES = 8;
let caseOf = null, openedAt = 0, drawn = "", over = 0, looks = 0, tries = 0;

function compare(one) {
  clearTimeout(over);
  over = 0;
  caseOf = { lane: one.id, id: one.case.id };
  openedAt = performance.now();
  drawn = "";
  put($("case-title"), say("case.title", { lane: one.name }));
  openSheet("case");
  paintCase();
  tries = 0;
  seen("case-look", false);
  seen("case-came", false);
  look();
  if (one.case.visit) $("case-came-picture").src = "/guard/visits/" + encodeURIComponent(one.case.visit) + "/picture?case=" + caseOf.id;
}
function seen(id, shown) {
  $(id).hidden = !shown;
  if (!shown) mark($(id), "aria-pressed", "false");
}
// A picture comes some moments after the car was read, or never: asked for a few times while the sheet is open. A newer
// one may follow.
function look() {
  clearTimeout(looks);
  if (!isOpen("case") || !caseNow() || tries >= PICTURE_TRIES) return;
  tries += 1;
  $("case-picture").src = "/guard/lanes/" + caseOf.lane + "/picture?case=" + caseOf.id + "&look=" + tries;
}
function caseNow() {
  const one = caseOf && lane(caseOf.lane);
  return one && one.case && one.case.id === caseOf.id ? one.case : null;
}
export function paintCase() {
  if (!isOpen("case")) return;
  const found = caseNow(), one = lane(caseOf.lane), next = found ? null : one;
  const draws = JSON.stringify([found, next && next.car && next.car.at_ms, next && next.case && next.case.id]);
  if (draws === drawn) return;
  drawn = draws;
  const verdict = $("case-verdict");
  verdict.dataset.verdict = found ? found.verdict : "";
  put(verdict, found ? [found.word, found.reason].filter(Boolean).join(" · ") : say("case.over"));
  for (const el of document.querySelectorAll("#sheet-case [data-of-case]")) el.hidden = !found;
  if (!found) for (const id of ["case-look", "case-came"]) seen(id, false);
  paintNext(next);
  for (const el of document.querySelectorAll("#sheet-case .case-chips")) mark(el, "data-on", found && found[el.dataset.deed].on ? "yes" : "");
  if (!found) return;
  put($("case-release"), found.release.label);
  const facts = [
    [found.differ ? say("case.read_differs") : say("case.read"), found.read || say("case.no_plate"), found.read ? "plate" : ""],
    [say("case.plates"), found.plates || say("case.unknown"), found.plates ? (found.several ? "plate several" : "plate") : ""],
    ["", [drawable(found.holder), drawable(found.unit), found.kind].filter(Boolean).join(" · "), ""],
    ["", found.shown && say("case.shown", { what: found.shown }), ""],
    ["", found.missing, ""],
  ].filter(([_name, value]) => value);
  $("case-facts").replaceChildren(...facts.flatMap(([name, value, kind]) => [
    make("dt", name), make("dd", value, [kind, found.differ && kind ? "differs" : ""].join(" ").trim()),
  ]));
}
// A car that is gone must not hide the one behind it: it is named here, and the sheet goes by itself.
function paintNext(one) {
  const another = one && one.car && !one.car.earlier ? [one.car.word, one.car.title].join(" ") : "";
  $("case-next").hidden = !(one && one.case);
  put($("case-goes"), another ? say("case.goes", { what: another }) : "");
  if (one && !over) over = setTimeout(() => { if (isOpen("case") && !caseNow()) openSheet(null); }, GOES_MS);
}
async function judge(chips, reason) {
  const found = caseNow(), one = caseOf && lane(caseOf.lane);
  if (performance.now() - openedAt < SETTLE_MS) return undefined; // the touch that opened the sheet decides nothing
  if (!one || old(one)) return answer(say("refused.stale"), "refused");
  if (!found) return answer(say("refused.case_over"), "refused");
  const deed = found[chips.dataset.deed];
  if (!deed.on) return answer(deed.why, "refused");
  const got = await give(one.id, deed.command, { case: found.id, reason });
  return got && got.status === "done" && isOpen("case") ? openSheet(null) : undefined;
}
opens("case", compare);
$("case-picture").addEventListener("load", () => {
  seen("case-look", Boolean(caseNow()));
  looks = setTimeout(look, 2 * PICTURE_MS);
});
for (const id of ["case-look", "case-came"]) $(id).addEventListener("click", () => {
  mark($(id), "aria-pressed", $(id).getAttribute("aria-pressed") === "true" ? "false" : "true");
});
// A picture of the vehicle when it came is there for one without plates alone.
$("case-came-picture").addEventListener("load", () => {
  const found = caseNow();
  seen("case-came", Boolean(found && found.visit));
});
$("case-picture").addEventListener("error", () => { looks = setTimeout(look, PICTURE_MS); });
$("case-next").addEventListener("click", () => {
  const one = caseOf && lane(caseOf.lane);
  if (one && one.case) compare(one);
});
for (const chips of document.querySelectorAll("#sheet-case .case-chips")) for (const el of chips.children) el.addEventListener("click", () => judge(chips, el.value));
