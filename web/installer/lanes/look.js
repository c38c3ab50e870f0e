// Looking again and again at one address, and saying how old the last answer is.
import { $, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";

const OLD_MS = 2000;
const STALE_MS = 5000;

// `show` takes each answer; while it returns true, the next look follows. `url` may be a function.
export function look(url, everyMs, show) {
  let at = performance.now(), timer = 0;
  async function once() {
    let goes = true;
    try {
      const got = await fetch(typeof url === "function" ? url() : url, { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (got.status === 401) return location.reload();
      if (got.ok) {
        const told = await got.json();
        // What the web says without the engine is no news of the gate.
        if (told.answered !== false) at = performance.now();
        goes = show(told) !== false;
      }
    } catch (_error) {
      // The line is cut: the age tells it.
    }
    if (goes) timer = setTimeout(once, everyMs); else done = true;
  }
  let done = false;
  const age = setInterval(() => {
    const old = performance.now() - at, el = $("age");
    if (done) { clearInterval(age); return; }
    if (el) put(el, old < OLD_MS ? say("installer.lanes.live") : say("installer.lanes.age", { s: Math.round(old / 1000) }));
    if (el) el.classList.toggle("is-old", old >= OLD_MS);
    document.body.classList.toggle("is-stale", old >= STALE_MS);
  }, 500);
  once();
  return () => { clearTimeout(timer); once(); };
}

export function lamp(el, on) { if (el) el.classList.toggle("is-on", on === true); }
