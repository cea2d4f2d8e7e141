// One map drawn large: values on hover, a click chooses a pixel, outlines mark regions.
// `data` is made by pixels.py; a click comes back as the trigger `picked` = {row, column}.

const short = (value) => (Math.abs(value) >= 100 ? value.toFixed(0)
  : Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2));

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let frame = parentElement.querySelector(".frame");
  if (!frame) {
    frame = element("div", "frame", parentElement);
    element("canvas", "", frame);
    element("div", "legend", parentElement);
    element("div", "value", parentElement);
  }
  const canvas = frame.querySelector("canvas");
  const value = parentElement.querySelector(".value");
  const legend = parentElement.querySelector(".legend");
  legend.replaceChildren();
  if (data.legend) scaleBar(legend, data.scale, data.peak, data.signed);
  const rows = data.values.length;
  const columns = data.values[0].length;
  const side = Math.min(frame.parentNode.host ? frame.clientWidth || 300 : 300, data.size);
  const cell = Math.max(1, Math.floor(side / Math.max(rows, columns)));
  const sharp = window.devicePixelRatio || 1;
  canvas.width = columns * cell * sharp;
  canvas.height = rows * cell * sharp;
  canvas.style.width = `${columns * cell}px`;
  canvas.style.height = `${rows * cell}px`;
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", data.label);
  const context = canvas.getContext("2d");
  context.scale(sharp, sharp);
  const numbers = cell >= 30;

  function drawAll(hover) {
    data.values.forEach((line, r) => line.forEach((number, c) => {
      const rgb = colourOf(number, data.peak, data.signed, data.scale);
      context.fillStyle = `rgb(${rgb})`;
      context.fillRect(c * cell, r * cell, cell, cell);
      if (numbers) {
        context.fillStyle = inkOn(rgb);
        context.font = `${Math.min(13, cell / 3)}px Inter, sans-serif`;
        context.textAlign = "center";
        context.textBaseline = "middle";
        context.fillText(short(number), (c + 0.5) * cell, (r + 0.5) * cell);
      }
    }));
    const outline = (r, c, h, w, colour) => {
      context.lineWidth = 3;
      context.strokeStyle = "#14171d";
      context.strokeRect(c * cell, r * cell, w * cell, h * cell);
      context.lineWidth = 2;
      context.strokeStyle = colour;
      context.strokeRect(c * cell, r * cell, w * cell, h * cell);
    };
    if (data.box) outline(...data.box, "#3fd6c6");
    if (data.chosen) outline(...data.chosen, 1, 1, "#3fd6c6");
    if (hover) outline(...hover, 1, 1, "#ffffff");
  }

  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [
      Math.max(0, Math.min(rows - 1, Math.floor(((event.clientY - box.top) / box.height) * rows))),
      Math.max(0, Math.min(columns - 1, Math.floor(((event.clientX - box.left) / box.width) * columns))),
    ];
  };
  const say = (r, c) => {
    value.textContent = `row ${r}, column ${c}: ${data.values[r][c].toFixed(4)}`;
  };
  const rest = () => {
    drawAll();
    if (data.chosen) say(...data.chosen);
    else value.textContent = "";
    if (data.hint) element("div", "", value, data.hint);
  };
  rest();
  canvas.onpointermove = (event) => {
    const [r, c] = at(event);
    drawAll([r, c]);
    say(r, c);
  };
  canvas.onpointerleave = rest;
  canvas.style.cursor = data.clickable ? "crosshair" : "default";
  canvas.onclick = data.clickable ? (event) => {
    const [row, column] = at(event);
    setTriggerValue("picked", { row, column });
  } : null;
}
