// The lanes' panels, and which lane is chosen.
import { $, bind, fill, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { drawable } from "../../parts/glyphs/glyphs.js";
import { ago, aged, left, noNews } from "../../parts/age/age.js";
import { AGE_SHOWN_MS, chosenLane, lane, laneAge, now, OLD_MS, state } from "../home/state.js";

const PER_PAGE = 4, FOLLOW_AFTER_MS = 5000;
export const SETTLE_MS = 700;
const listeners = [];
let crashes = new Set(), page = 0, touchedAt = 0, changedAt = 0, touchedChoice = -1e9;

const panels = [...document.querySelectorAll(".lane")].map((el) => ({
  el, id: el.dataset.lane, bound: bind(el), age: el.querySelector("[data-age]"), ago: el.querySelector("[data-ago]"),
  since: el.querySelector("[data-since]"), waits: el.querySelector("[data-wait-since]"), stale: el.querySelector("[data-stale-title]"),
}));

export const sameLanes = () => state.view.lanes.map((one) => one.id).join() === panels.map((one) => one.id).join();
export function paintLanes() {
  showCrash();
  for (const panel of panels) {
    fill(panel.bound, lane(panel.id), drawable);
    mark(panel.el, "aria-pressed", String(panel.id === state.chosen));
  }
  paintPager();
}
// A lane that is not shown and whose arm is struck comes to the front, once.
function showCrash() {
  const struck = state.view.lanes.filter((one) => one.mode && one.mode.key === "crashed").map((one) => one.id);
  const hidden = struck.find((id) => !crashes.has(id) && panels.find((panel) => panel.id === id)?.el.hidden);
  crashes = new Set(struck);
  if (hidden) choose(hidden);
}
// Four times a second: what only grows older. Whether a panel has become old, or new again.
export function tickLanes() {
  let grew = false;
  for (const panel of panels) {
    const one = lane(panel.id);
    if (!one) continue;
    const age = laneAge(one), measured = one.age_ms !== null && one.age_ms !== undefined;
    const stale = age > OLD_MS ? "old" : age > AGE_SHOWN_MS ? "aging" : "";
    if (panel.el.dataset.stale !== stale) { panel.el.dataset.stale = stale; grew = true; }
    put(panel.age, stale ? aged(age) : measured ? say("age.live") : say("age.never"));
    panel.age.classList.toggle("is-old", stale !== "");
    if (stale === "old") put(panel.stale, noNews(age));
    put(panel.ago, one.car ? ago(now() - one.car.at_ms) : "");
    put(panel.waits, one.waits && one.waits.whole && one.waits.at_ms ? ago(now() - one.waits.at_ms, "since") : "");
    put(panel.since, one.pause_ends_ms ? left(one.pause_ends_ms - now()) : one.mode && one.mode.at_ms ? ago(now() - one.mode.at_ms, "since") : "");
  }
  return grew;
}

// Calls back when another lane is chosen, with whether a finger chose it.
export const onChosen = (listener) => listeners.push(listener);
export function choose(id, byFinger = false) {
  if (byFinger) touchedChoice = performance.now();
  if (id === state.chosen) return;
  state.chosen = id;
  changedAt = performance.now();
  page = pageOf(id);
  showPage();
  for (const panel of panels) mark(panel.el, "aria-pressed", String(panel.id === id));
  // On a telephone the lane whose buttons are shown may be below the edge.
  if (!byFinger) panels.find((panel) => panel.id === id)?.el.scrollIntoView({ block: "nearest" });
  for (const listener of listeners) listener(byFinger);
}
// A lane that the guard chose needs no rest; one that the screen chose does.
export const rests = () => changedAt > 0 && performance.now() < changedAt + SETTLE_MS && performance.now() - touchedChoice > SETTLE_MS;

const size = () => (panels.length > PER_PAGE ? PER_PAGE - 1 : PER_PAGE);
const pageOf = (id) => Math.floor(panels.findIndex((one) => one.id === id) / size());
export function showPage() {
  const first = page * size(), pages = Math.ceil(panels.length / size());
  panels.forEach((panel, n) => { panel.el.hidden = n < first || n >= first + size(); });
  put($("page"), say("lanes.page", { n: page + 1, all: pages }));
  paintPager();
}
// What the lanes that are not shown have to say, the loudest first.
function paintPager() {
  if (!$("pager")) return;
  const loud = ["act", "decide", "note"];
  const hidden = state.view.lanes.filter((one, n) => panels[n].el.hidden && (one.mode || one.needs_you));
  hidden.sort((a, b) => (a.mode ? loud.indexOf(a.mode.tone) : 1) - (b.mode ? loud.indexOf(b.mode.tone) : 1));
  const first = hidden[0];
  mark($("pager"), "data-tone", first ? (first.mode ? first.mode.tone : "decide") : "");
  put($("page-state"), first ? first.name + ": " + (first.mode ? first.mode.text : first.bar.word) : "");
}
// The screen follows a waiting vehicle, but never under a finger: only when it was not touched for a while and
// nothing stands at the chosen lane.
export function followVehicle(busy) {
  const one = chosenLane();
  if (!one || one.needs_you || one.approach.state === "on" || one.safety.state === "on") return;
  if (performance.now() - touchedAt < FOLLOW_AFTER_MS || busy) return;
  const waiting = state.view.lanes.filter((other) => other.needs_you);
  if (waiting.length === 1) choose(waiting[0].id);
}

document.addEventListener("pointerdown", () => { touchedAt = performance.now(); }, true);
for (const panel of panels) panel.el.addEventListener("click", () => choose(panel.id, true));
if ($("pager")) $("pager").addEventListener("click", () => {
  page = (page + 1) % Math.ceil(panels.length / size());
  choose(panels[page * size()].id, true);
  showPage();
});
