// The pages of lanes: each part does nothing where its element is not on the page.
import { watchWires } from "./wires.js";
import { watchLesson } from "./lesson.js";
import { watchTrial } from "./trial.js";

watchWires();
watchLesson();
watchTrial();
