// The texts that a page's script puts together itself; the server sends them with the page.
const data = document.getElementById("data");
const words = data ? JSON.parse(data.dataset.words) : {};

export function say(key, values) {
  return (words[key] || key).replace(/\{(\w+)\}/g, (_all, name) => (values && values[name] !== undefined ? values[name] : ""));
}
