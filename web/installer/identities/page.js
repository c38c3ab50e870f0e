// Looks for new drivers by itself, but not while a person types here or reads a number.
const EVERY_MS = 5000;

setInterval(() => {
  if (document.hidden || document.querySelector(".in-main details[open], .ids-shown, .in-note.is-bad")) return;
  location.assign("/installer/identities");
}, EVERY_MS);
