// The guard's screen: puts the view's texts in place, sends what is pressed, and never lets old news look new.
// The server makes every word; here is only what depends on this moment: ages, presses, the link.
import { put } from "../../parts/base/dom.js";
import { reload } from "../../parts/base/http.js";
import { noNews } from "../../parts/age/age.js";
import { fitAll } from "../../parts/fit/fit.js";
import { isOpen } from "../../parts/sheet/sheet.js";
import { wireStop } from "../../parts/stop/stop.js";
import { wireWake } from "../../parts/wake/wake.js";
import { answer } from "../../parts/answer/answer.js";
import { say } from "../../parts/base/words.js";
import { heard, newsAge, OLD_MS, state } from "./state.js";
import { follow } from "./news.js";
import { paintTop, tickTop } from "../top/top.js";
import { followVehicle, paintLanes, sameLanes, showPage, tickLanes } from "../lane/lanes.js";
import { paintActions } from "../actions/actions.js";
import { outdated } from "../actions/orders.js";
import { paintAlarms, paintFacts } from "../alarms/alarms.js";
import { paintCase } from "../compare/compare.js";
import { paintPay } from "../pay/pay.js";
import { followCars, tickPlaces } from "../places/places.js";
import "../confirm/confirm.js";
import "../hold/hold.js";
import "../visitor/visitor.js";
import "../inside/inside.js";
import "../shift/shift.js";
import "../more/more.js";
import "../identity/identity.js";
import "../slips/slips.js";

const TICK_MS = 250;

function paint() {
  if (!sameLanes()) return reload();
  paintTop();
  paintLanes();
  followVehicle(isOpen());
  outdated();
  paintActions();
  paintAlarms();
  paintCase();
  paintPay();
  followCars();
  return tick();
}
function tick() {
  if (tickLanes()) paintActions();
  tickTop();
  paintFacts();
  tickPlaces();
  const news = newsAge();
  for (const el of document.querySelectorAll("[data-no-news]")) put(el, news > OLD_MS ? noNews(news) : "");
}

document.addEventListener("contextmenu", (event) => event.preventDefault());
document.body.classList.add("still");
wireStop(() => state.chosen);
wireWake(() => answer(say("answer.awake")));
showPage();
paint();
requestAnimationFrame(() => requestAnimationFrame(() => document.body.classList.remove("still")));
fitAll();
follow((view) => { heard(view); paint(); });
setInterval(tick, TICK_MS);
document.body.dataset.ready = "yes";
