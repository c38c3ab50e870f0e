// The view that the server sent last, how old it is, and which lane is chosen.
import { cameAt, learn } from "../../parts/base/clock.js";
import { say } from "../../parts/base/words.js";

export const AGE_SHOWN_MS = 2000, OLD_MS = 5000;
const data = document.getElementById("data").dataset;

// The first view is as old as the page.
let heardAt = cameAt;
export const state = { view: JSON.parse(data.view), chosen: null, operator: data.operator, acts: data.acts === "yes", people: JSON.parse(data.people) };
state.chosen = state.view.lanes.length ? state.view.lanes[0].id : null;
learn(state.view.mono_ms, cameAt);

export function heard(view) {
  state.view = view;
  heardAt = performance.now();
  learn(view.mono_ms, heardAt);
}
export const now = () => state.view.now_ms + (performance.now() - heardAt);
export const newsAge = () => state.view.age_ms + (performance.now() - heardAt);
export const lane = (id) => state.view.lanes.find((one) => one.id === id);
export const chosenLane = () => lane(state.chosen);
export const laneAge = (one) => newsAge() + (one.age_ms || 0);
export const old = (one) => laneAge(one) > OLD_MS;
export const off = (action) => Object.assign({}, action, { on: false, hint: say("why.stale") });
