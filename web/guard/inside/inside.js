// The place that tells who is inside.
import { $, put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { ask } from "../../parts/base/http.js";
import { place } from "../places/places.js";

async function opened() {
  const got = await ask("/guard/inside");
  put($("inside-count"), got ? got.count : say("place.no_answer"));
  put($("inside-free"), got ? got.free : "");
}
if ($("sheet-inside")) place("inside", { opened });
