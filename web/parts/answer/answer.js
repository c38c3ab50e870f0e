// What became of an order: within a second the screen says that it has not arrived, after two that it did not.
import { $, put } from "../base/dom.js";

export const COUNTS_MS = 2000, NOT_YET_MS = 900;
const SHOWN_MS = 8000;
let timer = 0, orders = 0;
const listeners = [];
export const last = { tone: "", pending: 0 };

// Calls back each time that something is answered.
export const onAnswer = (listener) => listeners.push(listener);

// What has failed stays until the next order.
export function answer(text, tone = "") {
  const el = $("answer");
  clearTimeout(timer);
  put(el, text);
  el.dataset.tone = tone;
  last.tone = tone;
  for (const listener of listeners) listener();
  if (text && !last.pending && tone !== "failed") timer = setTimeout(() => put(el, ""), SHOWN_MS);
}

if ($("answer")) $("answer").addEventListener("click", () => { if (!last.pending) answer(""); });

// An order is on its way; returns what is to be called with its answer.
export function begun(words) {
  const mine = orders += 1;
  let given = false;
  last.pending = mine;
  answer(words.sending);
  const early = setTimeout(() => { if (last.pending === mine) answer(words.notYet, "refused"); }, NOT_YET_MS);
  const late = setTimeout(() => { if (last.pending === mine) { last.pending = 0; given = true; answer(words.failed, "failed"); } }, COUNTS_MS);
  return (text, tone) => {
    clearTimeout(early);
    clearTimeout(late);
    if (orders !== mine) return;
    last.pending = 0;
    answer(text, given && tone === "refused" ? "failed" : tone);
  };
}
