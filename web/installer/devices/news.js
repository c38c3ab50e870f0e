// News of one device: a stream, and asking once a second while there is none.
import { reload } from "../../parts/base/http.js";

const POLL_MS = 1000, QUIET_MS = 5000, BACK_MS = [2000, 5000, 15000];

export function followNews(device, at, heard) {
  let source = null, last = 0, tries = 0, polling = false;
  const address = (what) => "/installer/devices/" + device + "/" + what + "?" + new URLSearchParams(at);

  function take(news) {
    last = performance.now();
    if (news.at) Object.assign(at, news.at);
    heard(news);
  }
  function close() {
    if (source) source.close();
    source = null;
  }
  function listen() {
    if (document.hidden || source) return;
    last = performance.now();
    source = new EventSource(address("live"));
    source.addEventListener("news", (event) => { tries = 0; take(JSON.parse(event.data)); });
    source.onerror = () => {
      close();
      setTimeout(listen, BACK_MS[Math.min(tries, BACK_MS.length - 1)]);
      tries += 1;
    };
  }
  async function poll() {
    if (document.hidden || polling || (source && performance.now() - last < QUIET_MS)) return;
    polling = true;
    try {
      const got = await fetch(address("news"), { credentials: "same-origin", headers: { Accept: "application/json" } });
      if (got.status === 401) { reload("/sign-in?next=" + location.pathname); return; }
      if (got.ok) take(await got.json());
    } catch (_error) {
      heard({ offline: true });
    } finally {
      polling = false;
    }
  }
  listen();
  setInterval(poll, POLL_MS);
  // A page that is not looked at gives its place to others.
  document.addEventListener("visibilitychange", () => { if (document.hidden) close(); else listen(); });
  window.addEventListener("pagehide", close);
}
