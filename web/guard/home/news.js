// News of the gate: a stream, and asking once a second while there is none.
import { reload } from "../../parts/base/http.js";

const POLL_MS = 1000, QUIET_MS = 3000, BACK_OFF_MS = [2000, 4000, 8000, 16000, 30000];
let source = null, tries = 0, lastEvent = 0, polling = false, heard = () => {};

function listen() {
  if (source) source.close();
  lastEvent = performance.now();
  source = new EventSource("/live");
  source.addEventListener("state", (event) => {
    tries = 0;
    lastEvent = performance.now();
    heard(JSON.parse(event.data));
  });
  source.onerror = () => {
    source.close();
    source = null;
    lastEvent = 0; // ask at once: a stream that ends in good order must not look like silence
    poll();
    setTimeout(listen, BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length - 1)] * (0.8 + Math.random() * 0.4));
    tries += 1;
  };
}
async function poll() {
  const quiet = performance.now() - lastEvent > QUIET_MS;
  if (polling || (source && !quiet)) return;
  polling = true;
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), QUIET_MS);
  try {
    const got = await fetch("/live/state", { credentials: "same-origin", headers: { Accept: "application/json" }, signal: stop.signal });
    if (got.status === 401) { reload("/sign-in?ended=1"); return; }
    if (got.ok) heard(await got.json());
  } catch (_error) {
    // the age of what is shown grows, and says so
  } finally {
    clearTimeout(timer);
    polling = false;
  }
}

// Calls back with each view.
export function follow(listener) {
  heard = listener;
  listen();
  setInterval(poll, POLL_MS);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  window.addEventListener("pagehide", () => { if (source) source.close(); });
}
