// Lesson "Convolution": an image, a filter whose weights can be edited, the map that comes out, and
// the sum behind every value of it. A second filter and a layer over both make a corner finder.

// Thin strokes, each from [row, column] to [row, column]: slanted, horizontal, vertical, and a corner.
const STROKES = [[[24, 5], [14, 15]], [[5, 3], [5, 9]], [[14, 23], [23, 23]], [[4, 15], [4, 23]], [[4, 15], [11, 15]]];
const SLANTED = 0;
const GOAL = 0.9;

function distance([row, column], [from, to]) {
  const [dr, dc] = [to[0] - from[0], to[1] - from[1]];
  const along = ((row - from[0]) * dr + (column - from[1]) * dc) / (dr * dr + dc * dc);
  const share = Math.max(0, Math.min(1, along));
  return Math.hypot(row - from[0] - share * dr, column - from[1] - share * dc);
}

const STROKES_IMAGE = Float64Array.from({ length: 784 }, (_, i) => {
  const nearest = Math.min(...STROKES.map((s) => distance([Math.floor(i / 28), i % 28], s)));
  return Math.min(1, 1.2 * Math.exp(-(nearest ** 2) / 0.35));
});

// Of the values that light up (at least half the largest), the share on the slanted stroke, 0 to 1.
function shareOnSlanted(map, columns, layer) {
  const middle = (layer.dilation * (layer.k - 1)) / 2 - layer.padding;
  let [on, all] = [0, 0];
  const half = Math.max(...map) / 2;
  for (let i = 0; i < map.length; i++) {
    if (!(map[i] >= half && half > 1e-9)) continue;
    const place = [Math.floor(i / columns) * layer.stride + middle, (i % columns) * layer.stride + middle];
    all += 1;
    if (distance(place, STROKES[SLANTED]) < 2) on += 1;
  }
  return all ? on / all : 0;
}

class Convolution extends Toy {
  build() {
    this.images = imagesOf(this.data.digits);
    this.at = [9, 12];
    const top = element("div", "line", this.box);
    const ink = tableOf(this.data.colours.ink);
    this.markPicture = choice(top, "Image", [[-1, "Strokes"],
      ...this.images.map((_, i) => [i, `Digit ${i}`])], (picture) => this.keep({ picture }),
    (i) => thumbnail(i < 0 ? STROKES_IMAGE : this.images[i], ink));
    this.markFilter = choice(this.box, "Filter", [...this.data.filters.map((f) => [f.name, f.label]),
      ["own", "Your own"]], (name) => (name === "own" ? this.inputs[0].select()
      : this.keep({ kernel: [...this.filter(name).weights] })));
    this.about = element("p", "quiet", this.box);

    const middle = element("div", "line top", this.box);
    this.seen = new MapView(middle, "Image: the window is framed", { width: 288,
      point: (r, c) => this.pointAtImage(r, c) });
    const weights = element("div", "", middle);
    element("figcaption", "", weights, "Weights: change them");
    this.weights = element("div", "numbers", weights);
    this.layOutWeights();
    this.size = element("p", "quiet", weights);
    this.size.style.maxWidth = "170px";
    this.scale = new ScaleBar(weights);
    this.result = new MapView(middle, "Activation map: point at a value", { width: 288, signed: true,
      point: (r, c) => this.pointAt(r, c) });

    const bar = element("div", "line", this.box);
    const player = changing(bar, ["▶ Play", "❚❚ Pause"], () => this.slideOrRest());
    button(bar, "Step", () => { this.stop(); this.step(); });
    this.onPlay = (on) => {
      player(Number(on));
      if (!on && this.seen?.rows) this.draw();
    };
    const whole = (name, label, low, high, note) => slider(bar, label,
      { low, high, step: 1, words: (v) => `${v}${note?.(v) ?? ""}` }, (v) => this.keep({ [name]: v }));
    this.moveSliders = { stride: whole("stride", "Stride", 1, 3), padding: whole("padding", "Padding", 0, 2),
      dilation: whole("dilation", "Dilation", 1, 3) };
    this.sums = element("div", "sums", this.box);

    this.goal = this.part("Make only the slanted stroke light up");
    this.goalWords = element("p", "", this.goal);
    this.goalStart = button(this.goal, "Show the strokes", () => this.keep({ picture: -1 }));
    const meter = this.meter = element("div", "meter", this.goal);
    this.filled = element("i", "", meter);
    element("b", "", meter).style.left = `${GOAL * 100}%`;

    this.more = this.part("Two filters in a row: horizontal and vertical make a corner");
    this.markSecond = choice(this.more, "Second filter", [["none", "None"],
      ...this.data.filters.filter((f) => f.name !== "wide").map((f) => [f.name, f.label])],
    (second) => this.keep({ second }));
    button(this.more, "Set up: a horizontal line and a vertical line", () => this.keep({ picture: -1,
      kernel: [...this.filter("lying").weights], second: "standing", bias: 2.1, stride: 1, padding: 0, dilation: 1 }));
    this.layers = element("div", "line top", this.more);
    const small = (title) => new MapView(this.layers, title, { width: 200 });
    this.first = small("First filter, then ReLU");
    element("span", "sign", this.layers, "+");
    this.second = small("Second filter, then ReLU");
    element("span", "sign", this.layers, "→");
    this.both = small("Layer 2: lit where both are");
    this.moveBias = slider(this.layers, "Layer 2 takes away", { low: 0, high: 6, step: 0.1 },
      (bias) => this.keep({ bias }));
    this.bothWords = element("p", "quiet", this.more, "Layer 2 is a convolution over both maps: the "
      + "mean of each over 3×3, added, less the number on the right, and again ReLU. Neither filter "
      + "alone reaches that number; both together do. From edges, a corner.");
  }

  filter(name) { return this.data.filters.find((f) => f.name === name); }

  get image() { return this.state.picture < 0 ? STROKES_IMAGE : this.images[this.state.picture]; }

  get layer() {
    const { kernel, stride, padding, dilation } = this.state;
    return { kind: "conv", out: 1, k: Math.sqrt(kernel.length), stride, padding, dilation,
      weight: Float64Array.from(kernel) };
  }

  layOutWeights() {
    const k = this.layer.k;
    this.weights.replaceChildren();
    this.weights.className = `numbers ${k > 3 ? "small" : ""}`;
    this.weights.style.gridTemplateColumns = `repeat(${k}, auto)`;
    this.inputs = this.state.kernel.map((_, i) => {
      const input = element("input", "", this.weights);
      Object.assign(input, { type: "number", step: 0.5, min: -99, max: 99, inputMode: "decimal" });
      input.setAttribute("aria-label", `Weight in row ${Math.floor(i / k) + 1}, column ${(i % k) + 1}`);
      input.oninput = () => {
        const value = Number(input.value);
        if (input.value === "" || !(Math.abs(value) <= 99)) return;
        this.keep({ kernel: this.state.kernel.with(i, value) });
      };
      input.onchange = () => { // what is no weight gives way to the one that counts
        input.value = this.state.kernel[i];
      };
      return input;
    });
  }

  draw() {
    const { state, layer } = this;
    const { heat, signed, ink } = this.data.colours;
    if (this.inputs.length !== state.kernel.length) this.layOutWeights();
    const [, rows, columns] = LAYERS.conv.shape([1, 28, 28], layer);
    const map = LAYERS.conv.forward(this.image, [1, 28, 28], layer);
    Object.assign(this, { map, mapRows: rows, mapColumns: columns });
    this.at = [Math.min(this.at[0], rows - 1), Math.min(this.at[1], columns - 1)];
    const peak = Math.max(1e-9, ...map.map(Math.abs));
    const span = layer.dilation * (layer.k - 1) + 1;
    this.seen.show(this.image, 28, 28, { scale: ink, peak: 1, padding: layer.padding, frames: [[
      this.at[0] * layer.stride - layer.padding, this.at[1] * layer.stride - layer.padding, span, span]] });
    this.result.show(map, rows, columns, { scale: signed, peak, frames: [[...this.at, 1, 1]],
      until: this.playing ? this.at[0] * columns + this.at[1] : undefined });
    this.scale.show(-peak, peak, signed, true);
    this.size.textContent = `${rows}×${columns} values, each the sum of ${layer.k ** 2} products`;
    this.paintWeights(signed);
    this.tellSum(layer, signed, ink, peak);
    this.markPicture(state.picture);
    for (const [name, move] of Object.entries(this.moveSliders)) move(state[name]);
    const named = this.data.filters.find((f) => String(f.weights.map((v) => v.toFixed(3)))
      === String(state.kernel.map((v) => v.toFixed(3))));
    this.markFilter(named?.name ?? "own");
    this.about.textContent = named?.about ?? "Nobody has named this filter yet: it is yours.";
    this.drawGoal(map, columns, layer);
    this.drawSecond(map, rows, columns, layer, heat);
  }

  paintWeights(scale) {
    const peak = Math.max(1e-9, ...this.state.kernel.map(Math.abs));
    this.inputs.forEach((input, i) => {
      const value = this.state.kernel[i];
      const focused = input.getRootNode().activeElement === input;
      if (!focused || Number(input.value) !== value) input.value = Number(value.toFixed(3));
      const rgb = colourOf(value, peak, true, scale);
      input.style.background = `rgb(${rgb})`;
      input.style.color = inkOn(rgb);
    });
  }

  // What the window sees, times the weights, is so many products, and their sum.
  tellSum(layer, signed, ink, peak) {
    const [row, column] = this.at;
    const patch = state => Array.from({ length: layer.k ** 2 }, (_, i) => {
      const y = row * layer.stride - layer.padding + Math.floor(i / layer.k) * layer.dilation;
      const x = column * layer.stride - layer.padding + (i % layer.k) * layer.dilation;
      return y >= 0 && y < 28 && x >= 0 && x < 28 ? state[y * 28 + x] : 0;
    });
    const seen = patch(this.image);
    const products = seen.map((v, i) => v * layer.weight[i]);
    const total = this.map[row * this.mapColumns + column];
    this.sums.replaceChildren();
    const matrix = (title, values, scale, top, isSigned) => {
      const box = element("div", "", this.sums);
      element("figcaption", "", box, title);
      const grid = element("div", `numbers ${layer.k > 3 ? "small" : ""}`, box);
      grid.style.gridTemplateColumns = `repeat(${layer.k}, auto)`;
      values.forEach((value) => {
        const cell = element("span", "", grid, text(value));
        const rgb = colourOf(value, top || 1, isSigned, scale);
        cell.style.background = `rgb(${rgb})`;
        cell.style.color = inkOn(rgb);
      });
    };
    const strongest = Math.max(1e-9, ...this.state.kernel.map(Math.abs));
    matrix("What the window sees", seen, ink, 1, false);
    element("span", "sign", this.sums, "×");
    matrix("the weights", [...layer.weight], signed, strongest, true);
    element("span", "sign", this.sums, "=");
    matrix("products", products, signed, strongest, true);
    element("span", "sign", this.sums, "→");
    const sumBox = element("div", "", this.sums);
    element("figcaption", "", sumBox, `sum, at row ${row + 1}, column ${column + 1}`);
    element("b", "total", sumBox, text(total, 3));
    this.box.dataset.value = total;
    if (!this.playing) this.say(`Row ${row + 1}, column ${column + 1}: ${text(total)}`);
  }

  drawGoal(map, columns, layer) {
    const away = this.state.picture >= 0;
    this.meter.style.display = away ? "none" : "";
    this.goalStart.style.display = away ? "" : "none";
    if (away) {
      this.goalWords.textContent = "A task for weights of your own, on an image of five thin strokes.";
      return;
    }
    const share = shareOnSlanted(map, columns, layer);
    this.filled.style.width = `${share * 100}%`;
    this.goalWords.textContent = `${percent(share)} of what lights up (values at least half the largest) lies on the `
      + `slanted stroke. ${share >= GOAL ? "Done: this filter knows slanted strokes."
        : `${percent(GOAL)} is enough: what should a pixel beside the stroke count?`}`;
  }

  drawSecond(map, rows, columns, layer, scale) {
    const second = this.state.second;
    this.markSecond(second);
    this.layers.hidden = this.bothWords.hidden = second === "none";
    this.layers.style.display = second === "none" ? "none" : "";
    if (second === "none") return;
    const other = { ...layer, k: 3, weight: Float64Array.from(this.filter(second).weights) };
    const shape = LAYERS.conv.shape([1, 28, 28], other);
    const bent = [map, LAYERS.conv.forward(this.image, [1, 28, 28], other)]
      .map((values) => values.map(CURVES.relu.f));
    const mean = { kind: "conv", out: 1, k: 3, padding: 1, weight: new Float64Array(9).fill(1 / 9) };
    const [a, b] = [[rows, columns], shape.slice(1)]
      .map(([h, w], i) => LAYERS.conv.forward(bent[i], [1, h, w], mean));
    const [h, w] = [Math.min(rows, shape[1]), Math.min(columns, shape[2])];
    const both = Float64Array.from({ length: h * w }, (_, i) => Math.max(0,
      a[Math.floor(i / w) * columns + (i % w)] + b[Math.floor(i / w) * shape[2] + (i % w)] - this.state.bias));
    const peak = Math.max(...bent[0], ...bent[1], 1e-9);
    this.first.show(bent[0], rows, columns, { scale, peak });
    this.second.show(bent[1], shape[1], shape[2], { scale, peak });
    this.both.show(both, h, w, { scale, peak: Math.max(1e-9, ...both) });
    this.moveBias(this.state.bias);
  }

  pointAt(row, column) {
    this.stop();
    this.at = [row, column];
    this.draw();
  }

  pointAtImage(row, column) {
    const { stride, padding, dilation, k } = this.layer;
    const middle = Math.floor((dilation * (k - 1)) / 2);
    const place = (v, count) => Math.max(0, Math.min(count - 1, Math.round((v + padding - middle) / stride)));
    this.pointAt(place(row, this.mapRows), place(column, this.mapColumns));
  }

  step() {
    const next = this.at[0] * this.mapColumns + this.at[1] + 1;
    if (next >= this.map.length) {
      this.at = [0, 0];
      this.draw();
      return false;
    }
    this.at = [Math.floor(next / this.mapColumns), next % this.mapColumns];
    this.draw();
    return true;
  }

  slideOrRest() {
    if (this.playing) return this.stop();
    this.at = [0, 0];
    return this.play(() => this.step(), 40);
  }
}

export default shown(Convolution);
