// The frames on a device's wire, the newest on top; a tap copies one.
import { $, make, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";

const FRAMES_MAX = 200, SAID_MS = 1500;
const lines = new Map();
let paused = false, later = [];

async function copy(text, button) {
  const before = button.dataset.words || button.textContent;
  button.dataset.words = before;
  put(button, say("installer.devices.script." + ((await copied(text)) ? "copied" : "uncopied")));
  setTimeout(() => put(button, before), SAID_MS);
}
async function copied(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch (_error) {
    return copiedByHand(text);
  }
}
// Without a secure connection, as on most sites, a browser gives a page no clipboard of its own.
function copiedByHand(text) {
  const area = document.createElement("textarea"), focus = document.activeElement;
  area.value = text;
  area.className = "in-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (focus) focus.focus();
  return done;
}
const asText = (one) => [one.at, one.way === "in" ? "<" : ">", one.hex, one.words].join("  ");

function line(one) {
  const li = document.createElement("li"), button = document.createElement("button");
  button.type = "button";
  button.className = "devices-frame";
  button.title = say("installer.devices.script.tap");
  button.append(make("span", "", "devices-way"), make("span", "", "devices-words"), make("span", "", "devices-raw in-code"), make("span", "", "devices-raw small"), make("span", "", "devices-raw devices-copied"));
  button.children[2].dir = "ltr";
  button.addEventListener("click", () => copy(asText(lines.get(one.number).one), button.querySelector(".devices-copied")));
  li.append(button);
  li.className = one.way === "in" ? "is-in" : "is-out";
  return li;
}
function fill(li, one) {
  const [way, words, raw, more] = li.firstElementChild.children;
  put(way, (one.way === "in" ? "←" : "→") + " " + one.at);
  put(words, one.words);
  put(raw, one.hex + (one.more > 0 ? " … +" + one.more : ""));
  put(more, one.again);
}

// Shows what is new; returns the number of the newest frame with a card, 0 for none.
export function showFrames(news) {
  if (news.anew) { lines.clear(); later = []; $("frames").replaceChildren(); }
  let card = 0;
  for (const one of news.frames || []) {
    if (one.card) card = one.number;
    if (paused) later = [...later, one].slice(-FRAMES_MAX);
    else show(one);
  }
  for (const number of [...lines.keys()].slice(0, Math.max(0, lines.size - FRAMES_MAX))) {
    lines.get(number).li.remove();
    lines.delete(number);
  }
  $("quiet").hidden = lines.size > 0;
  $("frames").hidden = lines.size === 0;
  return card;
}
function show(one) {
  const known = lines.get(one.number);
  const li = known ? known.li : line(one);
  lines.set(one.number, { one, li });
  fill(li, one);
  if (!known) $("frames").prepend(li);
}

$("pause")?.addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
  if (!paused) { showFrames({ frames: later }); later = []; }
});
$("copy")?.addEventListener("click", () => copy([...lines.values()].map((one) => asText(one.one)).join("\n"), $("copy")));
if ($("pause")) $("pause").hidden = $("copy").hidden = false;
