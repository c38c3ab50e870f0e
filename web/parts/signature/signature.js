// A field in which a signature is drawn, by finger, pen or mouse. Black on white, so that it prints.
export function signaturePad(canvas, changed = () => {}) {
  const pen = canvas.getContext("2d");
  let empty = true, at = null;
  function clear() {
    pen.fillStyle = "white";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    empty = true;
    changed();
  }
  function place(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  }
  function line(event) {
    if (!at) return;
    const to = place(event), begun = empty;
    pen.beginPath();
    pen.moveTo(...at);
    pen.lineTo(...to);
    pen.stroke();
    at = to;
    empty = false;
    if (begun) changed();
  }
  clear();
  pen.lineWidth = 4;
  pen.lineCap = "round";
  canvas.addEventListener("pointerdown", (event) => { canvas.setPointerCapture(event.pointerId); at = place(event); });
  canvas.addEventListener("pointermove", line);
  for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, (event) => { line(event); at = null; });
  // The PNG as a data URL, "" while nothing is drawn.
  return { clear, drawn: () => (empty ? "" : canvas.toDataURL("image/png")) };
}
