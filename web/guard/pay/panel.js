// The panel of a charge: its facts, what is said about it, and its receipt. The sheet that it is on adds what can be done.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { ask, post } from "../../parts/base/http.js";

const PRINT_MS = 15000, SAID_MS = 12000;
const NOTHING = { state: "due", sum: "", stay: "", rows: [], paid: "", leave: "", by_code: "", owed: [] };

export const visitUrl = (visit, what) => "/guard/visits/" + encodeURIComponent(visit) + "/" + what;

function row(line) {
  const made = document.createElement("tr");
  made.append(make("td", line.text), make("td", line.each, "pay-each"), make("td", line.sum, "pay-amount"));
  return made;
}

// `about()` is the {visit, lane} that is shown; `turned(view)` follows a tap that shows the receipt, or leads back ("").
export function panel(id, about, turned) {
  const root = $(id), part = (name) => $(id + "-" + name);
  let telling = 0, printing = false;

  function tell(text, stays = false) {
    clearTimeout(telling);
    put(part("said"), text);
    if (text && !stays) telling = setTimeout(() => put(part("said"), ""), SAID_MS);
  }
  async function print() {
    if (printing) return;
    printing = true;
    tell(say("print.printing"), true);
    const got = await post(visitUrl(about().visit, "print"), { lane: about().lane }, PRINT_MS);
    printing = false;
    if (got) tell(got.text);
  }
  async function showReceipt() {
    const got = await ask(visitUrl(about().visit, "receipt"));
    if (!got) return tell(say("print.receipt.other"));
    put(part("receipt"), got.text);
    part("qr").src = got.code;
    return turned("receipt");
  }
  part("print").addEventListener("click", print);
  part("show").addEventListener("click", showReceipt);
  for (const el of root.querySelectorAll("[data-pay-back]")) el.addEventListener("click", () => turned(""));

  return {
    tell,
    // What the right side shows; `hidden` leaves it empty.
    view(now, hidden = false) {
      mark(root, "data-view", now);
      for (const el of root.querySelectorAll("[data-when]")) el.hidden = el.dataset.when !== now || hidden;
    },
    // `found` is null while it is not known.
    facts(known) {
      const found = known || NOTHING;
      put(part("sum"), found.state === "due" ? found.sum : found.paid);
      put(part("cash-sum"), found.sum);
      put(part("stay"), found.stay);
      part("lines").replaceChildren(...found.rows.map(row));
      put(part("paid"), [found.state === "due" ? found.paid : found.leave, ...found.owed.map((debt) => debt.text)].filter(Boolean).join(" · "));
      part("code").hidden = !found.by_code;
    },
  };
}
