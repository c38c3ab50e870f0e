// Ages in words.
import { say } from "../base/words.js";

export function noNews(ms) { return ms < 3600000 ? say("stale.title", { n: Math.floor(ms / 1000) }) : say("stale.gateway"); }
export function aged(ms) {
  if (ms > 3600000) return say("age.never");
  return ms < 100000 ? say("age.seconds", { n: Math.floor(ms / 1000) }) : say("age.minutes", { n: Math.floor(ms / 60000) });
}
export function left(ms) { return ms > 0 ? say("left.seconds", { n: Math.ceil(ms / 1000) }) : say("left.now"); }
export function ago(ms, kind = "ago") {
  const s = Math.max(0, Math.floor(ms / 1000));
  if (s < 3) return say(kind + ".now");
  if (s < 90) return say(kind + ".seconds", { n: s });
  if (s < 5400) return say(kind + ".minutes", { n: Math.floor(s / 60) });
  return s < 172800 ? say(kind + ".hours", { n: Math.floor(s / 3600) }) : say(kind + ".days", { n: Math.floor(s / 86400) });
}
