// Stop: on touch-down, always, and sent again for as long as it counts.
import { $ } from "../base/dom.js";
import { pressedMs } from "../base/clock.js";
import { post, pressId } from "../base/http.js";
import { begun, COUNTS_MS } from "../answer/answer.js";

const TRY_MS = 700, AGAIN_MS = 100, SHOWN_MS = 300;

// `lane` gives the chosen lane, null for none.
export function wireStop(lane) {
  const button = $("stop");
  if (!button) return;
  const { sending, notyet, failed } = button.dataset;
  async function stop() {
    const body = { request: pressId(), lane: lane(), pressed_ms: pressedMs() }, began = performance.now();
    button.classList.add("pressed");
    setTimeout(() => button.classList.remove("pressed"), SHOWN_MS);
    const done = begun({ sending, notYet: notyet, failed });
    while (performance.now() - began < COUNTS_MS) {
      const got = await post("/guard/stop", body, TRY_MS);
      if (!got) return undefined;
      if (got.code !== "network") return done(got.text, got.tone || got.status);
      await new Promise((go) => setTimeout(go, AGAIN_MS));
    }
    return done(failed, "failed");
  }
  button.addEventListener("pointerdown", (event) => { event.preventDefault(); stop(); });
  button.addEventListener("keydown", (event) => { if ((event.key === "Enter" || event.key === " ") && !event.repeat) { event.preventDefault(); stop(); } });
  document.querySelector(".stop-form").addEventListener("submit", (event) => event.preventDefault());
}
