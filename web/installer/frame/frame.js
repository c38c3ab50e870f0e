// The frame of the installer's pages: the clock, and one open menu at a time.
import { $, put } from "../../parts/base/dom.js";
import { timeOfDay } from "../../parts/base/clock.js";

setInterval(() => { $("clock").textContent = timeOfDay(Date.now()); }, 1000);

const menus = [...document.querySelectorAll(".in-menu")];
function close(except) { for (const one of menus) if (one !== except) one.open = false; }
for (const one of menus) one.addEventListener("toggle", () => { if (one.open) close(one); });
document.addEventListener("pointerdown", (event) => close(event.target.closest(".in-menu")));
document.addEventListener("keydown", (event) => {
  const open = menus.find((one) => one.open);
  if (event.key !== "Escape" || !open) return;
  open.open = false;
  open.querySelector("summary").focus();
});

// Times that run out, in minutes and seconds.
for (const el of document.querySelectorAll("[data-left]")) {
  const ends = performance.now() + Number(el.dataset.left) * 1000;
  setInterval(() => {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    put(el, Math.floor(left / 60) + ":" + String(left % 60).padStart(2, "0"));
  }, 250);
}
