// Sheets: one at a time over the lanes, never over Stop.
import { $ } from "../base/dom.js";

let shown = null;
const listeners = [];

export const isOpen = (name) => shown !== null && (!name || shown.id === "sheet-" + name);
// Calls back with the name of the sheet that was opened, null when one was closed.
export const onSheet = (listener) => listeners.push(listener);

export function openSheet(name) {
  if (shown) shown.hidden = true;
  shown = name ? $("sheet-" + name) : null;
  if (shown) shown.hidden = false;
  for (const listener of listeners) listener(name);
}

for (const el of document.querySelectorAll("[data-sheet]")) el.addEventListener("click", () => openSheet(isOpen(el.dataset.sheet) ? null : el.dataset.sheet));
for (const el of document.querySelectorAll("[data-close]")) el.addEventListener("click", () => openSheet(null));
document.addEventListener("keydown", (event) => { if (event.key === "Escape") openSheet(null); });
