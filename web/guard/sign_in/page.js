// The pages without a view: the keypad, the wait after a wrong PIN, the clock, and Stop.
import { $ } from "../../parts/base/dom.js";
import { learn, timeOfDay } from "../../parts/base/clock.js";
import { wireKeypad } from "../../parts/keypad/keypad.js";
import "../../parts/fit/fit.js";
import { wireStop } from "../../parts/stop/stop.js";

const TIME_EVERY_MS = 20000;
const pin = $("pin"), form = $("pin-form"), mistake = $("mistake");

wireKeypad("pad", (which, event) => {
  if (which === "enter") return;
  event.preventDefault();
  if (which === "erase") pin.value = pin.value.slice(0, -1);
  else if (pin.value.length < pin.maxLength) pin.value += which;
});
if (form) form.addEventListener("submit", () => { $("enter").disabled = true; });

let left = mistake ? Number(mistake.dataset.wait) : 0;
function wait() {
  $("enter").disabled = left > 0;
  mistake.textContent = left > 0 ? mistake.dataset.words.replace("{seconds}", left) : "";
  if (left <= 0) return;
  left -= 1;
  setTimeout(wait, 1000);
}
if (left > 0) wait();

setInterval(() => { $("clock").textContent = timeOfDay(Date.now()); }, 1000);

// Clocks drift apart, so the server's is asked now and then.
async function askTime() {
  try {
    const got = await fetch("/guard/time", { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (got.ok) learn((await got.json()).mono_ms, performance.now());
  } catch (_error) { /* what was known still holds */ }
}
if ($("stop")) {
  wireStop(() => null);
  setInterval(askTime, TIME_EVERY_MS);
}
