// A trial cycle: the arm moves only while a button is held until its ring is full; stop acts on touch-down.
import { $, make, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { post, pressId } from "../../parts/base/http.js";
import { pressedMs } from "../../parts/base/clock.js";
import { fillRing, isPressed, pressable } from "../../parts/press/press.js";
import { lamp, look } from "./look.js";

const EVERY_MS = 300;

export function watchTrial() {
  const card = $("trial");
  if (!card) return;
  const base = "/installer/lanes/" + encodeURIComponent(card.dataset.lane) + "/trial";
  let moments = [];
  const again = look(() => base + "/state?orders=" + moments.join(","), EVERY_MS, show);

  async function order(name) {
    const got = await post(base + "/" + name, { request: pressId(), pressed_ms: pressedMs() });
    noted(got);
  }
  async function said(what) { noted(await post(base + "/moment", { what })); }
  function noted(got) {
    if (!got) return;
    put($("said"), got.text);
    $("said").classList.toggle("is-refused", got.status !== "done");
    if (got.status !== "done") return;
    if (got.order === "open" && moments.some((one) => one.startsWith("open@"))) moments = [];
    moments = [...moments, got.order + "@" + got.at_ms].slice(-12);
    again();
  }
  for (const button of card.querySelectorAll("[data-press=hold]")) {
    pressable(button, (el) => { if (!isPressed(el)) fillRing(el, () => order(el.dataset.order)); }, () => put($("said"), say("installer.lanes.trial.hold.hint")));
  }
  const stop = card.querySelector("[data-order=stop]");
  stop.addEventListener("pointerdown", () => order("stop"));
  stop.addEventListener("keydown", (event) => { if ((event.key === "Enter" || event.key === " ") && !event.repeat) { event.preventDefault(); order("stop"); } });
  for (const button of card.querySelectorAll("[data-moment]")) button.addEventListener("click", () => said(button.dataset.moment));
}

function show(told) {
  put($("asks"), told.asks);
  for (const item of document.querySelectorAll("[data-contact]")) lamp(item.querySelector(".ln-dot"), told.contacts[item.dataset.contact]);
  fill($("figures"), told.figures, (one) => row([one.name, one.value, one.set]));
  fill($("steps"), told.steps, (one) => make("li", one.at + " · " + one.words + (one.took ? " (" + one.took + ")" : "")));
  fill($("findings"), told.findings, (words) => make("li", words, "ln-finding is-look"));
  fill($("proposed"), told.proposed, proposal);
}

// A list is made anew only when it differs.
function fill(el, found, made) {
  const key = JSON.stringify(found);
  if (el.dataset.key === key) return;
  el.dataset.key = key;
  el.replaceChildren(...found.map(made));
}

function row(cells) {
  const line = document.createElement("tr");
  cells.forEach((text, number) => line.append(make("td", text, number ? "in-number" : "")));
  return line;
}

function proposal(one) {
  const line = make("div", "", "ls-one"), button = make("button", say("installer.lanes.trial.take", { value: one.shown }), "in-button is-main");
  button.type = "button";
  button.addEventListener("click", () => {
    const form = $("take");
    form.elements.key.value = one.key;
    form.elements.value.value = one.value;
    form.submit();
  });
  line.append(make("p", one.words, "ls-what"), button);
  return line;
}
