// The field in which a signature is drawn, by finger, pen or mouse. Black on white, so that it prints.
import { $ } from "../../parts/base/dom.js";

let empty = true, at = null;

export function drawn() { return empty ? "" : $("ac-canvas").toDataURL("image/png"); }

export function wirePad() {
  const canvas = $("ac-canvas"), pen = canvas.getContext("2d");
  function clear() {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    empty = true;
  }
  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  }
  function line(event) {
    if (!at) return;
    const to = place(event);
    pen.beginPath();
    pen.moveTo(...at);
    pen.lineTo(...to);
    pen.stroke();
    at = to;
    empty = false;
  }
  clear();
  pen.lineWidth = 4;
  pen.lineCap = "round";
  $("ac-pad").hidden = false;
  $("ac-clear").hidden = false;
  $("ac-clear").addEventListener("click", clear);
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); at = place(event); });
  canvas.addEventListener("pointermove", line);
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => { line(event); at = null; });
}
