// The table of devices, kept fresh. Rows keep their places while one looks at them.
import { mark, put } from "../../parts/base/dom.js";
import { reload } from "../../parts/base/http.js";

const LOOK_MS = 2000;

function fill(tr, one) {
  const chip = tr.querySelector(".in-chip");
  put(chip, one.state);
  mark(chip, "class", "in-chip is-" + one.tone);
  for (const cell of tr.querySelectorAll("[data-cell]")) put(cell, String(one[cell.dataset.cell]));
}

// No news yet: the page comes again as soon as there are some.
export function awaitNews() {
  setInterval(async () => {
    const got = await fetch("/installer/devices.json", { credentials: "same-origin", headers: { Accept: "application/json" } }).catch(() => null);
    if (got && got.ok && (await got.json()).known) reload();
  }, LOOK_MS);
}

export function followTable(table) {
  async function look() {
    if (document.hidden) return;
    try {
      const got = await fetch("/installer/devices.json", { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (got.status === 401) { reload("/sign-in?next=/installer/devices"); return; }
      const { rows } = await got.json();
      for (const one of rows) {
        const tr = table.querySelector('[data-device="' + one.id + '"]');
        if (tr) fill(tr, one);
      }
    } catch (_error) {
      // what is shown stays until the gateway answers again
    }
  }
  setInterval(look, LOOK_MS);
}
