// Sending an order: with an id of its own, the form's token and a time limit.
import { say } from "./words.js";

let reloading = false;
export function reload(where) {
  if (reloading) return undefined;
  reloading = true;
  if (where) location.assign(where); else location.reload();
  return undefined;
}

export function pressId() {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

// The answer {status, text, code, tone}; undefined when the page is being left.
export async function post(url, body, timeout = 8000) {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), timeout);
  try {
    const got = await fetch(url, {
      method: "POST", credentials: "same-origin", signal: stop.signal,
      headers: { "Content-Type": "application/json", Accept: "application/json", "X-CSRF-Token": document.querySelector("meta[name=csrf]").content },
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

// What the server says now, as JSON; null when it does not answer in time or refuses.
export async function ask(url, timeout = 4000) {
  const stop = new AbortController(), timer = setTimeout(() => stop.abort(), timeout);
  try {
    const got = await fetch(url, { credentials: "same-origin", signal: stop.signal, headers: { Accept: "application/json" } });
    if (got.status === 401) { reload("/sign-in?ended=1"); return null; }
    return got.ok ? await got.json() : null;
  } catch (_error) {
    return null;
  } finally {
    clearTimeout(timer);
  }
}
