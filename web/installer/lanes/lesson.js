// A lesson: what has moved is shown as it moves, until there is something to take.
import { $, make, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { lamp, look } from "./look.js";

const EVERY_MS = 400;

export function watchLesson() {
  const card = $("lesson");
  if (!card || !$("found")) return;
  const first = new Map();
  look(card.dataset.state, EVERY_MS, (told) => {
    put($("found"), told.words);
    $("found").className = "ls-found is-" + told.tone;
    put($("known"), told.known);
    put($("left"), told.done ? "" : say("installer.lanes.lesson.left", { s: told.left_s }));
    inputs(told.points, first);
    takes(card, told);
    return !told.done;
  });
}

function inputs(points, first) {
  for (const item of document.querySelectorAll(".ls-inputs [data-point]")) {
    const on = points[item.dataset.point];
    if (!first.has(item.dataset.point)) first.set(item.dataset.point, on);
    if (on !== first.get(item.dataset.point)) item.classList.add("is-moved");
    lamp(item.querySelector(".ln-dot"), on);
  }
}

// The inputs to take, made anew only when they differ: a finger may be on its way to one.
function takes(card, told) {
  const found = told.chosen ? [told.chosen, ...told.others] : [];
  const key = found.map((one) => one.point + one.normally + (told.done ? one.told : "")).join(" ");
  const box = $("takes");
  if (box.dataset.key === key) return;
  box.dataset.key = key;
  box.replaceChildren(...found.map((one, number) => take(card, one, number === 0)));
}

function take(card, one, main) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = card.dataset.state.replace(/\/state\?.*/, "/take");
  form.className = "ls-one";
  for (const [name, value] of [["csrf", document.querySelector("meta[name=csrf]").content], ["point", one.point], ["normally", one.normally]]) {
    const field = document.createElement("input");
    Object.assign(field, { type: "hidden", name, value });
    form.append(field);
  }
  const what = make("p", "", "ls-what"), name = document.createElement("b");
  name.textContent = one.words;
  what.append(name, " · " + one.how, document.createElement("br"), make("span", one.told, "in-hint"));
  const button = make("button", say("installer.lanes.lesson.take"), "in-button is-large" + (main ? " is-main" : ""));
  button.append(make("span", ": " + one.words, "ln-hidden"));
  form.append(what, button);
  return form;
}
