// The page of one device: its news by a stream, or by asking while there is none; its trials.
import { $, make, mark, put } from "../../parts/base/dom.js";
import { post } from "../../parts/base/http.js";
import { armOf, letArmMove } from "./arm.js";
import { showCard } from "./card.js";
import { showFrames } from "./frames.js";
import { followNews } from "./news.js";

const EDGES_MAX = 64;

function levels(list, kind, points) {
  for (const one of points || []) {
    const li = list.querySelector("[data-" + kind + '="' + one.number + '"]');
    if (!li) continue;
    mark(li.querySelector(".devices-lamp"), "data-level", one.level);
    put(li.querySelector(".devices-level"), one.words);
    for (const cell of li.querySelectorAll("[data-cell]")) put(cell, one[cell.dataset.cell] || "");
  }
}

function edges(list, news) {
  for (const one of news) {
    const li = document.createElement("li");
    li.append(make("span", one.at, "devices-time"), " ", make("b", one.input), " ", one.words, " ", make("span", one.use, "devices-use"));
    list.prepend(li);
    while (list.childElementCount > EDGES_MAX) list.lastElementChild.remove();
  }
}

function condition(one) {
  if (!one) return;
  const chip = $("state").querySelector(".in-chip");
  if (chip) { put(chip, one.state); mark(chip, "class", "in-chip is-" + one.tone); }
  for (const cell of $("condition").querySelectorAll("[data-cell]")) put(cell, String(one[cell.dataset.cell] || (cell.dataset.cell === "error" ? "–" : one[cell.dataset.cell])));
}

function message(device, one) {
  if (!one) return;
  put($("message-at"), one.at);
  put($("message"), one.text);
  $("message").hidden = false;
  $("message-none").hidden = true;
  $("picture").hidden = !one.mark;
  if (one.mark) mark($("picture"), "src", "/installer/devices/" + device + "/picture?" + one.mark);
}

function told(answer) {
  if (!answer) return;
  mark($("said"), "class", "in-note devices-said is-" + (answer.status === "done" ? "ok" : "bad"));
  put($("said"), answer.text);
}

// Forms work without this script; with it the page stays, and what is shown goes on.
function trials(device) {
  for (const form of document.querySelectorAll("form[data-trial]")) {
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const body = Object.fromEntries(new FormData(form, event.submitter));
      delete body.csrf;
      event.submitter.disabled = true;
      told(await post("/installer/devices/" + device + "/" + form.dataset.trial, body, 20000));
      event.submitter.disabled = false;
    });
  }
}

export function showDevice(root) {
  const device = root.dataset.device;
  trials(device);
  letArmMove(device, told);
  followNews(device, { frames: 0, trace: 0, edges: Number(root.dataset.edges), run: Number(root.dataset.run) }, (news) => {
    $("lost").hidden = !news.offline;
    root.dataset.live = news.offline ? "no" : "yes";
    if (news.offline) return;
    condition(news.device);
    if ($("inputs")) levels($("inputs"), "input", news.inputs);
    if ($("outputs")) levels($("outputs"), "output", news.outputs);
    for (const one of news.outputs || []) armOf(one);
    if ($("edges")) edges($("edges"), news.edges);
    if ($("message")) message(device, news.message);
    const card = showFrames(news);
    if (card && $("card")) showCard(device, card);
  });
}
