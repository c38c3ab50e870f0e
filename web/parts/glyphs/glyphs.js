// Letters that no font of this screen has are drawn as boxes: what cannot be drawn says so instead.
import { say } from "../base/words.js";

// Scripts that the fonts named in base.css may lack, each by what it begins and ends with.
const RARE = /[\u0530-\u1cff\u2c00-\u2dff\ua000-\uabff\ufb13-\ufdff\ufe70-\ufeff\u{10000}-\u{1ffff}]/u;
const SIZE = 24, NOWHERE = "\uffff";
const context = Object.assign(document.createElement("canvas"), { width: SIZE * 2, height: SIZE * 2 }).getContext("2d", { willReadFrequently: true });
const known = new Map();
let box = "";

function drawn(letter) {
  context.clearRect(0, 0, SIZE * 2, SIZE * 2);
  context.font = `${SIZE}px ${getComputedStyle(document.body).fontFamily}`;
  context.textBaseline = "top";
  context.fillText(letter, 0, 0);
  return String(context.getImageData(0, 0, SIZE * 2, SIZE * 2).data);
}
function isMissing(letter) {
  if (!known.has(letter)) {
    box = box || drawn(NOWHERE);
    known.set(letter, drawn(letter) === box);
  }
  return known.get(letter);
}
// The text as this screen can draw it.
export function drawable(text) {
  if (!RARE.test(text)) return text;
  return [...text].some((letter) => RARE.test(letter) && isMissing(letter)) ? say("glyphs.missing") : text;
}
