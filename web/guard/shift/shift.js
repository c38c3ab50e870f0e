// The place of the guard's own shift: what was taken, and each payment.
import { $, make, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { ask } from "../../parts/base/http.js";
import { isOpen } from "../../parts/sheet/sheet.js";
import { place } from "../places/places.js";

let page = 0, asked = 0;

function row(one) {
  const made = document.createElement("tr");
  made.append(make("td", one.at), make("td", one.plate), make("td", one.how), make("td", one.sum, "pay-amount"));
  made.title = one.number;
  return made;
}
async function load() {
  const mine = (asked += 1), got = await ask("/guard/takings?page=" + page);
  if (mine !== asked || !isOpen("shift")) return;
  put($("shift-note"), got ? (got.payments.length ? "" : say("shift.nothing")) : say("place.no_answer"));
  if (!got) return;
  $("shift-sums").replaceChildren(...got.shift.map((text) => make("li", text)));
  $("shift-today").replaceChildren(...got.today.map((text) => make("li", text)));
  $("shift-payments").replaceChildren(...got.payments.map(row));
  $("shift-newer").disabled = page === 0;
  $("shift-older").disabled = !got.more;
}
function turn(by) {
  page = Math.max(0, page + by);
  load();
}
if ($("sheet-shift")) {
  place("shift", { opened: () => { page = 0; load(); } });
  $("shift-newer").addEventListener("click", () => turn(-1));
  $("shift-older").addEventListener("click", () => turn(1));
}
