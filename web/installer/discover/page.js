// The search: its results are asked for again while it runs. What is focused stays so.
import { $ } from "../../parts/base/dom.js";

const box = $("results"), every = Number(box.dataset.every);
const state = () => box.firstElementChild.dataset.state;

function show(html) {
  const held = box.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  box.innerHTML = html;
  if (held) box.querySelector(`[data-key="${held}"]`)?.focus({ preventScroll: true });
}
async function look() {
  try {
    const got = await fetch("/installer/discover/results", { credentials: "same-origin" });
    if (got.ok && !got.redirected) show(await got.text());
  } catch (_error) {
    // The line is cut: the next look tells.
  }
  if (state() === "running" || state() === "offline") setTimeout(look, every);
}
if (state() === "running" || state() === "offline") setTimeout(look, every);
