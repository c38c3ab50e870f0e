// Buttons that are tapped, or pressed until their ring is full.
export const HOLD_MS = 600;
const timers = new Map();

export const isPressed = (el) => timers.has(el);
export function cancelPress(el) {
  clearTimeout(timers.get(el));
  timers.delete(el);
  el.classList.remove("pressing");
}
export function fillRing(el, then) {
  el.classList.add("pressing");
  timers.set(el, setTimeout(() => { cancelPress(el); then(); }, HOLD_MS));
}
// `begin` is called on touch-down, `early` when the button is let go before its ring is full.
export function pressable(el, begin, early) {
  function end() {
    if (!timers.has(el)) return;
    cancelPress(el);
    early();
  }
  el.addEventListener("pointerdown", (event) => { if (event.button === 0) begin(el); });
  for (const name of ["pointerup", "pointercancel", "pointerleave"]) el.addEventListener(name, end);
  el.addEventListener("keydown", (event) => { if ((event.key === "Enter" || event.key === " ") && !event.repeat) { event.preventDefault(); begin(el); } });
  el.addEventListener("keyup", (event) => { if (event.key === "Enter" || event.key === " ") end(); });
}
