// The top line: site, what is open, link, clock.
import { $, bind, dig, fill, mark, put } from "../../parts/base/dom.js";
import { timeOfDay } from "../../parts/base/clock.js";
import { ago } from "../../parts/age/age.js";
import { now, state } from "../home/state.js";

const top = document.querySelector(".top"), bound = bind(top);
const ages = [...top.querySelectorAll("[data-ago]")].map((el) => ({ el, path: el.dataset.ago.split(".") }));

export function paintTop() { fill(bound, state.view); }
export function tickTop() {
  for (const { el, path } of ages) {
    const at = dig(state.view, path);
    put(el, at ? ago(now() - Number(at)) : "");
  }
  put($("clock"), timeOfDay(now()));
  const root = document.documentElement;
  if (root.dataset.choice === "auto") mark(root, "data-theme", state.view.night ? "night" : "day");
}
