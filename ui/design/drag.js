const CARD = /st-key-row_(\d+)/, PALETTE = /st-key-add_([a-z0-9_]+)/;
const named = (element, pattern) => {
  for (let e = element; e && e.classList; e = e.parentElement) {
    const found = pattern.exec(e.className);
    if (found) return found[1];
  }
  return null;
};

export default function (component) {
  const { data, setTriggerValue } = component;
  keepTypingApart();
  if (!data.enabled) return;
  const list = () => document.querySelector(".st-key-layer-list");
  const cards = () => [...list().querySelectorAll('[class*="st-key-card_"]')].filter(
    (card) => !card.className.includes("_head"));
  let start = null, ghost = null, line = null;

  const place = (y) => cards().filter((card) => {
    const box = card.getBoundingClientRect();
    return box.top + box.height / 2 < y;
  }).length;

  const down = (event) => {
    if (event.button !== 0 || event.pointerType === "touch" || !list()) return;
    const uid = list().contains(event.target) ? named(event.target, CARD) : null;
    const kind = uid === null ? named(event.target, PALETTE) : null;
    if (uid === null && kind === null) return;
    start = { x: event.clientX, y: event.clientY, what: uid !== null ? "card" : "add",
              id: uid ?? kind, text: event.target.closest("button")?.innerText ?? "" };
  };
  const move = (event) => {
    if (!start) return;
    if (!ghost) {
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) < 7) return;
      ghost = document.createElement("div");
      ghost.textContent = start.text.split("\n").pop();
      ghost.style.cssText = "position:fixed;z-index:99999;pointer-events:none;" +
        "padding:.3rem .7rem;" +
        "border-radius:.5rem;font-size:.85rem;background:#1f2430;color:#fff;opacity:.9";
      line = document.createElement("div");
      line.style.cssText = "position:fixed;z-index:99998;pointer-events:none;height:3px;" +
        "border-radius:2px;background:#ea7a2c;display:none";
      document.body.append(ghost, line);
      document.body.style.userSelect = "none";
      document.body.style.cursor = "grabbing";
    }
    event.preventDefault();
    ghost.style.left = event.clientX + 12 + "px";
    ghost.style.top = event.clientY + 8 + "px";
    const frame = list().getBoundingClientRect();
    const inside = event.clientX > frame.left - 40 && event.clientX < frame.right + 40
      && event.clientY > frame.top - 60 && event.clientY < frame.bottom + 60;
    line.style.display = inside ? "block" : "none";
    start.at = inside ? place(event.clientY) : null;
    const all = cards(), next = all[start.at], last = all[start.at - 1];
    const y = next ? next.getBoundingClientRect().top - 4
      : last ? last.getBoundingClientRect().bottom + 2 : frame.top;
    line.style.left = frame.left + "px";
    line.style.width = frame.width + "px";
    line.style.top = y + "px";
    const edge = 70;
    const scroller = document.querySelector('[data-testid="stMain"]');
    if (event.clientY < edge) scroller.scrollBy(0, -14);
    if (event.clientY > innerHeight - edge) scroller.scrollBy(0, 14);
  };
  const stop = () => {
    ghost?.remove(); line?.remove();
    ghost = line = start = null;
    document.body.style.userSelect = document.body.style.cursor = "";
  };
  const up = () => {
    if (ghost) {
      const { what, id, at } = start;
      // the click that follows a drag is not meant for the button under it
      const swallow = (event) => { event.stopPropagation(); event.preventDefault(); };
      addEventListener("click", swallow, { capture: true, once: true });
      setTimeout(() => removeEventListener("click", swallow, { capture: true }), 60);
      if (at !== null && at !== undefined) setTriggerValue("dropped", { what, id, place: at });
    }
    stop();
  };
  const escape = (event) => { if (event.key === "Escape") stop(); };
  const ended = new AbortController();
  const listeners = {
    pointerdown: down, pointermove: move, pointerup: up, pointercancel: stop, keydown: escape,
  };
  for (const [kind, act] of Object.entries(listeners))
    addEventListener(kind, act, { signal: ended.signal });
  return () => { ended.abort(); stop(); };
}
