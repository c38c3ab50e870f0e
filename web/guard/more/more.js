// The place for what is needed now and then.
import { put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { chosenLane } from "../home/state.js";
import { place } from "../places/places.js";

const title = document.getElementById("more-title");

function paint() {
  const one = chosenLane();
  put(title, one ? say("place.more.lane", { lane: one.name }) : say("place.more.title"));
}
if (title) place("more", { opened: paint, paint });
