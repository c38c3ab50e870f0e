// The forms of the settings: the field that the address names, or the first with a mistake, gets the focus, and lists of
// objects grow by a row.
function go() {
  const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const first = document.querySelector("[aria-invalid], .is-wrong input, .is-wrong select, .is-wrong textarea");
  const field = target?.querySelector("input, select, textarea") ?? first;
  if (field) { field.focus(); field.scrollIntoView({ block: "center" }); }
}
// A browser that goes to a part of the page takes the focus away once more, after it has loaded.
if (location.hash) addEventListener("load", () => setTimeout(go)); else go();
addEventListener("hashchange", go);

// Numbers within `outputs[3].pin`, `f-outputs[3].pin` and the like go up by one in a copied row.
function renumbered(text, name, from, to) { return text.replaceAll(`${name}[${from}]`, `${name}[${to}]`); }

function add(name) {
  const rows = [...document.querySelectorAll(`[data-row="${CSS.escape(name)}"]`)];
  const last = rows[rows.length - 1], number = Number(last.dataset.number);
  const copy = last.cloneNode(true);
  copy.dataset.number = number + 1;
  copy.querySelector(".st-row-number").textContent = number + 1;
  copy.setAttribute("aria-label", copy.getAttribute("aria-label").replace(/\d+$/, number + 1));
  for (const one of copy.querySelectorAll("*")) for (const attribute of ["id", "name", "for", "aria-describedby"])
    if (one.hasAttribute(attribute)) one.setAttribute(attribute, renumbered(one.getAttribute(attribute), name, number, number + 1));
  for (const one of copy.querySelectorAll("input")) one.value = "";
  last.after(copy);
  copy.querySelector("input, select").focus();
}

for (const button of document.querySelectorAll("[data-add]")) {
  button.hidden = false;
  button.addEventListener("click", () => add(button.dataset.add));
}
