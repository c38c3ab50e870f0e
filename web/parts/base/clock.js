// The server's CLOCK_MONOTONIC, by which it knows when a button was touched.
const KEPT_MS = 30000;
let offsets = [];

// When the answer to this page's request began to come.
export const cameAt = (performance.getEntriesByType("navigation")[0] || {}).responseStart || performance.now();

// Of the differences heard lately the largest is the one with the least delay.
export function learn(mono, at) {
  if (!mono) return;
  const offset = mono - at, best = Math.max(...offsets.map((one) => one.offset));
  // The machine was started anew and its clock with it.
  if (offsets.length && offset < best - KEPT_MS) offsets = [];
  offsets = [...offsets.filter((one) => at - one.at < KEPT_MS), { at, offset }];
}
export const pressedMs = () => (offsets.length ? Math.round(Math.max(...offsets.map((one) => one.offset)) + performance.now()) : null);

// The time of day at the site.
export function timeOfDay(ms) {
  const offset = Number(document.documentElement.dataset.offset) * 60000;
  return new Date(ms + offset).toISOString().slice(11, 16);
}

learn(Number(document.documentElement.dataset.mono), cameAt);
