// Many maps or filters as tiles; a click chooses one: the trigger `chosen` = its number.

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let root = parentElement.querySelector(".tiles");
  if (!root) root = element("div", "tiles", parentElement);
  const table = tableOf(data.scale);
  const made = data.tiles.map((tile, i) => {
    const button = element(data.clickable ? "button" : "div", tile.number === data.chosen ? "chosen" : "");
    button.title = tile.text;
    button.setAttribute("aria-label", tile.text);
    if (!data.clickable) button.setAttribute("role", "img");
    const canvas = element("canvas", "", button);
    paint(canvas, tile.data, data.width, data.height, table);
    canvas.style.width = canvas.style.height = `${data.size}px`;
    if (data.boxes) {
      const [top, left, height, width] = data.boxes[i].map((v) => (v * data.size) / data.width);
      const frame = element("div", "frame", button);
      Object.assign(frame.style, { top: `${top}px`, left: `${left}px`, width: `${width}px`,
        height: `${height}px` });
    }
    element("span", "", button, tile.caption);
    if (data.clickable) button.onclick = () => setTriggerValue("chosen", tile.number);
    return button;
  });
  root.replaceChildren(...made);
  if (data.peak) scaleBar(root, data.scale, data.peak, data.signed);
}
