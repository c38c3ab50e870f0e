// The keypad: digits, erase, and one last key.
export function wireKeypad(id, pressed) {
  for (const el of document.querySelectorAll(`#${id} .key`)) el.addEventListener("click", (event) => pressed(el.dataset.key, event));
}
