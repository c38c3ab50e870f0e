// A paper: a button that prints it, for browsers that run scripts.
import { $ } from "../parts/base/dom.js";

const button = $("of-print");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}
