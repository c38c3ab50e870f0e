// The changes: the page is shown anew when something happens to them.
import { $ } from "../../parts/base/dom.js";

const EVERY_MS = 1500;
const page = $("changes");

async function look() {
  try {
    const got = await fetch("/installer/changes/state?draft=" + encodeURIComponent(page.dataset.draft), { credentials: "same-origin", headers: { Accept: "application/json" } });
    if (got.ok && (await got.json()).mark !== page.dataset.mark) return location.reload();
  } catch (_error) {
    // The gateway begins anew, or the line is cut: the next look tells.
  }
  setTimeout(look, EVERY_MS);
}
if (page.dataset.watch) setTimeout(look, EVERY_MS);
