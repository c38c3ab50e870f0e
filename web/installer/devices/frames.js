// The frames on a device's wire, the newest on top; a tap copies one.
import { $, make, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";

const FRAMES_MAX = 200;
const lines = new Map();
let paused = false;

async function copy(text, button) {
  const before = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    put(button, say("installer.devices.script.copied"));
  } catch (_error) {
    select(button);
    return;
  }
  setTimeout(() => put(button, before), 1500);
}
// Without a secure connection a browser gives no clipboard: what is to be copied is selected.
function select(el) {
  const range = document.createRange();
  range.selectNodeContents(el.closest("li") || $("frames"));
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}
const asText = (one) => [one.at, one.way === "in" ? "<" : ">", one.hex, one.words].join("  ");

function line(one) {
  const li = document.createElement("li"), button = document.createElement("button");
  button.type = "button";
  button.className = "devices-frame";
  button.title = say("installer.devices.script.tap");
  button.append(make("span", "", "devices-way"), make("span", "", "devices-words"), make("span", "", "devices-raw in-code"), make("span", "", "devices-raw small"));
  button.lastElementChild.previousElementSibling.dir = "ltr";
  button.addEventListener("click", () => copy(asText(lines.get(one.number).one), button.lastElementChild));
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
  if (news.anew) { lines.clear(); $("frames").replaceChildren(); }
  let card = 0;
  for (const one of news.frames || []) {
    if (one.card) card = one.number;
    if (paused) continue;
    const known = lines.get(one.number);
    const li = known ? known.li : line(one);
    lines.set(one.number, { one, li });
    fill(li, one);
    if (!known) $("frames").prepend(li);
  }
  for (const number of [...lines.keys()].slice(0, Math.max(0, lines.size - FRAMES_MAX))) {
    lines.get(number).li.remove();
    lines.delete(number);
  }
  $("quiet").hidden = lines.size > 0;
  $("frames").hidden = lines.size === 0;
  return card;
}

$("pause")?.addEventListener("click", () => {
  paused = !paused;
  $("pause").setAttribute("aria-pressed", String(paused));
});
$("copy")?.addEventListener("click", () => copy([...lines.values()].map((one) => asText(one.one)).join("\n"), $("copy")));
if ($("pause")) $("pause").hidden = $("copy").hidden = false;
