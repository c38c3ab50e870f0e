// Keys in a grid of twelve columns, and those of a plate as pages of such a grid: its first characters, those of the
// last cars first; letters; digits; what else plates and other texts have.
import { make } from "../base/dom.js";
import { say } from "../base/words.js";

const KEYS = 18, SPANS = { 2: "key-2", 3: "key-3", 4: "key-4", 6: "key-6" };

// Keys are {text, span, act}; `off`: it does nothing now, `first`: it begins a row, `next`: it goes on, `quick`: it is a
// way around others, `label`: what is read aloud.
export function drawKeys(target, list) {
  target.replaceChildren(...list.map(({ text, span, act, off, first, next, quick, label }) => {
    const el = make("button", text, ["choice", SPANS[span], first && "key-first", next && "key-next", quick && "key-quick"].filter(Boolean).join(" "));
    el.type = "button";
    if (label) el.setAttribute("aria-label", label);
    el.disabled = Boolean(off);
    el.addEventListener("click", act);
    return el;
  }));
}
export const eraser = (text, typed) => ({ text: "⌫", label: say("sign_in.erase"), span: 2, act: () => typed([...text].slice(0, -1).join("")), off: !text });

function pages({ regions, last }) {
  const all = {
    regions: regions.slice(0, KEYS), regions_2: regions.slice(KEYS, 2 * KEYS),
    letters: "ABCDEFGHJKLMNPQRST", others: ("UVWXYZIO-" + last).slice(0, KEYS), digits: "0123456789ABDEFGHJ",
  };
  return Object.fromEntries(Object.entries(all).filter(([_name, characters]) => characters));
}
// The page that what was typed goes on with.
function fitting({ regions, chinese }, text) {
  if (!text) return chinese ? "regions" : "digits";
  return text.length === 1 && regions.includes(text) ? "letters" : "digits";
}
// The keys of a plate behind `text`. `page`: the one that was turned to, "" for the one that fits; `typed` takes the new
// text, `turned` the page; `more` stands before the last keys, `on` is what goes on.
export function plateKeys(keys, text, page, { typed, turned, more, on }) {
  const all = pages(keys), names = Object.keys(all).filter((name) => !text || !name.startsWith("regions"));
  const now = names.includes(page) ? page : fitting(keys, text);
  return [
    ...[...all[now]].map((letter) => ({ text: letter, span: 2, act: () => typed(text + letter) })),
    { ...more, span: 3, first: true },
    { text: say("keys.other"), span: 3, act: () => turned(names[(names.indexOf(now) + 1) % names.length]) },
    eraser(text, typed),
    { ...on, span: 4, next: true },
  ];
}
