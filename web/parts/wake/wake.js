// The touch that wakes a dark screen does nothing else. Where the browser lets it, the page keeps the screen lit; where not,
// a first touch after a long pause only wakes. Stop always counts, on whatever screen.
const DARK_AFTER_MS = 120000, page = document.documentElement;
let lit = null, touched = performance.now(), waking = false;

async function keepLit() {
  try {
    lit = await navigator.wakeLock.request("screen");
    lit.addEventListener("release", () => { lit = null; });
  } catch (_error) { lit = null; }
}

// Calls back when a touch was taken as one that wakes.
export function wireWake(woke) {
  if (navigator.wakeLock) {
    keepLit();
    document.addEventListener("visibilitychange", () => { if (!document.hidden && lit === null) keepLit(); });
  }
  const drop = (event) => { event.preventDefault(); event.stopImmediatePropagation(); };
  window.addEventListener("pointerdown", (event) => {
    const now = performance.now(), dark = lit === null && now - touched > Number(page.dataset.darkAfter || DARK_AFTER_MS);
    touched = now;
    waking = dark && event.pointerType === "touch" && event.target.closest("#stop") === null;
    if (!waking) return;
    drop(event);
    woke();
  }, { capture: true });
  for (const kind of ["pointerup", "pointercancel", "click"]) window.addEventListener(kind, (event) => { if (waking) drop(event); }, { capture: true });
  window.addEventListener("click", () => { waking = false; });
}
