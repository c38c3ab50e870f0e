// The guard screen's script: puts the view model's texts in place, sends what is pressed, and never lets old news look new.
// The server makes every word; here is only what depends on this moment: ages, presses, the link.
"use strict";
(function () {
  const AGE_SHOWN_MS = 2000, OLD_MS = 5000, HOLD_MS = 600, SETTLE_MS = 700, SAME_PRESS_MS = 1000;
  // An order counts for two seconds, at the server by the same clock; before that the screen says that it is not there.
  const COUNTS_MS = 2000, NOT_YET_MS = 900, STOP_TRY_MS = 700, CLOCK_KEPT_MS = 30000, CHOSEN_EVERY_MS = 20000;
  const FOLLOW_AFTER_MS = 5000, ANSWER_MS = 8000, POLL_MS = 1000, BACK_OFF_MS = [2000, 4000, 8000, 16000, 30000];
  const $ = (id) => document.getElementById(id);
  const data = $("data").dataset;
  const words = JSON.parse(data.words), people = JSON.parse(data.people);
  const csrf = document.querySelector("meta[name=csrf]").content;
  const PER_PAGE = 4;

  // The first view is as old as the page: it was made when the answer to the request began to come.
  const cameAt = (performance.getEntriesByType("navigation")[0] || {}).responseStart || performance.now();
  let view = JSON.parse(data.view), heardAt = cameAt, linked = true;
  let chosen = view.lanes.length ? view.lanes[0].id : null, changedAt = 0, touchedAt = 0, page = 0;

  function say(key, values) {
    return (words[key] || key).replace(/\{(\w+)\}/g, (_all, name) => (values && values[name] !== undefined ? values[name] : ""));
  }
  function dig(model, path) {
    let found = model;
    for (const key of path) found = found === null || found === undefined ? undefined : found[key];
    if (found === true) return "yes";
    return found === null || found === undefined || found === false ? "" : String(found);
  }
  const now = () => view.now_ms + (performance.now() - heardAt);
  const newsAge = () => view.age_ms + (performance.now() - heardAt);
  const lane = (id) => view.lanes.find((one) => one.id === id);
  function laneAge(one) { return newsAge() + (one.age_ms || 0); }

  // ---- the server's monotonic clock, by which it knows when a button was touched ----
  // Of what was heard lately the largest difference is the one with the least delay.
  let offsets = [];
  function learn(mono, at) {
    if (!mono) return;
    const offset = mono - at, best = Math.max(...offsets.map((one) => one.offset));
    // The machine was started anew and its clock with it.
    if (offsets.length && offset < best - CLOCK_KEPT_MS) offsets = [];
    offsets = [...offsets.filter((one) => at - one.at < CLOCK_KEPT_MS), { at, offset }];
  }
  learn(view.mono_ms, cameAt);
  const pressedMs = () => (offsets.length ? Math.round(Math.max(...offsets.map((one) => one.offset)) + performance.now()) : null);

  // ---- texts and marks: bound once, touched only when they change ----
  function bind(root) {
    const bound = [];
    const all = [root, ...root.querySelectorAll("[data-text],[data-set]")];
    for (const el of all) {
      if (el.dataset.text) bound.push({ el, path: el.dataset.text.split("."), blank: el.dataset.blank || "", last: el.textContent });
      for (const pair of (el.dataset.set || "").trim().split(/\s+/)) {
        const at = pair.indexOf(":");
        if (at > 0) bound.push({ el, mark: "data-" + pair.slice(0, at), path: pair.slice(at + 1).split("."), last: null });
      }
    }
    return bound;
  }
  function fill(bound, model) {
    for (const one of bound) {
      const value = dig(model, one.path) || one.blank || "";
      if (value === one.last) continue;
      one.last = value;
      if (one.mark) one.el.setAttribute(one.mark, value); else one.el.textContent = value;
    }
  }
  const put = (el, text) => { if (el && el.textContent !== text) el.textContent = text; };
  const mark = (el, name, value) => { if (el.getAttribute(name) !== value) el.setAttribute(name, value); };

  const top = bind(document.querySelector(".top"));
  const panels = [...document.querySelectorAll(".lane")].map((el) => ({
    el, id: el.dataset.lane, bound: bind(el), age: el.querySelector("[data-age]"), ago: el.querySelector("[data-ago]"),
    since: el.querySelector("[data-since]"), waits: el.querySelector("[data-wait-since]"),
    stale: el.querySelector("[data-stale-title]"),
  }));
  const topAges = [...document.querySelectorAll(".top [data-ago]")].map((el) => ({ el, path: el.dataset.ago.split(".") }));
  const slots = [...document.querySelectorAll(".act[data-slot]")].map((el) => ({ el, name: el.dataset.slot, bound: bind(el) }));

  function paint() {
    if (view.lanes.map((one) => one.id).join() !== panels.map((one) => one.id).join()) return reload();
    fill(top, view);
    for (const panel of panels) {
      const one = lane(panel.id);
      fill(panel.bound, one);
      mark(panel.el, "aria-pressed", String(panel.id === chosen));
    }
    follow();
    outdated();
    paintActions();
    paintDesk();
    paintCase();
    tick();
  }
  function paintActions() {
    const one = lane(chosen);
    if (!one) return;
    put($("act-lane"), one.name);
    for (const slot of slots) {
      const action = one.actions[slot.name];
      const before = slot.el.dataset.command;
      fill(slot.bound, { actions: { [slot.name]: old(one) ? off(action) : action } });
      if (slot.el.dataset.command !== before) settle(slot.el);
      if (action.spoken) mark(slot.el, "aria-label", action.spoken); else slot.el.removeAttribute("aria-label");
    }
    const falling = view.lanes.filter((other) => other.arm === "lowering" && other.id !== chosen).length;
    put($("stop-span"), old(one) ? say("stop.all") : falling ? say("stop.more", { lane: one.name }) : one.name);
  }
  const old = (one) => laneAge(one) > OLD_MS;
  const off = (action) => Object.assign({}, action, { on: false, hint: say("why.stale") });

  // Four times a second: what only grows older.
  function tick() {
    let grew = false;
    for (const panel of panels) {
      const one = lane(panel.id);
      if (!one) continue;
      const age = laneAge(one), measured = one.age_ms !== null && one.age_ms !== undefined;
      const state = age > OLD_MS ? "old" : age > AGE_SHOWN_MS ? "aging" : "";
      if (panel.el.dataset.stale !== state) { panel.el.dataset.stale = state; grew = true; }
      put(panel.age, state ? aged(age) : measured ? say("age.live") : say("age.never"));
      panel.age.classList.toggle("is-old", state !== "");
      if (state === "old") put(panel.stale, noNews(age));
      put(panel.ago, one.car ? ago(one.car.at_ms) : "");
      put(panel.waits, one.waits && one.waits.whole && one.waits.at_ms ? ago(one.waits.at_ms, "since") : "");
      put(panel.since, one.pause_ends_ms ? left(one.pause_ends_ms) : one.mode && one.mode.at_ms ? ago(one.mode.at_ms, "since") : "");
    }
    if (grew) paintActions();
    for (const { el, path } of topAges) {
      const at = dig(view, path);
      put(el, at ? ago(Number(at)) : "");
    }
    if (sheet && sheet.id === "sheet-alarms") paintFacts();
    const news = newsAge();
    for (const el of document.querySelectorAll("[data-no-news]")) put(el, news > OLD_MS ? noNews(news) : "");
    const offset = Number(document.documentElement.dataset.offset) * 60000;
    put($("clock"), new Date(now() + offset).toISOString().slice(11, 16));
    const root = document.documentElement;
    if (root.dataset.choice === "auto") mark(root, "data-theme", view.night ? "night" : "day");
  }
  const noNews = (ms) => (ms < 3600000 ? say("stale.title", { n: Math.floor(ms / 1000) }) : say("stale.gateway"));
  function aged(ms) {
    if (ms > 3600000) return say("age.never");
    return ms < 100000 ? say("age.seconds", { n: Math.floor(ms / 1000) }) : say("age.minutes", { n: Math.floor(ms / 60000) });
  }
  function left(until) {
    const s = Math.ceil((until - now()) / 1000);
    return s > 0 ? say("left.seconds", { n: s }) : say("left.now");
  }
  function ago(at, kind = "ago") {
    const s = Math.max(0, Math.floor((now() - at) / 1000));
    if (s < 3) return say(kind + ".now");
    if (s < 90) return say(kind + ".seconds", { n: s });
    if (s < 5400) return say(kind + ".minutes", { n: Math.floor(s / 60) });
    return s < 172800 ? say(kind + ".hours", { n: Math.floor(s / 3600) }) : say(kind + ".days", { n: Math.floor(s / 86400) });
  }

  // ---- choosing a lane, and pages of lanes ----
  function choose(id) {
    if (id === chosen) return;
    chosen = id;
    changedAt = performance.now();
    if (changedAt - touchedChoice < 50) touchedChoice = changedAt;
    page = pageOf(id);
    showPage();
    for (const panel of panels) mark(panel.el, "aria-pressed", String(panel.id === chosen));
    if (!pending && (answered.tone !== "failed" || touchedChoice === changedAt)) answer("");
    for (const slot of slots) cancel(slot.el);
    paintActions();
    tellChosen();
  }
  // What a desk reader of several lanes reads is for the lane that a booth's own screen shows as chosen.
  function tellChosen() {
    const one = lane(chosen);
    if (view.station && one && one.present && !document.hidden) post("/guard/choose", { lane: chosen }, 3000);
  }
  const size = () => (panels.length > PER_PAGE ? PER_PAGE - 1 : PER_PAGE);
  const pageOf = (id) => Math.floor(panels.findIndex((one) => one.id === id) / size());
  function showPage() {
    const first = page * size(), pages = Math.ceil(panels.length / size());
    panels.forEach((panel, n) => { panel.el.hidden = n < first || n >= first + size(); });
    if (!$("pager")) return;
    put($("page"), say("lanes.page", { n: page + 1, all: pages }));
    const hidden = view.lanes.filter((_one, n) => panels[n].el.hidden && _one.mode);
    put($("page-state"), hidden.length ? hidden[0].name + ": " + hidden[0].mode.text : "");
  }
  // The screen follows a waiting vehicle, but never under a finger: only when nobody has touched it for a while and
  // nothing stands at the chosen lane; buttons rest for a moment afterwards.
  function follow() {
    const one = lane(chosen);
    if (!one || one.needs_you || one.approach.state === "on" || one.safety.state === "on") return;
    if (performance.now() - touchedAt < FOLLOW_AFTER_MS || sheet) return;
    const waiting = view.lanes.filter((other) => other.needs_you);
    if (waiting.length === 1) choose(waiting[0].id);
  }
  function settle(el) {
    cancel(el);
    el.dataset.rest = String(performance.now() + SETTLE_MS);
  }
  const resting = (el) => performance.now() < Math.max(Number(el.dataset.rest || 0), changedAt ? changedAt + SETTLE_MS : 0) && performance.now() - touchedChoice > SETTLE_MS;
  let touchedChoice = -1e9; // a lane that the guard chose himself needs no rest

  document.addEventListener("pointerdown", () => { touchedAt = performance.now(); }, true);
  for (const panel of panels) panel.el.addEventListener("click", () => { touchedChoice = performance.now(); choose(panel.id); });
  if ($("pager")) $("pager").addEventListener("click", () => {
    page = (page + 1) % Math.ceil(panels.length / size());
    touchedChoice = performance.now();
    choose(panels[page * size()].id);
    showPage();
  });

  // ---- sending ----
  function pressId() {
    const bytes = crypto.getRandomValues(new Uint8Array(12));
    return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  }
  async function post(url, body, timeout) {
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), timeout || 8000);
    try {
      const got = await fetch(url, {
        method: "POST", credentials: "same-origin", signal: stop.signal,
        headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": csrf },
        body: JSON.stringify(body),
      });
      const said = await got.json().catch(() => ({}));
      if (got.status === 401) return reload("/sign-in?ended=1");
      if (said.code === "csrf") { setTimeout(reload, 1500); return { status: "failed", text: say("refused.csrf") }; }
      return said.status && said.text ? said : { status: "failed", text: said.detail || say("refused.network"), code: said.code };
    } catch (_error) {
      return { status: "failed", text: say("refused.network"), code: "network" };
    } finally {
      clearTimeout(timer);
    }
  }
  let answerTimer = 0, answered = { tone: "" }, pending = 0, orders = 0;
  // An answer belongs to the car that stood there; what has failed or is not known yet stays until the next order.
  function answer(text, tone) {
    const el = $("answer"), one = lane(chosen);
    clearTimeout(answerTimer);
    put(el, text);
    el.dataset.tone = tone || "";
    answered = { tone: tone || "", lane: chosen, at: now(), stood: one && one.approach.state === "on" };
    if (text && !pending && tone !== "failed") answerTimer = setTimeout(() => put(el, ""), ANSWER_MS);
  }
  function outdated() {
    const one = lane(answered.lane);
    if (!one || pending || answered.tone === "failed" || !$("answer").textContent) return;
    const left = answered.stood && one.approach.state !== "on";
    const another = one.car && !one.car.by_hand && one.car.at_ms > answered.at;
    if (left || another) answer("");
  }
  // An order is on its way: within a second the screen says that it is not there yet, after two that it did not arrive.
  function begun(command, words) {
    const mine = orders += 1;
    pending = mine;
    answer(say("answer.sending", { command: say("cmd." + command) }));
    const early = setTimeout(() => { if (pending === mine) answer(words.notYet, "refused"); }, NOT_YET_MS);
    let given = false;
    const late = setTimeout(() => { if (pending === mine) { pending = 0; given = true; answer(words.failed, "failed"); } }, COUNTS_MS);
    return (text, tone) => {
      clearTimeout(early);
      clearTimeout(late);
      if (orders !== mine) return;
      pending = 0;
      answer(text, given && tone === "refused" ? "failed" : tone);
    };
  }
  const recent = new Map();
  // The second tap of a double tap is the same press, and keeps the time of the first.
  function samePress(key) {
    const known = recent.get(key), at = performance.now();
    if (known && at - known.at < SAME_PRESS_MS) return Object.assign({ again: true }, known);
    const press = { id: pressId(), at, pressed: pressedMs() };
    recent.set(key, press);
    return Object.assign({ again: false }, press);
  }
  async function give(id, command, extra) {
    const press = samePress(id + "/" + command);
    if (press.again) return null;
    const label = say("cmd." + command), failed = say("answer.not_arrived", { command: label });
    const done = begun(command, { notYet: say("answer.no_answer_yet", { command: label }), failed });
    const body = Object.assign({ request: press.id, pressed_ms: press.pressed }, extra);
    const got = await post("/guard/lanes/" + encodeURIComponent(id) + "/" + command, body);
    if (!got) return null;
    if (got.code === "network") done(failed, "failed"); else done(got.text, got.tone || got.status);
    return got;
  }

  // ---- the buttons: tap, press and hold, or a sheet that asks for the PIN ----
  const timers = new Map();
  function cancel(el) {
    clearTimeout(timers.get(el));
    timers.delete(el);
    el.classList.remove("pressing");
  }
  function begin(el) {
    if (resting(el) || timers.has(el)) return;
    const one = lane(chosen);
    if (!one) return answer(say("refused.choose_lane"), "refused");
    const action = one.actions[el.dataset.slot];
    if (old(one)) return answer(say("refused.stale"), "refused");
    if (!action.on) return answer(action.why, "refused");
    if (action.press === "tap") return give(one.id, action.command);
    if (action.press === "pin") return confirmSheet(one, action.command);
    if (action.press === "sheet") return holdSheet(one);
    if (action.press === "case") return caseSheet(one);
    return fillRing(el, () => { if (chosen === one.id) give(one.id, action.command); });
  }
  function fillRing(el, then) {
    el.classList.add("pressing");
    timers.set(el, setTimeout(() => { cancel(el); then(); }, HOLD_MS));
  }
  function end(el) {
    if (!timers.has(el)) return;
    cancel(el);
    answer(say("cmd.hold_longer"), "");
  }
  function pressable(el, begin) {
    el.addEventListener("pointerdown", (event) => { if (event.button === 0) begin(el); });
    for (const name of ["pointerup", "pointercancel", "pointerleave"]) el.addEventListener(name, () => end(el));
    el.addEventListener("keydown", (event) => { if ((event.key === "Enter" || event.key === " ") && !event.repeat) { event.preventDefault(); begin(el); } });
    el.addEventListener("keyup", (event) => { if (event.key === "Enter" || event.key === " ") end(el); });
  }
  for (const { el } of slots) pressable(el, begin);
  document.addEventListener("contextmenu", (event) => event.preventDefault());

  // ---- Stop: on touch-down, always, and tried again for as long as it counts ----
  async function stop() {
    const body = { request: pressId(), lane: chosen, pressed_ms: pressedMs() }, began = performance.now();
    const button = $("stop"), failed = say("answer.stop_failed");
    button.classList.add("pressed");
    setTimeout(() => button.classList.remove("pressed"), 300);
    const done = begun("stop", { notYet: say("answer.stop_not_yet"), failed });
    while (performance.now() - began < COUNTS_MS) {
      const got = await post("/guard/stop", body, STOP_TRY_MS);
      if (!got) return undefined;
      if (got.code !== "network") return done(got.text, got.tone || got.status);
      await new Promise((go) => setTimeout(go, 100));
    }
    return done(failed, "failed");
  }
  $("stop").addEventListener("pointerdown", (event) => { event.preventDefault(); stop(); });
  $("stop").addEventListener("keydown", (event) => { if ((event.key === "Enter" || event.key === " ") && !event.repeat) { event.preventDefault(); stop(); } });
  document.querySelector(".stop-form").addEventListener("submit", (event) => event.preventDefault());

  // ---- sheets ----
  let sheet = null;
  function open(name) {
    if (sheet) sheet.hidden = true;
    sheet = name ? $("sheet-" + name) : null;
    if (sheet) sheet.hidden = false;
    cancel($("hold-go"));
    if (name !== "confirm") pin = "";
  }
  for (const el of document.querySelectorAll("[data-sheet]")) el.addEventListener("click", () => open(sheet && sheet.id === "sheet-" + el.dataset.sheet ? null : el.dataset.sheet));
  for (const el of document.querySelectorAll("[data-close]")) el.addEventListener("click", () => open(null));
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") open(null); });

  // ---- alarms ----
  const ROWS = 4;
  let alarmChosen = null, alarmPage = 0, deskDrawn = "";
  // The alarm's lane becomes the chosen one, so that its buttons are at hand.
  function openDesk(id) {
    const found = view.alarms.find((alarm) => alarm.alarm === id);
    alarmChosen = id;
    deskDrawn = "";
    open("alarms");
    touchedChoice = performance.now();
    if (found && lane(found.lane)) choose(found.lane);
    paintDesk();
  }
  $("band").addEventListener("click", () => openDesk(view.band && view.band.alarm));
  $("calm").addEventListener("click", () => openDesk(null));
  $("notice").addEventListener("click", () => openDesk(view.notice && view.notice.alarm));
  $("alarm-older").addEventListener("click", () => { alarmPage += 1; deskDrawn = ""; paintDesk(); });
  function paintDesk() {
    if (!sheet || sheet.id !== "sheet-alarms") return;
    const drawn = JSON.stringify([view.alarms, alarmChosen, alarmPage]);
    if (drawn === deskDrawn) return;
    deskDrawn = drawn;
    const pages = Math.max(1, Math.ceil(view.alarms.length / ROWS));
    alarmPage %= pages;
    $("alarm-older").hidden = pages < 2;
    const shown = view.alarms.slice(alarmPage * ROWS, alarmPage * ROWS + ROWS);
    const one = view.alarms.find((alarm) => alarm.alarm === alarmChosen) || shown[0] || null;
    alarmChosen = one && one.alarm;
    $("alarm-list").replaceChildren(...shown.map(alarmRow));
    put($("alarm-title"), one ? one.title : say("alarm.none"));
    paintFacts();
    $("alarm-steps").replaceChildren(...(one ? one.steps : []).map((text) => make("li", text)));
    $("alarm-ack").hidden = !one || !one.unseen;
    $("alarm-real").hidden = $("alarm-false").hidden = !one || !one.closable;
  }
  // Apart from the rest, because it grows older by itself.
  function paintFacts() {
    const one = view.alarms.find((alarm) => alarm.alarm === alarmChosen);
    put($("alarm-facts"), one ? [one.where, one.at_ms ? ago(one.at_ms) : "", one.state_text].filter(Boolean).join(" · ") : "");
  }
  function alarmRow(alarm) {
    const row = make("button", "", "desk-row");
    row.type = "button";
    row.dataset.tone = alarm.tone;
    row.dataset.unseen = alarm.unseen ? "yes" : "";
    row.setAttribute("aria-pressed", String(alarm.alarm === alarmChosen));
    row.append(make("b", alarm.title), make("span", [alarm.time, alarm.where].filter(Boolean).join(" · ")));
    row.addEventListener("click", () => { put($("alarm-answer"), ""); openDesk(alarm.alarm); });
    return row;
  }
  function make(tag, text, name) {
    const el = document.createElement(tag);
    el.textContent = text;
    if (name) el.className = name;
    return el;
  }
  async function deal(verb, extra) {
    const id = alarmChosen, press = samePress("alarm/" + id + "/" + verb);
    if (!id || press.again) return;
    const body = Object.assign({ request: press.id, pressed_ms: press.pressed }, extra);
    const got = await post("/guard/alarms/" + encodeURIComponent(id) + "/" + verb, body, COUNTS_MS);
    if (got) put($("alarm-answer"), got.status === "done" ? "" : got.text);
  }
  $("alarm-ack").addEventListener("click", () => deal("acknowledge"));
  $("alarm-real").addEventListener("click", () => deal("close", { finding: "real" }));
  $("alarm-false").addEventListener("click", () => deal("close", { finding: "false" }));

  // ---- the sheet that asks for name, PIN and reason ----
  const REASONS = {
    reset: ["arm_mended", "arm_whole", "false_alarm"], lock: ["maintenance", "arm_off", "works"], unlock: ["work_done", "by_mistake"],
  };
  let asked = null, pin = "", who = data.operator, reason = "", naming = false, namePage = 0, busy = false;
  function confirmSheet(one, command) {
    asked = { lane: one.id, command };
    pin = ""; reason = ""; who = data.operator; naming = false;
    put($("confirm-title"), say("confirm." + command + ".title", { lane: one.name }));
    open("confirm");
    paintConfirm();
  }
  function paintConfirm() {
    const rows = naming ? namesToPick() : REASONS[asked.command].map((code) => [code, say("confirm." + asked.command + "." + code)]);
    $("confirm-list").classList.toggle("names-list", naming);
    $("confirm-list").replaceChildren(...rows.map(([value, text]) => {
      const row = make("button", text, "choice");
      row.type = "button";
      row.value = value;
      row.setAttribute("aria-pressed", String(value === (naming ? who : reason)));
      row.addEventListener("click", () => picked(value));
      return row;
    }));
    put($("confirm-name"), who);
    put($("confirm-dots"), pin ? "•".repeat(pin.length) : "PIN");
  }
  const MORE = "\u0000more", NAMES_SHOWN = 6;
  function namesToPick() {
    const all = people.map((name) => [name, name]);
    if (all.length <= NAMES_SHOWN) return all;
    const first = (namePage * (NAMES_SHOWN - 1)) % all.length;
    return [...all.slice(first, first + NAMES_SHOWN - 1), [MORE, say("alarm.older")]];
  }
  function picked(value) {
    if (value === MORE) namePage = (namePage + 1) % Math.ceil(people.length / (NAMES_SHOWN - 1));
    else if (naming) { who = value; naming = false; pin = ""; }
    else reason = value;
    paintConfirm();
  }
  $("confirm-who").addEventListener("click", () => { naming = !naming; paintConfirm(); });
  function key(which) {
    if (which === "erase") pin = pin.slice(0, -1);
    else if (which === "enter") return confirmed();
    else if (pin.length < 12) pin += which;
    paintConfirm();
  }
  async function confirmed() {
    if (!reason) return answer(say("refused.reason_needed"), "refused");
    if (!pin || busy) return;
    const one = lane(asked.lane);
    if (!one || old(one)) return answer(say("refused.stale"), "refused");
    busy = true;
    recent.delete(asked.lane + "/" + asked.command);
    const got = await give(asked.lane, asked.command, { name: who, pin, reason });
    busy = false;
    pin = "";
    if (got && got.status === "done") open(null); else paintConfirm();
  }
  for (const el of document.querySelectorAll("#confirm-pad .key")) el.addEventListener("click", () => key(el.dataset.key));
  document.addEventListener("keydown", (event) => {
    if (!sheet || sheet.id !== "sheet-confirm") return;
    const which = /^[0-9]$/.test(event.key) ? event.key : event.key === "Backspace" ? "erase" : event.key === "Enter" && event.target.tagName !== "BUTTON" ? "enter" : null;
    if (which) { event.preventDefault(); key(which); }
  });

  // ---- the sheet that asks how a hold ends ----
  const HOLD_MINUTES = 15, VEHICLES = 5, VEHICLES_MOST = 99;
  let holdLane = null, minutes = HOLD_MINUTES, vehicles = 0;
  function holdSheet(one) {
    holdLane = one.id;
    minutes = HOLD_MINUTES;
    vehicles = 0;
    put($("hold-title"), say("hold.title", { lane: one.name }));
    open("hold");
    paintHold();
  }
  function paintHold() {
    for (const el of document.querySelectorAll("#hold-minutes .choice")) el.setAttribute("aria-pressed", String(Number(el.value) === minutes));
    document.querySelector('#hold-count [value="any"]').setAttribute("aria-pressed", String(vehicles === 0));
    put($("hold-n"), vehicles ? say("hold.n", { n: vehicles }) : "–");
    const key = minutes && vehicles ? "hold.end.both" : minutes ? "hold.end.minutes" : vehicles ? "hold.end.count" : "hold.end.none";
    put($("hold-hint"), say(key, { minutes, n: vehicles }));
  }
  for (const el of document.querySelectorAll("#hold-minutes .choice")) el.addEventListener("click", () => { minutes = Number(el.value); paintHold(); });
  for (const el of document.querySelectorAll("#hold-count .choice")) el.addEventListener("click", () => {
    if (el.value === "any") vehicles = 0;
    else if (!vehicles) vehicles = VEHICLES;
    else vehicles = Math.min(Math.max(vehicles + (el.value === "more" ? 1 : -1), 1), VEHICLES_MOST);
    paintHold();
  });
  pressable($("hold-go"), (el) => {
    const one = lane(holdLane);
    if (timers.has(el)) return;
    if (!one || old(one)) return answer(say("refused.stale"), "refused");
    const action = one.actions.keep;
    if (action.command !== "hold") return answer(say("refused.held_already"), "refused");
    if (!action.on) return answer(action.why, "refused");
    fillRing(el, async () => {
      const got = await give(one.id, "hold", { minutes: minutes || null, count: vehicles || null });
      if (got && got.status === "done" && sheet && sheet.id === "sheet-hold") open(null);
    });
  });

  // ---- the sheet that compares a car with its pass, and asks why it is released or refused ----
  let caseOf = null, caseOpenedAt = 0, caseDrawn = "";
  function caseSheet(one) {
    caseOf = { lane: one.id, id: one.case.id };
    caseOpenedAt = performance.now();
    caseDrawn = "";
    put($("case-title"), say("case.title", { lane: one.name }));
    open("case");
    paintCase();
  }
  function caseNow() {
    const one = caseOf && lane(caseOf.lane);
    return one && one.case && one.case.id === caseOf.id ? one.case : null;
  }
  function paintCase() {
    if (!sheet || sheet.id !== "sheet-case") return;
    const found = caseNow(), drawn = JSON.stringify(found);
    if (drawn === caseDrawn) return;
    caseDrawn = drawn;
    const verdict = $("case-verdict");
    verdict.dataset.verdict = found ? found.verdict : "";
    put(verdict, found ? [found.word, found.reason].filter(Boolean).join(" · ") : say("case.over"));
    for (const el of document.querySelectorAll(".case-chips")) mark(el, "data-on", found && found[el.dataset.deed].on ? "yes" : "");
    if (!found) return;
    put($("case-release"), found.release.label);
    const facts = [
      [found.differ ? say("case.read_differs") : say("case.read"), found.read || say("case.no_plate"), found.read ? "plate" : ""],
      [say("case.plates"), found.plates || say("case.unknown"), found.plates ? (found.several ? "plate several" : "plate") : ""],
      ["", [found.holder, found.unit, found.kind].filter(Boolean).join(" · "), ""],
      ["", found.shown && say("case.shown", { what: found.shown }), ""],
      ["", found.missing, ""],
    ].filter(([_name, value]) => value);
    $("case-facts").replaceChildren(...facts.flatMap(([name, value, kind]) => [
      make("dt", name), make("dd", value, [kind, found.differ && kind ? "differs" : ""].join(" ").trim()),
    ]));
  }
  async function judge(chips, reason) {
    const found = caseNow(), one = caseOf && lane(caseOf.lane);
    if (performance.now() - caseOpenedAt < SETTLE_MS) return; // the touch that opened the sheet decides nothing
    if (!one || old(one)) return answer(say("refused.stale"), "refused");
    if (!found) return answer(say("refused.case_over"), "refused");
    const deed = found[chips.dataset.deed];
    if (!deed.on) return answer(deed.why, "refused");
    const got = await give(one.id, deed.command, { case: found.id, reason });
    if (got && got.status === "done" && sheet && sheet.id === "sheet-case") open(null);
  }
  for (const chips of document.querySelectorAll(".case-chips")) for (const el of chips.children) el.addEventListener("click", () => judge(chips, el.value));

  // ---- news: a stream, and asking once a second while there is none ----
  let source = null, tries = 0, lastEvent = 0, polling = false;
  function heard(next) {
    view = next;
    heardAt = performance.now();
    learn(view.mono_ms, heardAt);
    linked = true;
    paint();
  }
  function listen() {
    if (source) source.close();
    lastEvent = performance.now();
    source = new EventSource("/live");
    source.addEventListener("state", (event) => {
      tries = 0;
      lastEvent = performance.now();
      heard(JSON.parse(event.data));
    });
    source.onerror = () => {
      source.close();
      source = null;
      lastEvent = 0; // ask at once: a stream that ends in good order must not look like silence
      poll();
      setTimeout(listen, BACK_OFF_MS[Math.min(tries, BACK_OFF_MS.length - 1)] * (0.8 + Math.random() * 0.4));
      tries += 1;
    };
  }
  async function poll() {
    const quiet = performance.now() - lastEvent > 3000;
    if (polling || (source && source.readyState === 1 && !quiet)) return;
    if (source && !quiet) return;
    polling = true;
    const stop = new AbortController();
    const timer = setTimeout(() => stop.abort(), 3000);
    try {
      const got = await fetch("/live/state", { credentials: "same-origin", headers: { Accept: "application/json" }, signal: stop.signal });
      if (got.status === 401) return reload("/sign-in?ended=1");
      if (got.ok) heard(await got.json());
    } catch (_error) {
      linked = false;
    } finally {
      clearTimeout(timer);
      polling = false;
    }
  }
  let reloading = false;
  function reload(where) {
    if (reloading) return undefined;
    reloading = true;
    if (where) location.assign(where); else location.reload();
    return undefined;
  }

  document.body.classList.add("still");
  showPage();
  paint();
  requestAnimationFrame(() => requestAnimationFrame(() => document.body.classList.remove("still")));
  listen();
  setInterval(tick, 250);
  setInterval(poll, POLL_MS);
  setInterval(tellChosen, CHOSEN_EVERY_MS);
  tellChosen();
  document.addEventListener("visibilitychange", () => { if (!document.hidden) poll(); });
  window.addEventListener("pagehide", () => { if (source) source.close(); });
  document.body.dataset.ready = "yes";
})();
