// The button that prints a visitor's ticket; each press prints one.
import { put } from "../../parts/base/dom.js";
import { say } from "../../parts/base/words.js";
import { post } from "../../parts/base/http.js";
import { state } from "../home/state.js";

const PRINT_MS = 15000;
let printing = false;

// `told` is where the screen says what became of it; `still` tells whether that is still about this visit.
export async function printTicket(visit, told, still = () => true) {
  if (printing) return;
  printing = true;
  put(told, say("print.printing"));
  told.dataset.tone = "";
  const got = await post("/guard/visits/" + encodeURIComponent(visit) + "/ticket", { lane: state.chosen }, PRINT_MS);
  printing = false;
  if (!got || !still()) return;
  put(told, got.text);
  told.dataset.tone = got.status === "done" ? "done" : "refused";
}
