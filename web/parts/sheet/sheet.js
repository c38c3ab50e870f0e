// Sheets: one at a time over the lanes, never over Stop. The keyboard stays in an open sheet and on Stop.
import { $ } from "../base/dom.js";

const FOCUSABLE = "button, a[href], input, [tabindex='0']";
let shown = null, opener = null;
const listeners = [];

export const isOpen = (name) => shown !== null && (!name || shown.id === "sheet-" + name);
export const openName = () => (shown ? shown.id.replace("sheet-", "") : "");
// Calls back with the name of the sheet that was opened, null when one was closed.
export const onSheet = (listener) => listeners.push(listener);

// `focus` is where the keyboard begins; the sheet itself unless it is given.
export function openSheet(name, focus) {
  if (!shown && name) opener = document.activeElement;
  if (shown) shown.hidden = true;
  shown = name ? $("sheet-" + name) : null;
  if (shown) {
    shown.hidden = false;
    (focus || shown).focus({ preventScroll: true });
  } else if (opener) {
    opener.focus({ preventScroll: true });
    opener = null;
  }
  for (const listener of listeners) listener(name);
}

function tab(event) {
  const stops = [...shown.querySelectorAll(FOCUSABLE), ...document.querySelectorAll("#stop")].filter((el) => el.checkVisibility() && !el.disabled);
  const at = stops.indexOf(document.activeElement), step = event.shiftKey ? -1 : 1;
  event.preventDefault();
  stops[at < 0 ? (event.shiftKey ? stops.length - 1 : 0) : (at + step + stops.length) % stops.length].focus();
}

for (const el of document.querySelectorAll("[data-sheet]")) el.addEventListener("click", () => openSheet(isOpen(el.dataset.sheet) ? null : el.dataset.sheet));
for (const el of document.querySelectorAll("[data-close]")) el.addEventListener("click", () => openSheet(null));
document.addEventListener("keydown", (event) => {
  if (!shown) return;
  if (event.key === "Escape") openSheet(null);
  if (event.key === "Tab") tab(event);
});
