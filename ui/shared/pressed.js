// `data.words`: what a button says from its press until the server has answered, by its key;
// `data.becomes`: the key of the one that takes its place then.
// Milliseconds: how often it is looked, how long the page must rest, and when nobody waits any more.
const LOOK = 40, REST = 250, UNHEARD = 10000, LONGEST = 60000;

const keyOf = (button) => {
  const names = button.closest('[class*="st-key-"]')?.classList ?? [];
  return [...names].find((name) => name.startsWith("st-key-"))?.slice("st-key-".length);
};

// Where the focus went with the button that was pressed, it goes to the one in its place.
function keepFocus(next, since) {
  if (document.activeElement !== document.body) return;
  const found = document.querySelector(`.st-key-${next} button:enabled`);
  if (found) found.focus();
  else if (performance.now() - since < LONGEST) setTimeout(keepFocus, LOOK, next, since);
}

function waitFor(button, key, line, next) {
  const began = performance.now();
  let ran = false, resting = 0;
  const timer = setInterval(() => {
    const now = performance.now();
    const state = document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState;
    const rests = !state || state === "notRunning";
    ran ||= !rests;
    resting = rests ? resting || now : 0;
    const answered = ran && resting && now - resting > REST;
    const other = !button.isConnected || keyOf(button) !== key; // it has become another one
    if (!answered && !other && now - began < (ran ? LONGEST : UNHEARD)) return;
    clearInterval(timer);
    if (next) keepFocus(next, now);
    delete button.dataset.pressed;
    button.removeAttribute("aria-busy");
    line.textContent = "";
  }, LOOK);
}

export default function ({ data, parentElement }) {
  let line = parentElement.querySelector("[role=status]");
  if (!line) {
    line = document.createElement("span");
    line.setAttribute("role", "status");
    line.style.cssText =
      "position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)";
    parentElement.appendChild(line);
  }
  const pressed = (event) => {
    const button = event.target instanceof Element && event.target.closest("button");
    const key = button && !button.disabled && !button.dataset.pressed && keyOf(button);
    const word = key && data.words[key];
    if (!word) return;
    button.dataset.pressed = line.textContent = word;
    button.setAttribute("aria-busy", "true");
    waitFor(button, key, line, data.becomes[key]);
  };
  document.addEventListener("click", pressed, true);
  return () => document.removeEventListener("click", pressed, true);
}
