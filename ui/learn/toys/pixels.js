// Lesson "From pixels to numbers": a digit as picture, as numbers and as one long list, and what two
// networks make of it when it moves.

const RANGES = {
  bytes: ["0 to 255", (v) => Math.round(v * 255), 0],
  share: ["0 to 1", (v) => v, 2],
  standard: ["Standardised", null, 2],
};
const AROUND = 3; // the numbers shown: a square of 7 around the place pointed at

class Pixels extends Toy {
  build() {
    this.images = imagesOf(this.data.digits);
    this.networks = { one: loaded(this.data.tutorial), cnn: loaded(this.data.compact) };
    const { mean, std } = this.networks.cnn;
    this.standard = (v) => (v - mean) / std;
    this.at = [10, 14];
    const ink = tableOf(this.data.colours.ink);
    const top = element("div", "line", this.box);
    this.markPicture = choice(top, "A real digit, or draw", this.images.map((_, i) => [i, `Digit ${i}`]),
      (picture) => { this.drawn = null; this.keep({ picture, down: 0, right: 0 }); },
      (i) => thumbnail(this.images[i], ink));
    button(top, "Blank sheet", () => {
      this.drawn = new Float64Array(784);
      this.keep({ down: 0, right: 0 });
    });
    this.tellShift = shifts(top, this);
    const middle = element("div", "line top", this.box);
    this.paper = new Paper(middle, "28×28 pixels: draw, or point at one", { width: 280,
      change: (image) => { this.drawn = image; this.keep({ down: 0, right: 0 }); },
      hover: (r, c) => this.point(r, c) });
    const numbers = element("div", "", middle);
    this.near = new MapView(numbers, "The numbers around it", { width: 266, digits: 2,
      point: (r, c) => this.point(this.corner[0] + r, this.corner[1] + c) });
    const side = element("div", "grow", middle);
    this.markRange = choice(side, "As numbers", Object.entries(RANGES).map(([k, [words]]) => [k, words]),
      (range) => this.keep({ range }));
    this.told = element("p", "", side);
    this.told.style.minHeight = "110px";
    const line = element("div", "", this.box);
    this.flat = new MapView(line, "Flattened: row after row, 784 numbers in one line", { width: 784,
      point: (_, i) => this.point(Math.floor(i / 28), i % 28) });
    const answers = element("div", "line top", this.box);
    this.answers = { one: new Answer(answers, "One layer: a weight for each pixel", DIGITS),
      cnn: new Answer(answers, "Convolutional network", DIGITS) };
  }

  get image() {
    return moved(this.drawn ?? this.images[this.state.picture], [28, 28], this.state.down, this.state.right);
  }

  point(row, column) {
    this.at = [Math.max(0, Math.min(27, row)), Math.max(0, Math.min(27, column))];
    this.drawPlace();
  }

  draw() {
    this.markPicture(this.drawn ? null : this.state.picture);
    this.markRange(this.state.range);
    this.tellShift();
    this.drawPlace();
    const truth = this.drawn ? undefined : this.state.picture;
    for (const [name, network] of Object.entries(this.networks)) {
      const shares = sharesOf(network, asked(network, this.image));
      const best = this.answers[name].show(shares, truth, hasSigmoids(network));
      this.box.dataset[name] = best;
    }
    this.box.dataset.ink = this.drawn ? Number(this.drawn.some((v) => v > 0)) : "";
    this.say(`One layer reads ${this.box.dataset.one}, the convolutional network ${this.box.dataset.cnn}`);
  }

  drawPlace() {
    const { ink, signed } = this.data.colours;
    const [row, column] = this.at;
    const image = this.image;
    this.corner = [row, column].map((v) => Math.max(0, Math.min(27 - 2 * AROUND, v - AROUND)));
    const side = 2 * AROUND + 1;
    this.paper.paint(image, ink, [[...this.corner, side, side], [row, column, 1, 1]]);
    const [, of, digits] = RANGES[this.state.range];
    const number = of ?? this.standard;
    const values = Array.from({ length: side * side }, (_, i) =>
      number(image[(this.corner[0] + Math.floor(i / side)) * 28 + this.corner[1] + (i % side)]));
    const standard = this.state.range === "standard";
    this.near.digits = digits;
    this.near.signed = standard;
    this.near.show(values, side, side, { scale: standard ? signed : ink,
      peak: standard ? this.standard(1) : number(1), frames: [[row - this.corner[0], column - this.corner[1], 1, 1]] });
    this.drawFlat(image, ink, row * 28 + column);
    const v = image[row * 28 + column];
    this.told.replaceChildren();
    element("b", "", this.told, `Row ${row + 1}, column ${column + 1}`);
    for (const line of [`${Math.round(v * 255)} of 255`, `÷ 255 = ${text(v, 3)}`,
      `(${text(v, 3)} − ${text(this.networks.cnn.mean, 4)}) ÷ ${text(this.networks.cnn.std, 4)} = ${text(this.standard(v), 3)}`,
      `number ${row * 28 + column + 1} of 784 in the list`])
      element("div", "", this.told, line);
  }

  // 784 columns of one pixel, stretched by the style sheet.
  drawFlat(image, scale, place) {
    const canvas = this.flat.canvas;
    Object.assign(this.flat, { rows: 1, columns: 784, tall: 1, wide: 784, padding: 0 });
    paintBytes(canvas, Uint8Array.from(image, (v) => Math.round(v * 255)), 784, 1, tableOf(scale));
    canvas.style.cssText = "width: 784px; height: 22px; image-rendering: pixelated;";
    const pen = canvas.getContext("2d");
    pen.fillStyle = FRAME;
    pen.fillRect(place - 1, 0, 3, 1);
  }
}

export default shown(Pixels);
