// The forms of the settings: the first field with a mistake, or the one that the address names, gets the focus, and lists
// of objects grow by a row.
function go() {
  const target = location.hash ? document.getElementById(decodeURIComponent(location.hash.slice(1))) : null;
  const first = document.querySelector("[aria-invalid], .is-wrong input, .is-wrong select, .is-wrong textarea");
  const field = first ?? target?.querySelector("input, select, textarea");
  if (field) { field.focus(); field.scrollIntoView({ block: "center" }); }
}
// A browser that goes to a part of the page takes the focus away once more, after it has loaded.
if (location.hash) addEventListener("load", () => setTimeout(go)); else go();
addEventListener("hashchange", go);

// Numbers within `outputs[3].pin`, `f-outputs[3].pin` and the like go up by one in a copied row.
const NAMED = ["id", "name", "for", "aria-describedby", "data-row", "data-add"];
function renumbered(text, name, from, to) { return text.replaceAll(`${name}[${from}]`, `${name}[${to}]`); }

// As the page brought it, but without texts.
function emptied(one) {
  if (one.type === "checkbox" || one.type === "radio") one.checked = one.defaultChecked;
  else if (one.tagName === "SELECT") one.selectedIndex = Math.max(0, [...one.options].findIndex((option) => option.defaultSelected));
  else one.value = "";
}

function add(name) {
  const rows = [...document.querySelectorAll(`[data-row="${CSS.escape(name)}"]`)];
  const last = rows[rows.length - 1], number = Number(last.dataset.number), shown = number + 1 + Number(last.dataset.first);
  const copy = last.cloneNode(true);
  copy.dataset.number = number + 1;
  copy.querySelector(".st-row-number").textContent = shown;
  copy.setAttribute("aria-label", copy.getAttribute("aria-label").replace(/\d+$/, shown));
  for (const inner of copy.querySelectorAll("[data-row]")) if (inner.dataset.number !== "0") inner.remove();
  for (const one of copy.querySelectorAll("*")) for (const attribute of NAMED)
    if (one.hasAttribute(attribute)) one.setAttribute(attribute, renumbered(one.getAttribute(attribute), name, number, number + 1));
  for (const one of copy.querySelectorAll("input, select, textarea")) emptied(one);
  for (const wrong of copy.querySelectorAll(".is-wrong")) wrong.classList.remove("is-wrong");
  for (const alert of copy.querySelectorAll("[role=alert]")) alert.remove();
  last.after(copy);
  copy.querySelector("input, select").focus();
}

for (const button of document.querySelectorAll("[data-add]")) button.hidden = false;
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-add]");
  if (button) add(button.dataset.add);
});
