// Long values shrink and wrap by rule: a part (`data-fit`) whose text does not fit is set one step smaller, until it does.
// The steps are in fit.css: each moves the scale of type down by one, the later ones also wrap and leave out what is least.
const STEPS = 5, SLACK = 0.3;
const parts = [...document.querySelectorAll("[data-fit]:not([data-fit] [data-fit])")];
const seen = new WeakMap();

function isCut(el) {
  if (!el.clientWidth || el.matches(".aside, .aside *, svg, svg *")) return false;
  if (el.scrollWidth > el.clientWidth + 1) return true;
  if (/auto|scroll/.test(getComputedStyle(el).overflowY)) return false;
  return el.scrollHeight > el.clientHeight + Math.max(1, parseFloat(getComputedStyle(el).fontSize) * SLACK);
}
const overflows = (part) => [part, ...part.querySelectorAll("*")].some(isCut);

// A part within a part is made smaller before the whole is.
export function fit(part) {
  const inner = [...part.querySelectorAll("[data-fit]")];
  for (let level = 0; level <= STEPS; level += 1) {
    part.dataset.level = String(level);
    inner.forEach(fit);
    if (!part.clientWidth || !overflows(part)) return;
  }
}
// Digits that only count on do not change what fits.
function stamp(part) {
  const marks = [...part.querySelectorAll("[data-set]")].map((el) => Object.values(el.dataset).join(" "));
  return [part.clientWidth, part.clientHeight, part.textContent.replace(/\d/g, "0"), ...marks].join("|");
}
function fitChanged(part) {
  const now = stamp(part);
  if (seen.get(part) === now) return;
  fit(part);
  seen.set(part, stamp(part));
}

const observer = new MutationObserver((records) => {
  for (const part of parts) if (records.some((record) => part.contains(record.target))) fitChanged(part);
  observer.takeRecords();
});
export function fitAll() {
  for (const part of parts) fitChanged(part);
  observer.takeRecords();
}
for (const part of parts) observer.observe(part, { subtree: true, childList: true, characterData: true, attributes: true });
window.addEventListener("resize", fitAll);
if (document.fonts) document.fonts.ready.then(fitAll);
fitAll();
