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

  const button = document.getElementById("stop"), answer = document.getElementById("answer");
  async function stop() {
    button.classList.add("pressed");
    setTimeout(() => button.classList.remove("pressed"), 300);
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    const request = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
    const csrf = document.querySelector("meta[name=csrf]").content;
    for (let n = 0; n < 4; n += 1) {
      try {
        const got = await fetch("/guard/stop", {
          method: "POST", credentials: "same-origin",
          headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
          body: JSON.stringify({ request }),
        });
        const said = await got.json();
        answer.textContent = said.text || said.detail;
        answer.dataset.tone = said.status === "done" ? "done" : "failed";
        return;
      } catch (_error) {
        await new Promise((go) => setTimeout(go, 300));
      }
    }
    answer.textContent = button.dataset.failed;
    answer.dataset.tone = "failed";
  }
  if (button) {
    button.addEventListener("pointerdown", (event) => { event.preventDefault(); stop(); });
    button.addEventListener("keydown", (event) => { if ((event.key === "Enter" || event.key === " ") && !event.repeat) { event.preventDefault(); stop(); } });
    document.querySelector(".stop-form").addEventListener("submit", (event) => event.preventDefault());
  }
})();
