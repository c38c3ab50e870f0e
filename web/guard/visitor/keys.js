// The keys of the sheet: pages of letters for a plate, and a keypad for the number of a unit.
import { say } from "../../parts/base/words.js";

const KEYS = 18, MATCHES = 3, ROOM_MAX = 12;

// Pages of at most 18 keys: first characters of plates, those of the last cars first; letters; digits and what may end a plate.
export function pages({ regions, last }) {
  return {
    regions: regions.slice(0, KEYS), regions_2: regions.slice(KEYS, 2 * KEYS),
    letters: "ABCDEFGHJKLMNPQRST", others: ("UVWXYZ" + last).slice(0, KEYS), digits: "0123456789ABDEFGHJ",
  };
}

// A keypad; beside it the units that begin with what was typed. `chosen` takes a unit, `typing` what is typed so far.
export function drawRoom(room, units, chosen, typing) {
  const matches = units.filter((one) => one.startsWith(room)).slice(0, MATCHES);
  const digit = (text) => ({ text, span: 2, act: () => typing((room + text).slice(0, ROOM_MAX)) });
  const match = (n) => (matches[n] ? { text: matches[n], span: 6, act: () => chosen(matches[n]) } : { text: "", span: 6, act: () => {}, off: true });
  const rows = ["123", "456", "789"].flatMap((line, n) => [...[...line].map(digit), match(n)]);
  return [
    ...rows, digit("-"), digit("0"), { text: "⌫", label: say("sign_in.erase"), span: 2, act: () => typing(room.slice(0, -1)), off: !room },
    { text: room ? [room, say("visitor.on")].join(" · ") : say("visitor.no_room"), span: 6, next: true, act: () => chosen(room) },
  ];
}
