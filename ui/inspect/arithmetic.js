// A window sliding over its input: patch, filter, products, sums, and the value they add up to.
// `data` is made by arithmetic.py and holds every number the network itself computed; sliding is
// done here, at once. The place where the window rests comes back as the trigger `picked`.

const LIMIT = 240;

function number(value, digits = 3) {
  const size = Math.abs(value);
  if (size >= 1000) return value.toFixed(0);
  if (size >= 100) return value.toFixed(1);
  return value.toFixed(digits).replace("-", "−");
}

// A map with a frame on it; returns how to draw it again.
function sheet(parent, title, values, style, onPick) {
  const box = element("div", "sheet", parent);
  element("div", "caption", box, title);
  const canvas = element("canvas", "", box);
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", title);
  const [rows, columns] = [values.length, values[0].length];
  const pad = style.padding || [0, 0];
  const [tall, wide] = [rows + 2 * pad[0], columns + 2 * pad[1]];
  const cell = Math.max(2, Math.min(34, Math.floor(LIMIT / Math.max(tall, wide))));
  const sharp = window.devicePixelRatio || 1;
  canvas.width = wide * cell * sharp;
  canvas.height = tall * cell * sharp;
  canvas.style.width = `${wide * cell}px`;
  const context = canvas.getContext("2d");
  context.scale(sharp, sharp);
  const draw = (frame, until) => {
    context.clearRect(0, 0, wide * cell, tall * cell);
    if (pad[0] || pad[1]) {
      context.fillStyle = "rgba(128, 136, 150, .22)";
      context.fillRect(0, 0, wide * cell, tall * cell);
    }
    values.forEach((line, r) => line.forEach((value, c) => {
      if (until !== undefined && r * columns + c > until) return;
      context.fillStyle = `rgb(${colourOf(value, style.peak, style.signed, style.scale)})`;
      context.fillRect((c + pad[1]) * cell, (r + pad[0]) * cell, cell, cell);
    }));
    const [r, c, h, w] = frame;
    const place = [(c + pad[1]) * cell, (r + pad[0]) * cell, w * cell, h * cell];
    context.lineWidth = 4;
    context.strokeStyle = "#14171d";
    context.strokeRect(...place);
    context.lineWidth = 2;
    context.strokeStyle = "#3fd6c6";
    context.strokeRect(...place);
  };
  if (onPick) {
    canvas.style.cursor = "crosshair";
    canvas.onclick = (event) => {
      const at = canvas.getBoundingClientRect();
      const r = Math.floor(((event.clientY - at.top) / at.height) * tall) - pad[0];
      const c = Math.floor(((event.clientX - at.left) / at.width) * wide) - pad[1];
      onPick(Math.max(0, Math.min(rows - 1, r)), Math.max(0, Math.min(columns - 1, c)));
    };
  }
  return draw;
}

function matrix(parent, values, style, mark) {
  const columns = values[0].length;
  const size = columns > 5 ? 26 : columns > 3 ? 34 : 44;
  const grid = element("div", "matrix", parent);
  grid.style.gridTemplateColumns = `repeat(${columns}, ${size}px)`;
  values.forEach((line, r) => line.forEach((value, c) => {
    const cell = element("span", "", grid, value === null ? "" : number(value, size < 30 ? 1 : 2));
    if (value === null) {
      cell.className = "outside";
      return;
    }
    const rgb = colourOf(value, style.peak, style.signed, style.scale);
    cell.style.background = `rgb(${rgb})`;
    cell.style.color = inkOn(rgb);
    cell.style.height = `${Math.min(size, 34)}px`;
    if (size < 30) cell.style.fontSize = "9.5px";
    if (mark && mark[0] === r && mark[1] === c) cell.className = "mark";
  }));
}

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let root = parentElement.querySelector(".arithmetic");
  if (root && root.stop) root.stop();
  if (!root) root = element("div", "arithmetic", parentElement);
  root.replaceChildren();
  const rows = data.total.length;
  const columns = data.total[0].length;
  let [row, column] = data.at;
  let timer = null;
  const speed = parentElement.speed || 1;

  // Above: the window on its input, and the output it fills.
  const top = element("div", "maps", root);
  const seen = sheet(top, data.inputTitle, data.channels[0].input,
    { ...data.inputStyle, padding: data.padding });
  const arrow = element("div", "arrow", top, "→");
  arrow.setAttribute("aria-hidden", "true");
  const made = sheet(top, data.outputTitle, data.total, data.outputStyle, (r, c) => rest(r, c));

  const bar = element("div", "controls", root);
  const button = (text, label, action) => {
    const found = element("button", "control", bar, text);
    found.setAttribute("aria-label", label);
    found.title = label;
    found.onclick = action;
    return found;
  };
  button("◀", "One step back", () => step(-1, true));
  const play = button("▶ Play", "Slide the window over the image", () => (timer ? stop() : start()));
  play.classList.add("play");
  button("▶", "One step on", () => step(1, true));
  const slider = element("input", "", bar);
  slider.type = "range";
  slider.min = 0;
  slider.max = rows * columns - 1;
  slider.setAttribute("aria-label", "Position of the window");
  slider.oninput = () => {
    stop(false);
    go(Math.floor(slider.value / columns), slider.value % columns);
  };
  slider.onchange = () => tell();
  const pace = element("select", "", bar);
  pace.setAttribute("aria-label", "Speed");
  for (const [text, value] of [["slow", 1], ["fast", 6], ["very fast", 30]]) {
    const option = element("option", "", pace, text);
    option.value = value;
    option.selected = value === speed;
  }
  pace.onchange = () => {
    parentElement.speed = Number(pace.value);
    if (timer) { stop(false); start(); }
  };
  const where = element("span", "where", bar);
  const sums = element("div", "sums", root);
  const line = element("div", "line", root);

  function patchOf(map, r, c) {
    const [kh, kw] = data.kernel;
    return Array.from({ length: kh }, (_, i) => Array.from({ length: kw }, (_, j) => {
      const y = r * data.stride[0] - data.padding[0] + i * data.dilation[0];
      const x = c * data.stride[1] - data.padding[1] + j * data.dilation[1];
      return map[y] === undefined || map[y][x] === undefined ? 0 : map[y][x];
    }));
  }

  function term(parent, text, value, className) {
    const box = element("span", `term ${className || ""}`, parent);
    element("b", "", box, number(value, 4));
    element("small", "", box, text);
    return box;
  }

  function go(r, c) {
    row = r;
    column = c;
    slider.value = r * columns + c;
    where.textContent = `row ${r}, column ${c}`;
    seen([
      r * data.stride[0] - data.padding[0], c * data.stride[1] - data.padding[1],
      (data.kernel[0] - 1) * data.dilation[0] + 1, (data.kernel[1] - 1) * data.dilation[1] + 1,
    ]);
    made([r, c, 1, 1], timer ? r * columns + c : undefined);
    sums.replaceChildren();
    line.replaceChildren();
    if (data.kind === "conv") convolve(r, c);
    else pool(r, c);
    let value = data.total[r][c];
    for (const [name, values] of data.after) {
      element("span", "sign", line, "→");
      value = values[r][c];
      term(line, name, value, "after");
    }
    line.lastChild.classList.add("final");
    root.dataset.value = value;
  }

  function convolve(r, c) {
    data.channels.forEach((channel, i) => {
      const patch = patchOf(channel.input, r, c);
      const products = patch.map((a, y) => a.map((v, x) => v * channel.kernel[y][x]));
      const sum = products.flat().reduce((a, b) => a + b, 0);
      const one = element("div", "product", sums);
      const part = (title, values, style) => {
        const box = element("div", "", one);
        element("div", "caption", box, i === 0 || title === "" ? title : "");
        matrix(box, values, style);
      };
      const name = element("div", "which", one);
      element("b", "", name, data.channels.length > 1 || data.others ? `${data.sourceName} ${channel.id}` : "");
      part("what it saw", patch, data.inputStyle);
      element("span", "sign", one, "×");
      part("the filter", channel.kernel, data.kernelStyle);
      element("span", "sign", one, "=");
      part("products", products, data.productStyle);
      element("span", "sign", one, "Σ");
      element("b", "sum", one, number(sum, 4));
      if (i) element("span", "sign", line, "+");
      term(line, data.others || data.channels.length > 1 ? `${data.sourceName} ${channel.id}` : "sum of products", sum);
    });
    if (data.others) {
      element("span", "sign", line, "+");
      term(line, `${data.othersCount} other maps`, data.others[r][c]);
    }
    if (data.hasBias) {
      element("span", "sign", line, "+");
      term(line, "bias", data.bias);
    }
    element("span", "sign", line, "=");
    term(line, data.name, data.total[r][c], "total");
  }

  function pool(r, c) {
    const patch = patchOf(data.channels[0].input, r, c);
    const flat = patch.flat();
    const best = flat.indexOf(Math.max(...flat));
    const one = element("div", "product", sums);
    const box = element("div", "", one);
    element("div", "caption", box, "what it saw");
    const mark = data.kind === "max" ? [Math.floor(best / data.kernel[1]), best % data.kernel[1]] : null;
    matrix(box, patch, data.inputStyle, mark);
    const words = { max: "the largest is kept", avg: "their mean", sum: "their sum" };
    if (data.kind === "max") term(line, words.max, data.total[r][c], "total");
    else {
      const sum = flat.reduce((a, b) => a + b, 0);
      term(line, "sum of the window", sum);
      if (data.kind === "avg") {
        element("span", "sign", line, "÷");
        term(line, "values", flat.length);
      }
      element("span", "sign", line, "=");
      term(line, words[data.kind], data.total[r][c], "total");
    }
  }

  function tell() {
    if (row !== data.at[0] || column !== data.at[1]) setTriggerValue("picked", { row, column });
  }
  function rest(r, c) {
    stop(false);
    go(r, c);
    tell();
  }
  function step(by, byHand) {
    const next = row * columns + column + by;
    const place = (next + rows * columns) % (rows * columns);
    if (byHand) stop(false);
    else if (next >= rows * columns) return stop();
    return go(Math.floor(place / columns), place % columns);
  }
  function start() {
    const fast = parentElement.speed || 1;
    play.textContent = "❚❚ Pause";
    timer = setInterval(() => step(1), 500 / fast);
    if (row * columns + column >= rows * columns - 1) go(0, 0);
  }
  function stop(say = true) {
    if (!timer) return;
    clearInterval(timer);
    timer = null;
    play.textContent = "▶ Play";
    go(row, column);
    if (say) tell();
  }
  root.stop = () => clearInterval(timer);
  go(row, column);
  return () => clearInterval(timer);
}
