// A presented card, in every format that fits.
import { $, make, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";

export async function showCard(device, frame) {
  const got = await fetch("/installer/devices/" + device + "/card?frame=" + frame, { credentials: "same-origin", headers: { Accept: "application/json" } });
  if (!got.ok) return;
  const found = await got.json();
  if (found.verdict === "none") return;
  put($("card-words"), found.words);
  $("card").hidden = false;
  $("readings").replaceChildren(...found.readings.map((one) => {
    const tr = document.createElement("tr");
    const number = make("td", one.number, "in-code");
    number.dir = "ltr";
    const format = make("td", one.format + (one.facility ? " · " + one.facility : "") + (one.now ? " · " + say("installer.devices.script.now") : ""));
    tr.append(number, format, make("td", one.known || "–"));
    tr.classList.toggle("is-known", Boolean(one.known));
    return tr;
  }));
}
