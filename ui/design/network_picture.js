const parse = (text) =>
  new DOMParser().parseFromString(text, "image/svg+xml").documentElement;

function save(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 2000);
}

// The picture as a file of its own: grey text, no mark, and every block's label as its title.
function standalone(text) {
  const svg = parse(text);
  svg.setAttribute("color", "#8b93a1");
  svg.querySelectorAll(".chosen").forEach((mark) => mark.remove());
  svg.querySelectorAll(".block").forEach((block) => {
    const title = document.createElementNS(svg.namespaceURI, "title");
    title.textContent = block.getAttribute("aria-label");
    block.prepend(title);
  });
  return new XMLSerializer().serializeToString(svg);
}

function savePng(text, name, background) {
  const source = parse(text);
  const scale = 2, w = source.width.baseVal.value, h = source.height.baseVal.value;
  const image = new Image();
  image.onload = () => {
    const sheet = document.createElement("canvas");
    sheet.width = w * scale; sheet.height = h * scale;
    const pen = sheet.getContext("2d");
    pen.fillStyle = background;
    pen.fillRect(0, 0, sheet.width, sheet.height);
    pen.drawImage(image, 0, 0, sheet.width, sheet.height);
    sheet.toBlob((blob) => save(blob, name + ".png"));
  };
  image.src = "data:image/svg+xml;charset=utf-8," + encodeURIComponent(text);
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".net");
  const picture = root.querySelector(".picture"), tip = root.querySelector(".tip");
  let shown = null;

  const draw = () => {
    const text = root.clientWidth < 640 ? data.narrow : data.wide;
    if (text === shown) return;
    shown = text;
    const active = root.getRootNode().activeElement;
    const focused = active && active.dataset && active.dataset.layer;
    picture.replaceChildren(document.importNode(parse(text), true));
    tip.hidden = true;
    if (focused) picture.querySelector(`[data-layer="${focused}"]`)?.focus({ preventScroll: true });
  };
  const block = (event) => event.target.closest && event.target.closest(".block");
  const tell = (event) => {
    const found = block(event);
    tip.hidden = !found;
    if (!found) return;
    tip.textContent = found.getAttribute("aria-label").replaceAll(" · ", "\n");
    const frame = root.getBoundingClientRect(), at = found.getBoundingClientRect();
    const left = at.left - frame.left + at.width / 2 - tip.offsetWidth / 2;
    tip.style.left = Math.max(0, Math.min(left, frame.width - tip.offsetWidth)) + "px";
    tip.style.top = at.bottom - frame.top + 6 + "px";
  };
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  const choose = (event) => {
    const found = block(event);
    if (!found) return;
    setTriggerValue("chosen", Number(found.dataset.layer));
    // once its card is open, bring it into sight
    setTimeout(() => document.querySelector('.st-key-layer-list [class*="_chosen_"]')
      ?.scrollIntoView({ block: "nearest", behavior: calm.matches ? "auto" : "smooth" }), 500);
  };
  picture.onmouseover = tell;
  picture.addEventListener("focusin", tell);
  picture.onmouseleave = () => { tip.hidden = true; };
  picture.onclick = choose;
  picture.onkeydown = (event) => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); choose(event); }
  };
  const name = data.name;
  root.querySelector(".svg").onclick = () =>
    save(new Blob([standalone(data.wide)], { type: "image/svg+xml" }), name + ".svg");
  root.querySelector(".png").onclick = () =>
    savePng(standalone(data.wide), name,
            getComputedStyle(root).getPropertyValue("--st-background-color"));

  draw();
  const watch = new ResizeObserver(draw);
  watch.observe(root);
  return () => { watch.disconnect(); picture.removeEventListener("focusin", tell); };
}
