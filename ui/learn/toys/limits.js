// Lesson "Limits, costs, history": what is no digit, or no longer one, and what two networks say; what
// the runs have cost; networks of history.

const LINES = {
  star: [[4, 14, 23, 8], [23, 8, 11, 24], [11, 24, 11, 4], [11, 4, 23, 20], [23, 20, 4, 14]],
  letter: [[23, 6, 4, 14], [4, 14, 23, 22], [16, 9, 16, 19]],
};
const AGAINST = { parameters: "Parameters", multiply_adds: "Multiply-adds" };
const [RUN, MEAN] = ["var(--st-primary-color)", "#4a8fd6"];
const CASES = { turned: "Turned", inverted: "Inverted", noise: "Noise", nudge: "Adversarial nudge",
  star: "A star", letter: "The letter A" };

function drawnOf(lines) {
  return Float64Array.from({ length: 784 }, (_, i) => {
    const [row, column] = [Math.floor(i / 28), i % 28];
    const nearest = Math.min(...lines.map(([a, b, c, d]) => {
      const [dr, dc] = [c - a, d - b];
      const share = Math.max(0, Math.min(1, ((row - a) * dr + (column - b) * dc) / (dr * dr + dc * dc)));
      return Math.hypot(row - a - share * dr, column - b - share * dc);
    }));
    return Math.min(1, 1.5 * Math.exp(-(nearest ** 2) / 1.2));
  });
}

// Turned about its middle by so many degrees, with values between pixels mixed.
function turned(image, degrees) {
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const at = (r, c) => (r >= 0 && r < 28 && c >= 0 && c < 28 ? image[r * 28 + c] : 0);
  return Float64Array.from({ length: 784 }, (_, i) => {
    const [y, x] = [Math.floor(i / 28) - 13.5, (i % 28) - 13.5];
    const [r, c] = [y * cos - x * sin + 13.5, y * sin + x * cos + 13.5];
    const [r0, c0] = [Math.floor(r), Math.floor(c)];
    const [fr, fc] = [r - r0, c - c0];
    return (at(r0, c0) * (1 - fc) + at(r0, c0 + 1) * fc) * (1 - fr)
      + (at(r0 + 1, c0) * (1 - fc) + at(r0 + 1, c0 + 1) * fc) * fr;
  });
}

class Limits extends Toy {
  build() {
    this.images = imagesOf(this.data.digits);
    this.networks = { one: loaded(this.data.tutorial), cnn: loaded(this.data.compact) };
    this.mark = tabs(this.box, "Part", [["limits", "Limits"], ["costs", "Costs"], ["history", "History"]],
      (part) => this.keep({ part }));
    this.parts = { limits: this.buildLimits(), costs: this.buildCosts(), history: this.buildHistory() };
    this.report();
  }

  buildLimits() {
    const at = element("div", "toy", this.box);
    const ink = tableOf(this.data.colours.ink);
    this.markCase = choice(at, "Give it", Object.entries(CASES), (what) => this.keep({ what }));
    const bar = element("div", "line", at);
    this.markPicture = choice(bar, "Digit", this.images.map((_, i) => [i, `Digit ${i}`]),
      (picture) => this.keep({ picture }), (i) => thumbnail(this.images[i], ink));
    this.amount = slider(bar, "How much", { low: 0, high: 1, step: 0.01, words: (v) => this.amountWords(v) },
      (amount) => this.keep({ amount }));
    const line = element("div", "line top", at);
    this.view = new MapView(line, "What they are given", { width: 224 });
    this.change = new MapView(line, "The change alone", { width: 112, signed: true });
    this.answers = { one: new Answer(line, "One layer", DIGITS), cnn: new Answer(line, "Convolutional network", DIGITS) };
    this.words = element("p", "", at);
    return at;
  }

  buildCosts() {
    const at = element("div", "toy", this.box);
    element("p", "", at, `The least that is possible: which of ten mean images is nearest? It reads ${percent(this.data.baseline.accuracy)} of the sample's test images, without any training.`);
    const row = element("div", "weights", at);
    const ink = tableOf(this.data.colours.ink);
    imagesOf(this.data.baseline.means).forEach((image, i) => {
      const tile = element("div", "tile", row);
      const canvas = thumbnail(image, ink);
      canvas.className = "";
      tile.append(canvas);
      element("span", "digit", tile, String(i));
    });
    this.markAgainst = choice(at, "Errors against", Object.entries(AGAINST), (against) => this.keep({ against }));
    this.costs = new Plot(at, "Errors of trained networks against what they cost", { height: 240,
      xTitle: "powers of ten", yTitle: "errors in %" });
    key(at, [["a trained network", RUN], ["nearest mean image", MEAN, true]]);
    const table = element("table", "", at);
    const head = element("tr", "", element("thead", "", table));
    for (const name of ["Network", "Parameters", "Multiply-adds", "Test accuracy"]) element("th", "", head, name);
    this.rows = element("tbody", "", table);
    return at;
  }

  // Every preset, with the best run of its network; then runs of other networks.
  costRows() {
    const { costs, presets, baseline } = this.data;
    const read = (run) => (run ? `${inPercent(run.accuracy, 2)} (${run.dataset})` : "not trained");
    const best = (name) => costs.filter((run) => run.preset === name).sort((a, b) => b.accuracy - a.accuracy)[0];
    const row = (name, of, accuracy) => ({ name, cost: of[this.state.against],
      cells: [name, of.parameters.toLocaleString("en"), of.multiply_adds.toLocaleString("en"), accuracy] });
    return [
      row("Nearest mean image", { parameters: 7840, multiply_adds: 7840 }, `${inPercent(baseline.accuracy, 2)} (mnist-sample)`),
      ...presets.map((one) => row(one.label, one, read(best(one.name)))),
      ...costs.filter((run) => !run.preset).map((run) => row(run.name, run, read(run))),
    ].sort((a, b) => a.cost - b.cost);
  }

  buildHistory() {
    const at = element("div", "toy", this.box);
    this.markPreset = choice(at, "Networks of history", this.data.history.map(({ name, label, year }) => [name, `${year}: ${label}`]),
      (preset) => this.keep({ preset }));
    this.story = element("p", "", at);
    this.source = element("p", "quiet", at);
    this.facts = element("p", "", at);
    return at;
  }

  amountWords(v) {
    return { turned: `${Math.round(v * 180)}°`, noise: percent(v), nudge: `${text(v * 0.3, 3)} a pixel` }[this.state.what] ?? "";
  }

  get given() {
    const { what, picture, amount } = this.state;
    const image = this.images[picture];
    if (LINES[what]) return drawnOf(LINES[what]);
    if (what === "turned") return turned(image, amount * 180);
    if (what === "inverted") return image.map((v) => 1 - v);
    if (what === "noise") {
      const random = randomFrom(picture + 1);
      return image.map((v) => Math.max(0, Math.min(1, (1 - amount) * v + amount * random())));
    }
    const { layers, mean, std } = this.networks.cnn;
    const steps = forward(layers, image.map((v) => (v - mean) / std), [1, 28, 28]);
    const [slope] = backward(layers, steps, crossEntropy(steps.at(-1).values, picture).gradient);
    return image.map((v, i) => Math.max(0, Math.min(1, v + amount * 0.3 * Math.sign(slope[i]))));
  }

  draw() {
    this.mark(this.state.part);
    for (const [name, at] of Object.entries(this.parts)) at.style.display = name === this.state.part ? "" : "none";
    this[`draw_${this.state.part}`]();
  }

  draw_limits() {
    const { what, picture, amount } = this.state;
    const { ink, signed } = this.data.colours;
    const given = this.given;
    this.markCase(what);
    this.markPicture(LINES[what] ? null : picture);
    this.amount(amount);
    this.view.show(given, 28, 28, { scale: ink, peak: 1 });
    const own = LINES[what] ? given : this.images[picture];
    this.change.show(given.map((v, i) => v - own[i]), 28, 28, { scale: signed, peak: 1 });
    const truth = LINES[what] ? undefined : picture;
    const said = Object.entries(this.networks).map(([name, network]) => {
      const shares = sharesOf(network, asked(network, given));
      const best = this.answers[name].show(shares, truth, hasSigmoids(network));
      this.box.dataset[name] = best;
      return [best, shares[best]];
    });
    this.words.textContent = {
      turned: "Training images were turned by a few degrees at most: further round it has never been.",
      inverted: "Ink and paper change places. To you it is the same digit; every number is another.",
      noise: "Each pixel is mixed with a random number. You read it for longer than they do.",
      nudge: "Each pixel moves by the same small amount, in the direction that raises the convolutional network's loss: its own gradient (Goodfellow and others, 2014).",
      star: "Ten answers are all there are: softmax must share out 100% among digits, whatever it is given.",
      letter: "Ten answers are all there are: softmax must share out 100% among digits, whatever it is given.",
    }[what] + ` One layer says ${said[0][0]}, the convolutional network ${said[1][0]} at ${percent(said[1][1])}.`;
    this.say(this.words.textContent);
  }

  draw_costs() {
    const { costs, baseline } = this.data;
    const { against } = this.state;
    this.markAgainst(against);
    this.costs.xTitle = `${AGAINST[against].toLowerCase()}, powers of ten`;
    const at = costs.map((run) => [Math.log10(run[against]), 100 * (1 - run.accuracy), RUN, run.name]);
    const mean = 100 * (1 - baseline.accuracy);
    const top = Math.min(100, 1.1 * Math.max(mean, ...at.map(([, v]) => v)));
    this.costs.show({ x: [3, 8], y: [0, top] },
      [{ at: [[3, mean], [8, mean]], colour: MEAN, dash: "5 4" }], at);
    this.rows.replaceChildren(...this.costRows().map(({ cells }) => {
      const line = element("tr", "");
      for (const cell of cells) element("td", "", line, cell);
      return line;
    }));
    this.box.dataset.runs = costs.length;
  }

  draw_history() {
    this.markPreset(this.state.preset);
    const one = this.data.history.find(({ name }) => name === this.state.preset);
    this.story.textContent = one.history;
    this.source.textContent = one.source;
    this.facts.textContent = `Here: ${one.parameters.toLocaleString("en")} parameters, ${one.multiply_adds.toLocaleString("en")} multiply-adds an image.`;
  }
}

export default shown(Limits);
