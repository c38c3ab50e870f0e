// A part of a page that the server makes anew: `data-live` is its address. It is asked for again while its first
// element says so by `data-more`. What is focused stays so: such elements have a `data-key`.
const EVERY_MS = 1000;

function show(box, html) {
  const held = box.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  box.innerHTML = html;
  if (held) box.querySelector(`[data-key="${held}"]`)?.focus({ preventScroll: true });
}
async function look(box) {
  try {
    const got = await fetch(box.dataset.live, { credentials: "same-origin" });
    if (got.redirected || got.status === 401) return location.reload();
    if (got.ok) show(box, await got.text());
  } catch (_error) {
    // The line is cut: the next look tells.
  }
  follow(box);
}
function follow(box) {
  if (box.firstElementChild?.dataset.more) setTimeout(look, EVERY_MS, box);
}
for (const box of document.querySelectorAll("[data-live]")) follow(box);
