// The sheet of alarms: the list, the chosen one with its steps, and what is said about it by name.
import { $, make, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { post } from "../../parts/base/http.js";
import { COUNTS_MS } from "../../parts/answer/answer.js";
import { isOpen, openSheet } from "../../parts/sheet/sheet.js";
import { ago } from "../../parts/age/age.js";
import { samePress } from "../actions/orders.js";
import { lane, now, state } from "../home/state.js";
import { choose } from "../lane/lanes.js";

const ROWS = 4;
let chosen = null, page = 0, drawn = "";

// The alarm's lane becomes the chosen one, so that its buttons are at hand.
function openDesk(id) {
  const found = state.view.alarms.find((alarm) => alarm.alarm === id);
  chosen = id;
  drawn = "";
  openSheet("alarms");
  if (found && lane(found.lane)) choose(found.lane, true);
  paintAlarms();
}
export function paintAlarms() {
  if (!isOpen("alarms")) return;
  const alarms = state.view.alarms, draws = JSON.stringify([alarms, chosen, page]);
  if (draws === drawn) return;
  drawn = draws;
  const pages = Math.max(1, Math.ceil(alarms.length / ROWS));
  page %= pages;
  $("alarm-older").hidden = pages < 2;
  const shown = alarms.slice(page * ROWS, page * ROWS + ROWS);
  const one = alarms.find((alarm) => alarm.alarm === chosen) || shown[0] || null;
  chosen = one && one.alarm;
  $("alarm-list").replaceChildren(...shown.map(row));
  put($("alarm-title"), one ? one.title : say("alarm.none"));
  paintFacts();
  $("alarm-steps").replaceChildren(...(one ? one.steps : []).map((text) => make("li", text)));
  $("alarm-ack").hidden = !one || !one.unseen;
  $("alarm-real").hidden = $("alarm-false").hidden = !one || !one.closable;
}
// Apart from the rest, because it grows older by itself.
export function paintFacts() {
  if (!isOpen("alarms")) return;
  const one = state.view.alarms.find((alarm) => alarm.alarm === chosen);
  put($("alarm-facts"), one ? [one.where, one.at_ms ? ago(now() - one.at_ms) : "", one.state_text].filter(Boolean).join(" · ") : "");
}
function row(alarm) {
  const el = make("button", "", "desk-row");
  el.type = "button";
  el.dataset.tone = alarm.tone;
  el.dataset.unseen = alarm.unseen ? "yes" : "";
  el.setAttribute("aria-pressed", String(alarm.alarm === chosen));
  el.append(make("b", alarm.title), make("span", [alarm.time, alarm.where].filter(Boolean).join(" · ")));
  el.addEventListener("click", () => { put($("alarm-answer"), ""); openDesk(alarm.alarm); });
  return el;
}
async function deal(verb, extra) {
  const id = chosen, press = samePress("alarm/" + id + "/" + verb);
  if (!id || press.again) return;
  const body = Object.assign({ request: press.id, pressed_ms: press.pressed }, extra);
  const got = await post("/guard/alarms/" + encodeURIComponent(id) + "/" + verb, body, COUNTS_MS);
  if (got) put($("alarm-answer"), got.status === "done" ? "" : got.text);
}

$("band").addEventListener("click", () => openDesk(state.view.band && state.view.band.alarm));
$("calm").addEventListener("click", () => openDesk(null));
$("notice").addEventListener("click", () => openDesk(state.view.notice && state.view.notice.alarm));
$("alarm-older").addEventListener("click", () => { page += 1; drawn = ""; paintAlarms(); });
$("alarm-ack").addEventListener("click", () => deal("acknowledge"));
$("alarm-real").addEventListener("click", () => deal("close", { finding: "real" }));
$("alarm-false").addEventListener("click", () => deal("close", { finding: "false" }));
