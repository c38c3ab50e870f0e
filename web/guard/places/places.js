// The places of the rail. Each is a sheet that keeps what was typed: it steps aside for a car that needs the guard, and
// its button on the rail brings it back as it was.
import { mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { drawable } from "../../parts/glyphs/glyphs.js";
import { answer } from "../../parts/answer/answer.js";
import { onSheet, openName, openSheet } from "../../parts/sheet/sheet.js";
import { lane, state } from "../home/state.js";
import { choose } from "../lane/lanes.js";

const STILL_MS = 1000;
const rail = new Map([...document.querySelectorAll("#rail [data-place]")].map((el) => [el.dataset.place, el]));
const places = new Map(), aside = new Map(), waits = new Map(), cars = new Map();
let came = null, touchedAt = 0;

// Makes a sheet a place. `opened(back)` is called when it is shown, with whether it had stepped aside; `paint` with each
// news while it is shown; `typed` tells whether something was begun there; `busy` whether it must not step aside now.
// `under`: the button of the rail that it belongs to, its own unless given.
export function place(name, { opened = () => {}, paint = () => {}, typed = () => false, busy = () => false, under = name } = {}) {
  places.set(name, { opened, paint, typed, busy, under });
}
const shown = () => places.get(openName());

// What waits at a lane for the guard: "" for nothing, a car, or a case by its id.
const waiting = (one) => (one.needs_you ? (one.case ? one.case.id : "car") : "");
// A car that was there and is read now is no other one.
const isAnother = (before, now) => now !== "" && (before === "" || (now !== "car" && before !== "car" && before !== now));

export function followCars() {
  for (const one of state.view.lanes) {
    const now = waiting(one), before = waits.get(one.id), car = one.car && !one.car.earlier ? one.car.at_ms : 0;
    const fresh = cars.has(one.id) && car > cars.get(one.id);
    if (shown() && before !== undefined) {
      if (isAnother(before, now)) came = { lane: one.id, needs: true };
      else if (fresh && now === "" && !(came && came.needs)) came = { lane: one.id, needs: false };
    }
    waits.set(one.id, now);
    cars.set(one.id, Math.max(car, cars.get(one.id) || 0));
  }
  if (shown()) shown().paint();
  tickPlaces();
}
// Four times a second: the car that came is named, and has the screen once the finger is still.
export function tickPlaces() {
  const one = came && lane(came.lane), here = shown();
  if (!one || !here || (came.needs ? waiting(one) === "" : !one.car || one.car.earlier)) came = null;
  paintCame(came && one);
  if (came && came.needs && !here.busy() && performance.now() - touchedAt > STILL_MS) stepAside();
  const now = shown();
  for (const [name, el] of rail) {
    mark(el, "aria-pressed", String(Boolean(now) && now.under === name));
    mark(el, "data-kept", [...places.values()].some((other) => other !== now && other.under === name && other.typed()) ? "yes" : "");
  }
}
function paintCame(one) {
  for (const el of document.querySelectorAll("[data-came]")) {
    el.hidden = !one;
    if (!one) continue;
    mark(el, "data-needs", came.needs ? "yes" : "");
    const words = one.car && !one.car.earlier ? [one.bar.word, drawable(one.car.title)] : [say("place.car")];
    put(el, [one.name, ...words].join(" · "));
  }
}
function stepAside() {
  const { lane: id } = came, name = openName(), { under } = places.get(name);
  aside.set(under, name);
  came = null;
  openSheet(null);
  choose(id);
  answer(say("place.aside", { place: rail.get(under).textContent }));
}

for (const [name, el] of rail) el.addEventListener("click", () => {
  if (shown() && shown().under === name) openSheet(null);
  else openSheet(aside.get(name) || name);
});
for (const el of document.querySelectorAll("[data-came]")) el.addEventListener("click", () => { if (came) stepAside(); });
document.addEventListener("pointerdown", () => { touchedAt = performance.now(); }, true);
onSheet((name) => {
  const here = places.get(name);
  came = null;
  if (here) {
    const back = aside.get(here.under) === name;
    aside.delete(here.under);
    here.opened(back);
  }
  tickPlaces();
});
