// What the lessons' toys show: maps of values, bars, answers, plots, a sheet to draw on.

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
    this.canvas.setAttribute("aria-label", this.title.textContent || "Map");
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
    element("h2", "", this.box, title);
    this.word = element("p", "word", this.box);
    this.bars = new Bars(this.box, title, names);
    this.note = element("p", "quiet", this.box);
  }

  // `sigmoids`: each probability was computed on its own.
  show(probabilities, truth, sigmoids = false) {
    this.note.textContent = sigmoids
      ? `A sigmoid for each digit, on its own: together ${percent(sum(probabilities))}, and not 100%.`
      : "Softmax: together always 100%.";
    const best = probabilities.indexOf(Math.max(...probabilities));
    this.word.textContent = `${best}`;
    element("small", "", this.word, ` ${percent(probabilities[best])}`);
    this.word.dataset.right = truth === undefined ? "" : String(best === truth);
    this.bars.show(probabilities, { words: percent, peak: 1, best });
    return best;
  }
}

// A plot of lines in an SVG as wide as its place, so that its words keep their size: axes with a few
// round numbers, titles, lines, points.
class Plot {
  constructor(parent, label, { height = 200, xTitle = "", yTitle = "", width = 420 } = {}) {
    this.box = element("div", "plot", parent);
    this.box.style.minHeight = `${height}px`;
    Object.assign(this, { label, xTitle, yTitle, width, height });
    const fit = () => {
      if (this.shown && this.box.clientWidth && this.box.clientWidth !== this.drawn) this.show(...this.shown);
    };
    new ResizeObserver(() => requestAnimationFrame(fit)).observe(this.box);
  }

  show(...shown) {
    this.shown = shown;
    const [{ x: [left, right], y: [low, high] }, lines, points = []] = shown;
    const width = this.drawn = this.box.clientWidth || this.width;
    const [l, t, b, r] = [46, 8, this.xTitle ? 40 : 24, 12];
    const [w, h] = [width - l - r, this.height - t - b];
    const X = (v) => l + ((v - left) / (right - left || 1)) * w;
    const Y = (v) => t + h - ((v - low) / (high - low || 1)) * h;
    const parts = [];
    const ticks = (from, to, most) => {
      const raw = (to - from) / most || 1;
      const power = 10 ** Math.floor(Math.log10(raw));
      const size = [1, 2, 5, 10].map((m) => m * power).find((s) => s >= raw - 1e-12);
      const first = Math.ceil(from / size - 1e-9);
      return Array.from({ length: Math.floor(to / size + 1e-9) - first + 1 }, (_, i) =>
        Number(((first + i) * size).toPrecision(6)));
    };
    const text = (at, words) => `<text ${at}>${words}</text>`;
    const number = (v) => String(v).replace("-", "−");
    for (const v of ticks(left, right, Math.min(6, Math.max(2, w / 60))))
      parts.push(`<line class="grid" x1="${X(v)}" x2="${X(v)}" y1="${t}" y2="${t + h}"/>`,
        text(`x="${X(v)}" y="${t + h + 15}" text-anchor="middle"`, number(v)));
    for (const v of ticks(low, high, Math.min(6, Math.max(2, h / 28))))
      parts.push(`<line class="grid" x1="${l}" x2="${l + w}" y1="${Y(v)}" y2="${Y(v)}"/>`,
        text(`x="${l - 6}" y="${Y(v) + 4}" text-anchor="end"`, number(v)));
    parts.push(text(`x="${l + w / 2}" y="${this.height - 5}" text-anchor="middle"`, this.xTitle),
      text(`transform="translate(11 ${t + h / 2}) rotate(-90)" text-anchor="middle"`, this.yTitle));
    const inside = (v) => Math.max(low - (high - low), Math.min(high + (high - low), v));
    for (const { at, colour, dash = "", width: thick = 2.2 } of lines)
      if (at.length) parts.push(`<polyline points="${at.map(([a, v]) =>
        `${X(a).toFixed(1)},${Y(inside(v)).toFixed(1)}`).join(" ")}" stroke="${colour}" stroke-width="${thick}" stroke-dasharray="${dash}"/>`);
    for (const [a, v, colour, words] of points)
      parts.push(`<circle cx="${X(a)}" cy="${Y(inside(v))}" r="5" fill="${colour}">${words ? `<title>${words}</title>` : ""}</circle>`);
    this.box.innerHTML = `<svg viewBox="0 0 ${width} ${this.height}" width="${width}" height="${this.height}" role="img" aria-label="${this.label}">${parts.join("")}</svg>`;
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
