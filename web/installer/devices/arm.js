// An output that moves an arm: a warning that names the lane, and a press and hold below it.
import { $, put } from "../../parts/base/dom.js";
import { post } from "../../parts/base/http.js";
import { fillRing, pressable } from "../../parts/press/press.js";

const arms = new Map();
let chosen = null;

function warn() {
  const one = arms.get(chosen);
  put($("arm-warning"), one.warning);
  put($("arm-tag"), one.tag);
  $("arm-tag").hidden = !one.tag;
}

// What is known of an arm now: its tag may have been put on while one looks.
export function armOf(one) {
  if (!one.arm) return;
  arms.set(one.number, one);
  if (chosen === one.number) warn();
}

export function letArmMove(device, told) {
  const hold = $("arm-hold");
  if (!hold) return;
  for (const button of document.querySelectorAll("[data-arm]")) {
    const number = Number(button.closest("[data-output]").dataset.output);
    button.addEventListener("click", () => { chosen = number; $("arm-said").hidden = true; if (arms.has(number)) warn(); });
    button.disabled = false;
  }
  $("arm").addEventListener("beforetoggle", (event) => { if (event.newState === "open" && !arms.has(chosen)) event.preventDefault(); });
  pressable(hold, () => {
    const one = arms.get(chosen), tagged = Boolean(one.tag);
    fillRing(hold, async () => {
      hold.disabled = true;
      const answer = await post("/installer/devices/" + device + "/pulse", { output: one.number, moves: one.arm, under_tag: tagged });
      hold.disabled = false;
      if (!answer) return;
      if (answer.status === "done") { $("arm").hidePopover(); told(answer); return; }
      put($("arm-said"), answer.text);
      $("arm-said").hidden = false;
    });
  }, () => {});
}
