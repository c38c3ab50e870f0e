// The place of the guard's own shift.
import { place } from "../places/places.js";

if (document.getElementById("sheet-shift")) place("shift");
