// The search: its results are made anew while it runs.
import "../frame/live.js";
