// Lesson "Activations and softmax": the functions and their slopes, what two layers do without one, what
// ten layers do to a gradient, and ten scores as probabilities.

const NAMES = { relu: "ReLU", leaky_relu: "Leaky ReLU", gelu: "GELU", tanh: "tanh", sigmoid: "sigmoid" };
const [VALUE, SLOPE, OTHER] = ["var(--st-primary-color)", "#4a8fd6", "#38a373"];
const DEPTH = 10;
const WIDTH = 24;

class Activations extends Toy {
  build() {
    this.mark = tabs(this.box, "Part", [["curve", "The function"], ["two", "Two layers"], ["deep", "Ten layers"],
      ["softmax", "Softmax"]], (part) => this.keep({ part }));
    this.choosing = element("div", "", this.box);
    this.markBend = choice(this.choosing, "Activation function",
      [["none", "None"], ...Object.entries(NAMES)], (bend) => this.keep({ bend }));
    this.parts = { curve: this.buildCurve(), two: this.buildTwo(), deep: this.buildDeep(),
      softmax: this.buildSoftmax() };
  }

  section() { return element("div", "toy", this.box); }

  buildCurve() {
    const at = this.section();
    this.moveInput = slider(at, "Input", { low: -4, high: 4, step: 0.05 }, (input) => this.keep({ input }));
    this.curve = new Plot(at, "The function and its slope", { height: 300, width: 640, xTitle: "input",
      yTitle: "output" });
    key(at, [["solid: output", VALUE],
      ["dashed: slope, which the gradient is multiplied by on its way back", SLOPE, true]]);
    this.curveWords = element("p", "", at);
    return at;
  }

  buildTwo() {
    const at = this.section();
    element("p", "", at, "Input x goes through three units with weights of their own, the activation function, and a second "
      + "layer that adds the three up. Move the weights of the second layer.");
    const bar = element("div", "line", at);
    this.moveWeights = [0, 1, 2].map((i) => slider(bar, `Weight ${i + 1}`, { low: -2, high: 2, step: 0.1 },
      (v) => this.keep({ weights: this.state.weights.with(i, v) })));
    this.two = new Plot(at, "Output of two layers for each input", { height: 280, width: 640, xTitle: "input x",
      yTitle: "output" });
    this.twoWords = element("p", "", at);
    return at;
  }

  buildDeep() {
    const at = this.section();
    element("p", "", at, `Ten layers of ${WIDTH} units with random weights as PyTorch starts them, the activation function after each. The bars are `
      + "the gradients that arrive on the way back from the loss, on a scale of powers of ten.");
    button(at, "Other random weights", () => this.keep({ seed: (this.state.seed % 999) + 1 })).style.width = "max-content";
    this.deep = new Bars(at, "Mean size of the gradient in each layer",
      Array.from({ length: DEPTH }, (_, i) => `Layer ${DEPTH - i}${i === 0 ? ", next to the loss" : i === DEPTH - 1 ? ", next to the image" : ""}`));
    this.deepWords = element("p", "", at);
    return at;
  }

  buildSoftmax() {
    const at = this.section();
    this.moveTemperature = slider(at, "Temperature", { low: 0.1, high: 5, step: 0.1, words: (v) => text(v, 1) },
      (temperature) => this.keep({ temperature }));
    const grid = element("div", "softmax", at);
    this.moveScores = DIGITS.map((digit, i) => slider(grid, `Score of ${digit}`, { low: -5, high: 10, step: 0.1, words: (v) => text(v, 1) },
      (v) => this.keep({ scores: this.state.scores.with(i, v) })));
    this.probabilities = new Bars(at, "Probabilities", DIGITS);
    this.softmaxWords = element("p", "", at);
    return at;
  }

  draw() {
    const { part, bend } = this.state;
    this.mark(part);
    this.markBend(bend);
    this.choosing.hidden = part === "softmax";
    for (const [name, at] of Object.entries(this.parts)) at.style.display = name === part ? "" : "none";
    this[`draw_${part}`](CURVES[bend], NAMES[bend] ?? "None");
  }

  draw_curve({ f, d }, name) {
    const xs = Array.from({ length: 161 }, (_, i) => -4 + i / 20);
    const x = this.state.input;
    this.moveInput(x);
    this.curve.show({ x: [-4, 4], y: [-1.5, 4] }, [{ at: xs.map((v) => [v, d(v)]), colour: SLOPE, dash: "5 4" },
      { at: xs.map((v) => [v, f(v)]), colour: VALUE }], [[x, d(x), SLOPE], [x, f(x), VALUE]]);
    this.curveWords.textContent = `${name} of ${text(x)} is ${text(f(x), 3)}; its slope there is ${text(d(x), 3)}. `
      + (d(x) < 0.05 && d(x) >= 0 ? "So hardly anything of a gradient comes back through it." : "");
    this.box.dataset.value = f(x);
    this.box.dataset.slope = d(x);
  }

  draw_two({ f }, name) {
    const first = { kind: "dense", out: 3, weight: Float64Array.from([1, -1.2, 0.7]), bias: Float64Array.from([1, 0.4, -1.2]) };
    const second = { kind: "dense", out: 1, weight: Float64Array.from(this.state.weights), bias: Float64Array.from([0]) };
    const network = [first, { kind: "activation", function: this.state.bend }, second];
    const xs = Array.from({ length: 121 }, (_, i) => -3 + i / 20);
    const ys = xs.map((x) => forward(network, [x], [1]).at(-1).values[0]);
    const slope = sum(second.weight.map((w, i) => w * first.weight[i]));
    const shift = sum(second.weight.map((w, i) => w * first.bias[i]));
    this.moveWeights.forEach((move, i) => move(this.state.weights[i]));
    const straight = this.state.bend === "none";
    this.two.show({ x: [-3, 3], y: [-5, 5] }, [...straight ? [{ at: xs.map((x) => [x, slope * x + shift]), colour: OTHER, width: 7 }] : [],
      { at: xs.map((x, i) => [x, ys[i]]), colour: VALUE }]);
    this.twoWords.textContent = straight
      ? `Without an activation function the two layers are one: multiply their weights, and there is a single weight `
        + `${text(slope)} and bias ${text(shift)} that gives the same line (green). So it is with matrices and a hundred layers.`
      : `With ${name} the line bends where a unit does, and no single layer can draw it. More units, more bends.`;
    this.box.dataset.slope = slope;
  }

  // Mean size of the gradient in each of ten layers with random weights, the one next to the loss first.
  gradientSizes(bend) {
    const random = randomFrom(this.state.seed);
    const network = Array.from({ length: DEPTH }, () => [randomWeights({ kind: "dense", out: WIDTH }, WIDTH, random),
      { kind: "activation", function: bend }]).flat();
    const steps = forward(network, Array.from({ length: WIDTH }, () => 2 * random() - 1), [WIDTH]);
    const gradients = backward(network, steps, Array.from({ length: WIDTH }, () => 2 * random() - 1));
    return Array.from({ length: DEPTH }, (_, i) =>
      sum(gradients[2 * (DEPTH - 1 - i) + 1].map(Math.abs)) / WIDTH);
  }

  draw_deep(curve, name) {
    const sizes = this.gradientSizes(this.state.bend);
    const exponents = sizes.map((v) => Math.max(0, Math.log10(Math.max(v, 1e-12)) + 12));
    this.deep.show(exponents, { peak: 12, words: (v) => (v <= 0 ? "0" : scientific(10 ** (v - 12))) });
    const share = (of) => (of.at(-1) > 0 ? `one part in ${Math.round(of[0] / of.at(-1)).toLocaleString("en")}` : "nothing");
    const other = this.state.bend === "sigmoid" ? ", because its slope is a quarter at most and is multiplied in at every layer"
      : `; with sigmoid, whose slope is a quarter at most, ${share(this.gradientSizes("sigmoid"))}`;
    this.deepWords.textContent = `${name}: of the gradient next to the loss, ${share(sizes)} arrives at the first layer${other}. `
      + "Batch norm, shortcut connections and larger random weights keep more of it.";
    this.box.dataset.left = sizes.at(-1) / sizes[0];
  }

  draw_softmax() {
    const { scores, temperature } = this.state;
    this.moveTemperature(temperature);
    this.moveScores.forEach((move, i) => move(scores[i]));
    const shares = softmax(scores, temperature);
    const best = shares.indexOf(Math.max(...shares));
    this.probabilities.show(shares, { words: percent, peak: 1, best });
    this.softmaxWords.textContent = `e to the power of ${text(scores[best], 1)} ÷ ${text(temperature, 1)}, divided by the sum of all ten such powers: `
      + `${percent(shares[best])}. Add 1 to every score and nothing changes; a low temperature sharpens, a high one levels.`;
    this.box.dataset.best = shares[best];
  }
}

// A positive number as 3.2·10⁻⁴.
function scientific(value) {
  const [mantissa, power] = value.toExponential(1).split("e");
  return `${mantissa}·10${String(Number(power)).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])}`;
}

export default shown(Activations);
