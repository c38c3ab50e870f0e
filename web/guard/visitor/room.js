// The keypad for the number of a unit; beside it the units that begin with what was typed.
import { say } from "../../parts/base/words.js";
import { eraser } from "../../parts/keys/keys.js";

const MATCHES = 3, ROOM_MAX = 12;

// `chosen` takes a unit, `typing` what is typed so far; `needed`: it does not go on without one; `soon`: keys in the place
// of units while nothing is typed.
export function drawRoom(room, units, { chosen, typing, needed, soon }) {
  const matches = units.filter((one) => one.startsWith(room)).slice(0, MATCHES);
  const digit = (text) => ({ text, span: 2, act: () => typing((room + text).slice(0, ROOM_MAX)) });
  const match = (n) => (!room && soon[n] ? { ...soon[n], span: 6 } : matches[n] ? { text: matches[n], span: 6, act: () => chosen(matches[n]) } : { text: "", span: 6, act: () => {}, off: true });
  const rows = ["123", "456", "789"].flatMap((line, n) => [...[...line].map(digit), match(n)]);
  return [
    ...rows, digit("-"), digit("0"), eraser(room, typing),
    { text: room ? [room, say("visitor.on")].join(" · ") : say("visitor.no_room"), span: 6, next: true, act: () => chosen(room), off: needed && !room },
  ];
}
