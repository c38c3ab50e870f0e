// The form of wires: live lamps of what is chosen, and the findings as they are now.
import { $, make, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { lamp, look } from "./look.js";

const EVERY_MS = 1000;

export function watchWires() {
  const form = $("wires");
  if (!form) return;
  const rows = [...form.querySelectorAll(".ln-row")];
  let points = {};
  for (const row of rows) {
    const point = row.querySelector(".ln-point");
    point.addEventListener("change", () => { row.classList.toggle("is-bare", !point.value); show(row); });
    row.querySelector(".ln-how select").addEventListener("change", () => show(row));
  }
  function show(row) {
    const live = row.querySelector(".ln-live");
    if (!live) return;
    const point = row.querySelector(".ln-point").value, on = points[point];
    const closed = row.querySelector(".ln-how select").value === "closed";
    lamp(live.querySelector(".ln-dot"), on);
    put(live.querySelector(".ln-state"), point ? meaning(on, closed) : "");
  }
  function meaning(on, closed) {
    if (on === undefined) return say("installer.lanes.state.unknown");
    return say((on !== closed) ? "installer.lanes.state.active" : "installer.lanes.state.idle");
  }
  look(form.getAttribute("action") + "/live", EVERY_MS, (told) => {
    points = told.points;
    rows.forEach(show);
    for (const wire of document.querySelectorAll(".ln-wire")) lamp(wire, points[wire.dataset.point]);
    for (const list of form.querySelectorAll("[data-findings]")) findings(list, told.findings[list.dataset.findings] || []);
  });
}

export function findings(list, found) {
  const key = found.map((one) => one.words).join("\n");
  if (list.dataset.key === undefined) list.dataset.key = [...list.querySelectorAll("span")].map((one) => one.textContent).join("\n");
  if (list.dataset.key === key) return;
  list.dataset.key = key;
  list.replaceChildren(...found.map((one) => {
    const item = make("li", "", "ln-finding is-" + one.level);
    const level = document.createElement("b");
    level.textContent = say("installer.lanes.level." + one.level);
    item.append(level, " ", make("span", one.words));
    return item;
  }));
}
