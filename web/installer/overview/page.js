// The steps are made anew as things happen: a card is shown, a device falls silent.
import "../frame/live.js";
