// The pages of the acceptance: a lane that is ticked, and its sheet for paper.
import { $ } from "../../parts/base/dom.js";
import { followLane } from "./lane.js";

const paper = $("ac-print");
if (paper) {
  paper.hidden = false;
  paper.addEventListener("click", () => print());
} else {
  followLane();
}
