// What the lessons' toys are made of: controls, maps of values, bars, plots, a sheet to draw on.
// A toy is a class with `build()`, once, and `draw()`, at each change of its `state`.

const FRAME = "#3fd6c6";
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

function text(value, digits = 2) {
  if (!Number.isFinite(value)) return "not a number";
  const rounded = value.toFixed(Math.abs(value) >= 1000 ? 0 : digits);
  return (Number(rounded) === 0 ? rounded.replace("-", "") : rounded).replace("-", "−");
}

const percent = (share) => {
  const shown = share * 100;
  return `${shown > 99.9 && shown < 100 ? ">99.9" : shown.toFixed(shown < 10 ? 1 : 0)}%`;
};

const floatsOf = (packed) => Float64Array.from(new Float32Array(bytesOf(packed).buffer));

// A network from Python: its weights unpacked.
const networkOf = (layers) => layers.map((layer) => ({ ...layer,
  ...(layer.weight && { weight: floatsOf(layer.weight) }),
  ...(layer.bias && { bias: floatsOf(layer.bias) }) }));

// Many images from one packed string: 0 to 1.
function imagesOf(packed, area = 784) {
  const bytes = bytesOf(packed);
  return Array.from({ length: bytes.length / area }, (_, i) =>
    Float64Array.from(bytes.subarray(i * area, (i + 1) * area), (v) => v / 255));
}

class Toy {
  constructor(parent) {
    this.box = element("div", "toy root", parent);
    this.said = element("p", "unseen", parent);
    this.said.setAttribute("role", "status");
  }

  render(data, send) {
    const first = this.mount !== data.mount;
    Object.assign(this, { data, send, mount: data.mount });
    if (first) {
      clearTimeout(this.waiting);
      this.stop();
      this.box.replaceChildren();
      this.state = { ...data.state };
      this.build();
      this.onPlay?.(false);
    }
    this.draw();
  }

  // Keep a value of the state, in the address too, and draw.
  keep(values) {
    Object.assign(this.state, values);
    this.draw();
    clearTimeout(this.waiting);
    this.waiting = setTimeout(() => this.send("state", this.state), 350);
  }

  say(words) { this.said.textContent = words; }

  // Call `step` again and again until it says false or `stop` is called.
  play(step, milliseconds) {
    this.stop();
    const tick = () => { if (step() === false) this.stop(); };
    this.timer = setInterval(tick, CALM.matches ? Math.max(milliseconds, 250) : milliseconds);
    this.onPlay?.(true);
  }

  get playing() { return Boolean(this.timer); }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.onPlay?.(false);
  }

  end() {
    clearTimeout(this.waiting);
    this.stop();
    this.box.remove();
    this.said.remove();
  }

  part(title, parent = this.box, name = "") {
    const made = element("section", `part ${name}`, parent);
    if (title) element("h3", "", made, title);
    return made;
  }
}

function shown(Kind) {
  return function ({ data, parentElement, setTriggerValue }) {
    const [toy, leave] = placed(parentElement, (at) => new Kind(at), (own) => own.end());
    toy.render(data, (name, value) => setTriggerValue(name, value));
    return leave;
  };
}

function button(parent, words, act, name = "") {
  const made = element("button", `control ${name}`, parent, words);
  made.type = "button";
  made.onclick = act;
  return made;
}

// A row of buttons, one of which is chosen; `options` are [value, words]. Returns `mark(value)`.
function choice(parent, label, options, pick, icons) {
  const box = element("div", "choice", parent);
  element("span", "label", box, label);
  const row = element("div", "row", box);
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", label);
  const made = options.map(([value, words]) => {
    const one = button(row, icons ? "" : words, () => pick(value), icons ? "pictured" : "");
    if (icons) {
      one.append(icons(value));
      one.setAttribute("aria-label", words);
      one.title = words;
    }
    return one;
  });
  return (value) => made.forEach((one, i) =>
    one.setAttribute("aria-pressed", String(options[i][0] === value)));
}

function slider(parent, label, { low, high, step, words = (v) => text(v) }, move) {
  const box = element("label", "slider", parent);
  const head = element("span", "label", box, `${label} `);
  const value = element("b", "", head);
  const input = element("input", "", box);
  Object.assign(input, { type: "range", min: low, max: high, step });
  input.oninput = () => move(Number(input.value));
  return (now) => {
    input.value = now;
    value.textContent = words(now);
    input.setAttribute("aria-valuetext", words(now));
  };
}

function tabs(parent, label, names, pick) {
  const mark = choice(parent, label, names, pick);
  parent.lastChild.classList.add("tabs");
  return mark;
}

// A thumbnail of an image of `side` pixels a side.
function thumbnail(values, table, side = 28) {
  const canvas = element("canvas", "thumb");
  paintBytes(canvas, Uint8Array.from(values, (v) => Math.round(v * 255)), side, side, table);
  return canvas;
}

// A map of values: colours, numbers where there is room, frames, and a place to point at by mouse,
// finger or arrow keys. `point(row, column)` is called for each; `leave()` when the mouse is gone.
class MapView {
  constructor(parent, title, { width = 280, point, press, leave, signed = false, digits = 1 } = {}) {
    this.box = element("figure", "map", parent);
    this.title = element("figcaption", "", this.box, title);
    this.pad = element("div", "pad", this.box);
    this.canvas = element("canvas", "", this.pad);
    Object.assign(this, { width, signed, digits, row: 0, column: 0 });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", title);
    if (!point) return;
    this.pad.classList.add("live");
    this.pad.tabIndex = 0;
    this.pad.setAttribute("role", "application");
    this.pad.setAttribute("aria-label", `${title}: the arrow keys move over it`);
    const at = (event, act) => {
      const box = this.canvas.getBoundingClientRect();
      const place = (share, count) => Math.max(0, Math.min(count - 1, Math.floor(share * count)));
      const r = place((event.clientY - box.top) / box.height, this.tall) - this.padding;
      const c = place((event.clientX - box.left) / box.width, this.wide) - this.padding;
      this.go(Math.max(0, Math.min(this.rows - 1, r)), Math.max(0, Math.min(this.columns - 1, c)), act);
    };
    this.point = point;
    this.canvas.onpointermove = (event) => at(event, point);
    this.canvas.onpointerdown = (event) => at(event, press ?? point);
    this.canvas.onpointerleave = () => leave?.();
    const moves = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    this.pad.onkeydown = (event) => {
      const move = moves[event.key];
      if (!move) return;
      event.preventDefault();
      this.go((this.row + move[0] + this.rows) % this.rows,
        (this.column + move[1] + this.columns) % this.columns, press ?? point);
    };
  }

  go(row, column, act) {
    if (act === this.point && row === this.row && column === this.column && this.told) return;
    Object.assign(this, { row, column, told: true });
    act(row, column);
  }

  // `until`: the last value that is drawn; `frames`: [row, column, height, width] to frame.
  show(values, rows, columns, { scale, peak, padding = 0, frames = [], until, marks, numbers } = {}) {
    Object.assign(this, { rows, columns, padding });
    this.tall = rows + 2 * padding;
    this.wide = columns + 2 * padding;
    const cell = Math.max(3, Math.floor(this.width / Math.max(this.tall, this.wide)));
    const sharp = window.devicePixelRatio || 1;
    const [width, height] = [this.wide * cell, this.tall * cell];
    this.canvas.width = width * sharp;
    this.canvas.height = height * sharp;
    this.canvas.style.width = `${width}px`;
    this.title.style.maxWidth = `${Math.max(width, 130)}px`;
    const pen = this.canvas.getContext("2d");
    pen.scale(sharp, sharp);
    pen.fillStyle = "rgba(128, 136, 150, .25)";
    pen.fillRect(0, 0, width, height);
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = `${Math.min(13, Math.floor(cell * 0.36))}px sans-serif`;
    let total = 7;
    for (let i = 0; i < rows * columns && !(i > until); i++) {
      const [x, y] = [((i % columns) + padding) * cell, (Math.floor(i / columns) + padding) * cell];
      const rgb = colourOf(values[i], peak || 1, this.signed, scale);
      total = (total * 31 + Math.round(values[i] * 1000)) | 0;
      pen.fillStyle = `rgb(${rgb})`;
      pen.fillRect(x, y, cell, cell);
      if (numbers ?? cell >= 27) {
        pen.fillStyle = inkOn(rgb);
        pen.fillText(text(values[i], this.digits), x + cell / 2, y + cell / 2);
      }
    }
    this.canvas.dataset.sum = total;
    for (const [r, c, h, w] of frames) {
      const place = [(c + padding) * cell + 1, (r + padding) * cell + 1, w * cell - 2, h * cell - 2];
      for (const [line, colour] of [[4, "#14171d"], [2, FRAME]]) {
        pen.lineWidth = line;
        pen.strokeStyle = colour;
        pen.strokeRect(...place);
      }
    }
    marks?.(pen, cell);
  }
}

// The scale of maps, with its ends in numbers.
class ScaleBar {
  constructor(parent) {
    this.box = element("div", "scale", parent);
    this.low = element("span", "", this.box);
    this.strip = element("i", "", this.box);
    this.high = element("span", "", this.box);
  }

  show(low, high, scale, signed) {
    this.low.textContent = text(low);
    this.high.textContent = text(high);
    const stops = Array.from({ length: 9 }, (_, i) => `rgb(${mix(scale, i / 8)})`);
    this.strip.style.background = `linear-gradient(to right, ${stops.join(",")})`;
    this.strip.dataset.signed = signed;
  }
}

// Horizontal bars with names and values; signed ones start in the middle.
class Bars {
  constructor(parent, label, names, { signed = false, pick } = {}) {
    this.box = element("div", `bars ${signed ? "signed" : ""}`, parent);
    this.box.setAttribute("role", "group");
    this.box.setAttribute("aria-label", label);
    this.box.style.setProperty("--name", `${Math.max(...names.map((name) => name.length))}ch`);
    this.rows = names.map((name, i) => {
      const row = element(pick ? "button" : "div", "bar", this.box);
      if (pick) row.onclick = () => pick(i);
      element("span", "name", row, name);
      const fill = element("i", "", element("span", "track", row));
      return { row, fill, value: element("span", "value", row) };
    });
    this.signed = signed;
  }

  show(values, { words = text, peak, best, chosen } = {}) {
    const top = peak ?? Math.max(1e-9, ...values.map(Math.abs));
    values.forEach((value, i) => {
      const { row, fill, value: at } = this.rows[i];
      const share = Math.min(1, Math.abs(value) / top) * (this.signed ? 50 : 100);
      fill.style.width = `${share}%`;
      if (this.signed) fill.style.left = `${value < 0 ? 50 - share : 50}%`;
      fill.className = value < 0 ? "negative" : "";
      at.textContent = words(value);
      row.classList.toggle("best", i === best);
      if (row.tagName === "BUTTON") row.setAttribute("aria-pressed", String(i === chosen));
    });
  }
}

// Ten probabilities and the answer above them.
class Answer {
  constructor(parent, title, names) {
    this.box = element("div", "answer", parent);
    element("h4", "", this.box, title);
    this.word = element("p", "word", this.box);
    this.bars = new Bars(this.box, title, names);
  }

  show(probabilities, truth) {
    const best = probabilities.indexOf(Math.max(...probabilities));
    this.word.textContent = `${best}`;
    element("small", "", this.word, ` ${percent(probabilities[best])}`);
    this.word.dataset.right = truth === undefined ? "" : String(best === truth);
    this.bars.show(probabilities, { words: percent, peak: 1, best });
    return best;
  }
}

// A plot of lines in an SVG: axes with a few round numbers, titles, lines, points.
class Plot {
  constructor(parent, label, { height = 200, xTitle = "", yTitle = "", width = 420 } = {}) {
    this.box = element("div", "plot", parent);
    Object.assign(this, { label, xTitle, yTitle, width, height });
  }

  show({ x: [left, right], y: [low, high] }, lines, points = []) {
    const [l, t, b, r] = [44, 8, this.xTitle ? 36 : 22, 8];
    const [w, h] = [this.width - l - r, this.height - t - b];
    const X = (v) => l + ((v - left) / (right - left || 1)) * w;
    const Y = (v) => t + h - ((v - low) / (high - low || 1)) * h;
    const parts = [];
    const tick = (from, to) => {
      const raw = (to - from) / 6 || 1;
      const power = 10 ** Math.floor(Math.log10(raw));
      const size = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw - 1e-12);
      const first = Math.ceil(from / size - 1e-9);
      return Array.from({ length: Math.floor(to / size + 1e-9) - first + 1 }, (_, i) =>
        Number(((first + i) * size).toPrecision(6)));
    };
    for (const v of tick(left, right))
      parts.push(`<line class="grid" x1="${X(v)}" x2="${X(v)}" y1="${t}" y2="${t + h}"/>`,
        `<text x="${X(v)}" y="${t + h + 14}" text-anchor="middle">${String(v).replace("-", "−")}</text>`);
    for (const v of tick(low, high))
      parts.push(`<line class="grid" x1="${l}" x2="${l + w}" y1="${Y(v)}" y2="${Y(v)}"/>`,
        `<text x="${l - 6}" y="${Y(v) + 4}" text-anchor="end">${String(v).replace("-", "−")}</text>`);
    parts.push(`<text x="${l + w / 2}" y="${this.height - 3}" text-anchor="middle">${this.xTitle}</text>`,
      `<text transform="translate(10 ${t + h / 2}) rotate(-90)" text-anchor="middle">${this.yTitle}</text>`);
    const inside = (v) => Math.max(low - (high - low), Math.min(high + (high - low), v));
    for (const { at, colour, dash = "", width = 2.2 } of lines)
      if (at.length) parts.push(`<polyline points="${at.map(([a, v]) =>
        `${X(a).toFixed(1)},${Y(inside(v)).toFixed(1)}`).join(" ")}" stroke="${colour}" stroke-width="${width}" stroke-dasharray="${dash}"/>`);
    for (const [a, v, colour] of points)
      parts.push(`<circle cx="${X(a)}" cy="${Y(inside(v))}" r="5" fill="${colour}"/>`);
    this.box.innerHTML = `<svg viewBox="0 0 ${this.width} ${this.height}" role="img" aria-label="${this.label}"><clipPath id="in"><rect x="${l}" y="${t - 4}" width="${w}" height="${h + 8}"/></clipPath>${parts.join("")}</svg>`;
  }
}

// A sheet of 28x28 pixels to draw on, by mouse, finger, or arrow keys and the space bar.
class Paper extends MapView {
  constructor(parent, title, { width = 280, change, hover, leave }) {
    super(parent, title, { width, point: (r, c) => {
      if (this.down) this.ink(r, c);
      hover?.(r, c);
    }, press: (r, c) => { if (this.down) this.ink(r, c); hover?.(r, c); }, leave });
    this.change = change;
    this.pad.setAttribute("aria-label",
      `${title}: draw with the mouse, or move with the arrow keys and press space`);
    this.pad.classList.add("paper");
    const press = this.canvas.onpointerdown;
    this.canvas.onpointerdown = (event) => {
      this.down = true;
      this.canvas.setPointerCapture(event.pointerId);
      press(event);
    };
    this.canvas.onpointerup = this.canvas.onpointercancel = () => { this.down = false; this.last = null; };
    const keys = this.pad.onkeydown;
    this.pad.onkeydown = (event) => {
      if (event.key !== " ") return keys(event);
      event.preventDefault();
      this.ink(this.row, this.column);
      this.last = null;
    };
  }

  // A soft pen of about two pixels, along the line from where it was.
  ink(row, column) {
    const [fromRow, fromColumn] = this.last ?? [row, column];
    const steps = Math.max(1, Math.abs(row - fromRow), Math.abs(column - fromColumn));
    const image = Float64Array.from(this.image);
    for (let s = 1; s <= steps; s++) {
      const [y, x] = [fromRow + ((row - fromRow) * s) / steps, fromColumn + ((column - fromColumn) * s) / steps];
      for (let r = 0; r < 28; r++)
        for (let c = 0; c < 28; c++) {
          const ink = Math.min(1, 1.6 * Math.exp(-((r - y) ** 2 + (c - x) ** 2) / 0.9));
          if (ink > 0.05) image[r * 28 + c] = Math.max(image[r * 28 + c], ink);
        }
    }
    this.last = [row, column];
    this.change(image);
  }

  paint(image, scale, frames) {
    this.image = image;
    this.show(image, 28, 28, { scale, peak: 1, frames });
  }
}

// Four arrows and "back" that move an image by a pixel.
function shifts(parent, toy, most = 8) {
  const box = element("div", "choice", parent);
  const label = element("span", "label", box);
  const row = element("div", "row", box);
  for (const [words, name, down, right] of [["←", "left", 0, -1], ["→", "right", 0, 1],
    ["↑", "up", -1, 0], ["↓", "down", 1, 0]])
    button(row, words, () => {
      const within = (v) => Math.max(-most, Math.min(most, v));
      toy.keep({ down: within(toy.state.down + down), right: within(toy.state.right + right) });
    }).setAttribute("aria-label", `Move ${name} by a pixel`);
  button(row, "Back", () => toy.keep({ down: 0, right: 0 }));
  return () => {
    const { down, right } = toy.state;
    const parts = [right && `${Math.abs(right)} ${right > 0 ? "right" : "left"}`,
      down && `${Math.abs(down)} ${down > 0 ? "down" : "up"}`].filter(Boolean);
    label.textContent = `Move: ${parts.join(", ") || "where it was"}`;
  };
}

// What a network from Python answers to an image of 0 to 1: every layer's output.
function asked(network, image) {
  const normalised = image.map((v) => (v - network.mean) / network.std);
  return forward(network.layers, normalised, [1, 28, 28]);
}

// Its ten outputs as shares: sigmoids as they are, scores through softmax.
function sharesOf(network, steps) {
  const last = Array.from(steps.at(-1).values);
  return network.layers.at(-1).kind === "activation" ? last : softmax(last);
}

const loaded = (handed) => ({ ...handed, layers: networkOf(handed.layers) });
const DIGITS = Array.from({ length: 10 }, (_, i) => String(i));
