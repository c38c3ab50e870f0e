// Finding, changing and binding elements. A text or a mark is touched only when it changes.
export const $ = (id) => document.getElementById(id);

export function put(el, text) { if (el && el.textContent !== text) el.textContent = text; }
export function mark(el, name, value) { if (el.getAttribute(name) !== value) el.setAttribute(name, value); }
export function make(tag, text, name) {
  const el = document.createElement(tag);
  el.textContent = text;
  el.dir = "auto";
  if (name) el.className = name;
  return el;
}

// A value deep in a view, as text; the server's filter `dig` does the same.
export function dig(model, path) {
  let found = model;
  for (const key of path) found = found === null || found === undefined ? undefined : found[key];
  if (found === true) return "yes";
  return found === null || found === undefined || found === false ? "" : String(found);
}

// The bindings under an element: `data-text="path"` and `data-set="mark:path mark:path"`, as the macros write them.
export function bind(root) {
  const bound = [];
  for (const el of [root, ...root.querySelectorAll("[data-text],[data-set]")]) {
    if (el.dataset.text) bound.push({ el, path: el.dataset.text.split("."), last: el.textContent });
    for (const pair of (el.dataset.set || "").trim().split(/\s+/)) {
      const at = pair.indexOf(":");
      if (at > 0) bound.push({ el, mark: "data-" + pair.slice(0, at), path: pair.slice(at + 1).split("."), last: null });
    }
  }
  return bound;
}
// `shown` changes a text on its way to the screen.
export function fill(bound, model, shown = (text) => text) {
  for (const one of bound) {
    const value = one.mark ? dig(model, one.path) : shown(dig(model, one.path));
    if (value === one.last) continue;
    one.last = value;
    if (one.mark) one.el.setAttribute(one.mark, value); else one.el.textContent = value;
  }
}
