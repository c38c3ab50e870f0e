// The sign-in page: the PIN pad, the wait after too many tries, and Stop.
"use strict";
(function () {
  const pin = document.getElementById("pin"), form = document.getElementById("pin-form");
  for (const el of document.querySelectorAll("#pad .key")) {
    el.addEventListener("click", (event) => {
      if (el.dataset.key === "enter") return;
      event.preventDefault();
      if (el.dataset.key === "erase") pin.value = pin.value.slice(0, -1);
      else if (pin.value.length < pin.maxLength) pin.value += el.dataset.key;
    });
  }
  if (form) form.addEventListener("submit", () => { document.getElementById("enter").disabled = true; });

  const mistake = document.getElementById("mistake");
  let left = mistake ? Number(mistake.dataset.wait) : 0;
  function wait() {
    document.getElementById("enter").disabled = left > 0;
    if (left <= 0) return (mistake.textContent = "");
    mistake.textContent = mistake.dataset.words.replace("{seconds}", left);
    left -= 1;
    return setTimeout(wait, 1000);
  }
  if (left > 0) wait();

  const clock = document.getElementById("clock"), offset = Number(document.documentElement.dataset.offset) * 60000;
  setInterval(() => { clock.textContent = new Date(Date.now() + offset).toISOString().slice(11, 16); }, 1000);

  // The server's monotonic clock, by which it knows when Stop was touched; asked now and then, since clocks drift apart.
  const COUNTS_MS = 2000, NOT_YET_MS = 900, TRY_MS = 700, TIME_EVERY_MS = 20000;
  const cameAt = (performance.getEntriesByType("navigation")[0] || {}).responseStart || performance.now();
  let ahead = Number(document.documentElement.dataset.mono) - cameAt;
  async function askTime() {
    try {
      const got = await fetch("/guard/time", { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (got.ok) ahead = (await got.json()).mono_ms - performance.now();
    } catch (_error) { /* what was known still holds */ }
  }

  const button = document.getElementById("stop"), answer = document.getElementById("answer");
  let stops = 0;
  function say(text, tone) {
    answer.textContent = text;
    answer.dataset.tone = tone || "";
  }
  function pressId() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  }
  async function send(body) {
    const stop = new AbortController(), timer = setTimeout(() => stop.abort(), TRY_MS);
    try {
      const got = await fetch("/guard/stop", {
        method: "POST", credentials: "same-origin", signal: stop.signal,
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf]").content },
        body: JSON.stringify(body),
      });
      return await got.json();
    } catch (_error) {
      return null;
    } finally {
      clearTimeout(timer);
    }
  }
  async function stop() {
    const mine = stops += 1, began = performance.now();
    const body = { request: pressId(), pressed_ms: Math.round(ahead + began) };
    button.classList.add("pressed");
    setTimeout(() => button.classList.remove("pressed"), 300);
    say(button.dataset.sending);
    const early = setTimeout(() => { if (stops === mine) say(button.dataset.notyet, "refused"); }, NOT_YET_MS);
    const late = setTimeout(() => { if (stops === mine) say(button.dataset.failed, "failed"); }, COUNTS_MS);
    let said = null;
    while (!said && performance.now() - began < COUNTS_MS) {
      said = await send(body);
      if (!said) await new Promise((go) => setTimeout(go, 100));
    }
    clearTimeout(early);
    clearTimeout(late);
    if (stops !== mine) return;
    if (said) say(said.text || said.detail, said.tone || (said.status === "done" ? "done" : "failed"));
    else say(button.dataset.failed, "failed");
  }
  if (button) {
    setInterval(askTime, TIME_EVERY_MS);
    button.addEventListener("pointerdown", (event) => { event.preventDefault(); stop(); });
    button.addEventListener("keydown", (event) => { if ((event.key === "Enter" || event.key === " ") && !event.repeat) { event.preventDefault(); stop(); } });
    document.querySelector(".stop-form").addEventListener("submit", (event) => event.preventDefault());
  }
})();
