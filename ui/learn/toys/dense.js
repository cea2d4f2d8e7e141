// Lesson "The fully connected layer": an image times the weights of a digit is a score; the weights
// forming over the epochs; and dropout, anew at each press.

class Dense extends Toy {
  build() {
    this.images = imagesOf(this.data.digits);
    this.epochs = this.data.epochs.map(loaded);
    this.cnn = loaded(this.data.compact);
    this.presses = 0;
    this.mark = tabs(this.box, "Part", [["weights", "784 weights a digit"], ["dropout", "Dropout"]],
      (part) => this.keep({ part }));
    const ink = tableOf(this.data.colours.ink);
    const top = element("div", "line", this.box);
    this.markPicture = choice(top, "Digit", this.images.map((_, i) => [i, `Digit ${i}`]),
      (picture) => { this.drawn = null; this.keep({ picture, digit: picture }); }, (i) => thumbnail(this.images[i], ink));
    this.blank = button(top, "Blank sheet", () => { this.drawn = new Float64Array(784); this.keep({}); });
    this.parts = { weights: this.buildWeights(), dropout: this.buildDropout() };
  }

  buildWeights() {
    const at = element("div", "toy", this.box);
    this.moveEpoch = slider(at, "Trained for", { low: 0, high: this.epochs.length - 1, step: 1,
      words: (v) => (v ? `${v} epoch${v > 1 ? "s" : ""}` : "nothing: random weights") }, (epoch) => this.keep({ epoch }));
    const row = element("div", "weights", at);
    this.tiles = DIGITS.map((digit, i) => {
      const tile = element("button", "tile", row);
      tile.setAttribute("aria-label", `The weights of ${digit}`);
      tile.onclick = () => this.keep({ digit: i });
      const canvas = element("canvas", "", tile);
      element("span", "digit", tile, digit);
      return { tile, canvas };
    });
    const line = element("div", "line top", at);
    const show = (title) => new MapView(line, title, { width: 168, signed: true });
    this.paper = new Paper(line, "Image: draw on it", { width: 168, change: (image) => { this.drawn = image; this.keep({}); } });
    element("span", "sign", line, "×");
    this.one = show("weights");
    element("span", "sign", line, "=");
    this.products = show("products");
    this.bars = new Bars(line, "Score of each digit", DIGITS, { signed: true, pick: (digit) => this.keep({ digit }) });
    this.bars.box.style.flex = "1 1 150px";
    this.words = element("p", "", at);
    this.fooled = element("p", "quiet", at);
    return at;
  }

  buildDropout() {
    const at = element("div", "toy", this.box);
    const bar = element("div", "line", at);
    button(bar, "Drop others", () => { this.presses += 1; this.draw(); }, "main");
    this.moveRate = slider(bar, "Dropout rate", { low: 0, high: 0.8, step: 0.1, words: percent }, (rate) => this.keep({ rate }));
    const line = element("div", "line top", at);
    this.features = new MapView(line, "", { width: 432 });
    this.with = new Answer(line, "With these features", DIGITS);
    this.dropWords = element("p", "quiet", at);
    return at;
  }

  get image() { return this.drawn ?? this.images[this.state.picture]; }

  draw() {
    const { part, picture } = this.state;
    this.mark(part);
    this.markPicture(this.drawn ? null : picture);
    for (const [name, at] of Object.entries(this.parts)) at.style.display = name === part ? "" : "none";
    this[`draw_${part}`]();
  }

  draw_weights() {
    const { epoch, digit } = this.state;
    const { signed, ink } = this.data.colours;
    const network = this.epochs[epoch];
    const dense = network.layers.find((layer) => layer.kind === "dense");
    const rows = DIGITS.map((_, i) => dense.weight.subarray(i * 784, (i + 1) * 784));
    const peak = quantile(dense.weight, 0.995);
    const table = tableOf(signed);
    rows.forEach((weights, i) => {
      const { tile, canvas } = this.tiles[i];
      paintBytes(canvas, Uint8Array.from(weights, (w) => Math.max(0, Math.min(255, Math.round((w / peak + 1) * 127.5)))), 28, 28, table);
      tile.setAttribute("aria-pressed", String(i === digit));
    });
    this.moveEpoch(epoch);
    this.paper.paint(this.image, ink);
    this.one.title.textContent = `Weights of ${digit}: orange for, blue against`;
    this.one.show(rows[digit], 28, 28, { scale: signed, peak });
    const products = this.image.map((v, i) => v * rows[digit][i]);
    this.products.title.textContent = "784 products";
    this.products.show(products, 28, 28, { scale: signed, peak });
    const steps = asked(network, this.image);
    const scores = Array.from(steps.at(-2).values);
    const best = scores.indexOf(Math.max(...scores));
    this.bars.show(scores, { best, chosen: digit });
    const total = sum(products);
    this.words.textContent = `Products of ${digit} added up: ${text(total)}, and its bias ${text(dense.bias[digit])}: score ${text(scores[digit])}. `
      + `The highest score wins: it reads ${best}${this.drawn || best === this.state.picture ? "." : `, and it is a ${this.state.picture}.`}`;
    const share = Array.from(steps.at(-1).values)[best];
    this.fooled.textContent = this.drawn
      ? `Fool it: draw something that is no digit and yet gets 90%. Now: ${best} at ${percent(share)}. A scribble over the orange of one digit is enough.`
      : "Draw on the image, or take a blank sheet, and fool it: it only adds up.";
    this.box.dataset.best = best;
    this.box.dataset.score = scores[digit];
    this.say(this.words.textContent);
  }

  draw_dropout() {
    const { rate, picture } = this.state;
    const { heat } = this.data.colours;
    const steps = asked(this.cnn, this.image);
    const features = steps.at(-2).values;
    const random = randomFrom(this.presses + 1);
    const keep = Float64Array.from(features, () => (random() >= rate ? 1 / (1 - rate) : 0));
    const left = features.map((v, i) => v * keep[i]);
    const dense = this.cnn.layers.at(-1);
    const shares = softmax(LAYERS.dense.forward(left, [left.length], dense));
    this.moveRate(rate);
    const columns = 36;
    this.features.title.textContent = `The ${features.length} features the CNN found; grey ones are switched off`;
    this.features.show(left, features.length / columns, columns, { scale: heat, peak: quantile(features, 0.99), numbers: false,
      marks: (pen, cell) => keep.forEach((v, i) => {
        if (v) return;
        pen.fillStyle = "#8b93a1";
        pen.fillRect((i % columns) * cell, Math.floor(i / columns) * cell, cell - 1, cell - 1);
      }) });
    const best = this.with.show(shares, this.drawn ? undefined : picture);
    const off = keep.filter((v) => v === 0).length;
    this.dropWords.textContent = `${off} of ${features.length} are off, the others count ${text(1 / (1 - rate))} times as much, so that the sum stays alike. `
      + "It happens in training only, anew in each step: no feature can rely on one other being there.";
    this.box.dataset.best = best;
    this.box.dataset.off = off;
  }
}

const quantile = (values, share) => {
  const sorted = Array.from(values, Math.abs).sort((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] || 1;
};

export default shown(Dense);
