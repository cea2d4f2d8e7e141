// Lesson "Pooling": one map pooled in three ways on one scale, and what stays when the digit moves.

const WAYS = { max: "Maximum", avg: "Average", sum: "Sum" };
const EDGES = { kind: "conv", out: 1, k: 3, padding: 1,
  weight: Float64Array.from([-1, -1, -1, 0, 0, 0, 1, 1, 1]) };

// How much of a map is the same at the same places, 0 to 1 (1 less Bray and Curtis's distance).
function staying(before, after) {
  const [apart, all] = before.reduce(([d, t], v, i) =>
    [d + Math.abs(v - after[i]), t + Math.abs(v) + Math.abs(after[i])], [0, 0]);
  return all > 0 ? 1 - apart / all : 1;
}

class Pooling extends Toy {
  build() {
    this.images = imagesOf(this.data.digits);
    this.at = null;
    const ink = tableOf(this.data.colours.ink);
    const top = element("div", "line", this.box);
    this.markPicture = choice(top, "Digit", this.images.map((_, i) => [i, `Digit ${i}`]),
      (picture) => this.keep({ picture }), (i) => thumbnail(this.images[i], ink));
    const bar = element("div", "line", this.box);
    this.tellShift = shifts(bar, this, 4);
    this.moveSize = slider(bar, "Window", { low: 2, high: 4, step: 1, words: (v) => `${v}×${v}` },
      (size) => this.keep({ size }));
    this.markScale = choice(bar, "Colours", [["one", "One scale for all"], ["each", "Each its own"]],
      (scale) => this.keep({ scale }));
    const maps = element("div", "line top", this.box);
    const column = (title, width, point) => {
      const box = element("div", "", maps);
      return { view: new MapView(box, title, { width, point }), scale: new ScaleBar(box) };
    };
    this.map = column("Edges of the digit (filter, ReLU)", 224,
      (r, c) => this.point(Math.floor(r / this.state.size), Math.floor(c / this.state.size)));
    this.pooled = Object.fromEntries(Object.entries(WAYS).map(([way, title]) =>
      [way, column(title, 156, (r, c) => this.point(r, c))]));
    this.about = element("p", "quiet", this.box);
    this.sums = element("div", "line middle", this.box);
    this.sums.style.minHeight = "150px";
    const kept = this.part("What stays where it was when the digit moves");
    this.bars = new Bars(kept, "Share of each map that stays", ["The map itself", ...Object.values(WAYS)]);
    this.words = element("p", "quiet", kept);
  }

  point(row, column) { this.at = [row, column]; this.draw(); }

  poolOf(values, how) {
    const layer = { kind: "pool", how, k: this.state.size, stride: this.state.size };
    return { values: LAYERS.pool.forward(values, [1, 28, 28], layer), side: outputSide(28, layer) };
  }

  edges(image) { return LAYERS.conv.forward(image, [1, 28, 28], EDGES).map(CURVES.relu.f); }

  draw() {
    const { picture, size, down, right, scale } = this.state;
    const { heat } = this.data.colours;
    const before = this.edges(this.images[picture]);
    const map = this.edges(moved(this.images[picture], [28, 28], down, right));
    const pools = Object.keys(WAYS).map((way) => [way, this.poolOf(map, way)]);
    const side = pools[0][1].side;
    const strongest = pools[0][1].values.indexOf(Math.max(...pools[0][1].values));
    this.at = (this.at ?? [Math.floor(strongest / side), strongest % side]).map((v) => Math.min(v, side - 1));
    const [row, column] = this.at;
    const peak = Math.max(1e-9, ...map, ...pools.flatMap(([, p]) => [...p.values]));
    const show = ({ view, scale: bar }, values, n, frame) => {
      const top = scale === "one" ? peak : Math.max(1e-9, ...values);
      view.show(values, n, n, { scale: heat, peak: top, frames: [frame], numbers: false });
      bar.show(0, top, heat);
    };
    show(this.map, map, 28, [row * size, column * size, size, size]);
    for (const [way, { values }] of pools) show(this.pooled[way], values, side, [row, column, 1, 1]);
    this.markPicture(picture);
    this.moveSize(size);
    this.markScale(scale);
    this.about.textContent = scale === "one"
      ? `On one scale the average is nearly black: each of its values is the sum ÷ ${size * size}.`
      : "Each map's brightest colour is its own largest value: compare the numbers below the maps.";
    this.tellShift();
    this.tellWindow(map, pools, side);
    const stays = [staying(before, map), ...Object.keys(WAYS).map((way) =>
      staying(this.poolOf(before, way).values, this.poolOf(map, way).values))];
    this.bars.show(stays, { words: percent, peak: 1 });
    this.words.textContent = down || right
      ? "Each map is compared with itself before the move, place by place. Average and sum differ only by "
        + "a factor, so they stay alike."
      : "Move the digit by a pixel, and compare.";
    this.box.dataset.stays = stays.map((v) => v.toFixed(4)).join(" ");
    this.say(`Stays: map ${percent(stays[0])}, maximum ${percent(stays[1])}`);
  }

  tellWindow(map, pools, side) {
    const { size } = this.state;
    const [row, column] = this.at;
    this.sums.replaceChildren();
    const box = element("div", "", this.sums);
    element("figcaption", "", box, `The ${size * size} values in the frame`);
    const grid = element("div", "numbers small", box);
    grid.style.gridTemplateColumns = `repeat(${size}, auto)`;
    const values = Array.from({ length: size * size }, (_, i) =>
      map[(row * size + Math.floor(i / size)) * 28 + column * size + (i % size)]);
    const top = Math.max(1e-9, ...values);
    values.forEach((value) => {
      const cell = element("span", "", grid, text(value));
      const rgb = colourOf(value, top, false, this.data.colours.heat);
      cell.style.background = `rgb(${rgb})`;
      cell.style.color = inkOn(rgb);
      if (value === top) cell.style.outline = `2px solid ${FRAME}`;
    });
    element("span", "sign", this.sums, "→");
    const says = { max: "the largest is kept", avg: `their sum ÷ ${size * size}`, sum: "all added up" };
    for (const [way, { values: pooled }] of pools) {
      const one = element("div", "", this.sums);
      element("figcaption", "", one, `${WAYS[way]}: ${says[way]}`);
      element("b", "", one, text(pooled[row * side + column])).style.fontSize = "18px";
    }
  }
}

export default shown(Pooling);
