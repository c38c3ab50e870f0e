// The sheet of alarms: the list, the chosen one with its steps, and what is said about it by name.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { post } from "../../parts/base/http.js";
import { COUNTS_MS } from "../../parts/answer/answer.js";
import { isOpen, openSheet } from "../../parts/sheet/sheet.js";
import { ago } from "../../parts/age/age.js";
import { samePress } from "../actions/orders.js";
import { lane, newsAge, now, OLD_MS, state } from "../home/state.js";
import { choose, SETTLE_MS } from "../lane/lanes.js";

const LOW_PX = 560, STILL_MS = 4000;
let chosen = null, page = 0, order = [], touchedAt = -STILL_MS, changedAt = 0, shown = { id: null, offered: [] };
const elements = new Map();
const verbs = [$("alarm-ack"), $("alarm-real"), $("alarm-false")];

// The alarm's lane becomes the chosen one, so that its buttons are at hand.
function openDesk(id) {
  if (!isOpen("alarms")) order = [];
  turnTo(id);
  openSheet("alarms");
  paintAlarms();
}
function turnTo(id) {
  const found = state.view.alarms.find((alarm) => alarm.alarm === id);
  chosen = id;
  put($("alarm-answer"), "");
  if (found && lane(found.lane)) choose(found.lane, true);
}
// While the list is touched its rows stay where they are, and what is new comes at the end.
function arranged() {
  const known = new Map(state.view.alarms.map((alarm) => [alarm.alarm, alarm]));
  const ids = [...known.keys()];
  order = performance.now() - touchedAt < STILL_MS ? [...order.filter((id) => known.has(id)), ...ids.filter((id) => !order.includes(id))] : ids;
  return order.map((id) => known.get(id));
}
export function paintAlarms() {
  if (!isOpen("alarms")) return;
  const alarms = arranged(), rows = innerHeight < LOW_PX && innerWidth > LOW_PX ? 3 : 4;
  const pages = Math.max(1, Math.ceil(alarms.length / rows));
  page %= pages;
  $("alarm-older").hidden = pages < 2;
  const onPage = alarms.slice(page * rows, page * rows + rows);
  const one = alarms.find((alarm) => alarm.alarm === chosen) || onPage[0] || null;
  chosen = one && one.alarm;
  paintRows(onPage);
  put($("alarm-title"), one ? one.title : say("alarm.none"));
  paintFacts();
  paintSteps(one);
  paintVerbs(one);
}
function paintRows(onPage) {
  const els = onPage.map(row), list = $("alarm-list");
  if (els.length !== list.children.length || els.some((el, n) => list.children[n] !== el)) list.replaceChildren(...els);
}
function row(alarm) {
  if (!elements.has(alarm.alarm)) {
    const el = make("button", "", "desk-row");
    el.type = "button";
    el.append(make("b", "", "wraps"), make("span", "", "wraps"));
    el.addEventListener("click", () => { turnTo(alarm.alarm); paintAlarms(); });
    elements.set(alarm.alarm, el);
  }
  const el = elements.get(alarm.alarm);
  mark(el, "data-tone", alarm.tone);
  mark(el, "data-unseen", alarm.unseen ? "yes" : "");
  mark(el, "aria-pressed", String(alarm.alarm === chosen));
  put(el.children[0], alarm.title);
  put(el.children[1], [alarm.time, alarm.where].filter(Boolean).join(" · "));
  return el;
}
function paintSteps(one) {
  const steps = one ? one.steps : [], list = $("alarm-steps");
  if (steps.join("|") !== [...list.children].map((el) => el.textContent).join("|")) list.replaceChildren(...steps.map((text) => make("li", text)));
}
// Each verb keeps its place, so that a second tap meets nothing else.
function paintVerbs(one) {
  const offered = state.acts && one ? [one.unseen, one.closable, one.closable] : [false, false, false];
  // What has changed under the finger rests; what the finger itself has chosen does not.
  if (offered.join() !== shown.offered.join() && shown.id === chosen) changedAt = performance.now();
  shown = { id: chosen, offered };
  verbs.forEach((el, n) => { if (el.hidden === offered[n]) el.hidden = !offered[n]; });
  put($("alarm-lasts"), one ? one.lasts : "");
}
// Apart from the rest, because it grows older by itself.
export function paintFacts() {
  if (!isOpen("alarms")) return;
  const one = state.view.alarms.find((alarm) => alarm.alarm === chosen);
  put($("alarm-facts"), one ? [one.where, one.at_ms ? ago(now() - one.at_ms) : "", one.state_text].filter(Boolean).join(" · ") : "");
  const old = newsAge() > OLD_MS;
  for (const el of verbs) mark(el, "data-on", old ? "" : "yes");
}
async function deal(verb, extra) {
  const one = state.view.alarms.find((alarm) => alarm.alarm === chosen);
  if (!one) return;
  if (newsAge() > OLD_MS) { put($("alarm-answer"), say("alarm.no_news")); return; }
  if (performance.now() - changedAt < SETTLE_MS) { put($("alarm-answer"), say("answer.rest")); return; }
  const press = samePress("alarm/" + one.alarm + "/" + verb);
  if (press.again) return;
  const body = Object.assign({ pressed_ms: press.pressed }, extra);
  const asked = one.alarms.map((id, n) => post("/guard/alarms/" + encodeURIComponent(id) + "/" + verb, { ...body, request: press.id + (n ? "-" + n : "") }, COUNTS_MS));
  const got = (await Promise.all(asked)).filter(Boolean);
  const failed = got.find((answer) => answer.status !== "done");
  if (got.length) put($("alarm-answer"), failed ? failed.text : "");
}

$("band").addEventListener("click", () => openDesk(state.view.band && state.view.band.alarm));
$("calm").addEventListener("click", () => openDesk(null));
$("notice").addEventListener("click", () => openDesk(state.view.notice && state.view.notice.alarm));
$("sheet-alarms").addEventListener("pointerdown", () => { touchedAt = performance.now(); }, true);
$("alarm-older").addEventListener("click", () => { page += 1; chosen = null; paintAlarms(); });
verbs[0].addEventListener("click", () => deal("acknowledge"));
verbs[1].addEventListener("click", () => deal("close", { finding: "real" }));
verbs[2].addEventListener("click", () => deal("close", { finding: "false" }));
