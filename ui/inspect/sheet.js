// Many maps or filters as tiles; a click chooses one: the trigger `chosen` = its number.

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let root = parentElement.querySelector(".tiles");
  if (!root) root = element("div", "tiles", parentElement);
  const table = tableOf(data.scale);
  const made = data.tiles.map((tile) => {
    const button = element("button", tile.number === data.chosen ? "chosen" : "");
    button.title = tile.text;
    button.setAttribute("aria-label", tile.text);
    const canvas = element("canvas", "", button);
    paint(canvas, tile.data, data.width, data.height, table);
    canvas.style.width = canvas.style.height = `${data.size}px`;
    element("span", "", button, tile.caption);
    button.onclick = () => setTriggerValue("chosen", tile.number);
    return button;
  });
  root.replaceChildren(...made);
}
