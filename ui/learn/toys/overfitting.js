// Lesson "Over-fitting": two networks learn from the same few images, side by side and live in this
// page: one as it is, one with dropout and shifted images.

const EPOCHS = 30;
const UNITS = 64;
const BATCH = 20;
const RATE = 0.002;
const [TRAIN, TEST] = ["#4a8fd6", "#ea7a2c"];

const zeros = (layer) => ({ weight: new Float64Array(layer.weight.length), bias: new Float64Array(layer.out) });

// One pass over the images in batches, with Adam. `help`: { rate, shift, random }.
function learnEpoch(network, images, labels, help) {
  const { random } = help;
  const order = images.map((_, i) => [random(), i]).sort(([a], [b]) => a - b).map(([, i]) => i);
  const learning = network.filter((layer) => layer.weight);
  const dropout = network.find((layer) => layer.kind === "dropout");
  const whole = () => Math.round((2 * random() - 1) * help.shift);
  for (let first = 0; first < order.length; first += BATCH) {
    const batch = order.slice(first, first + BATCH);
    const totals = learning.map(zeros);
    for (const i of batch) {
      const image = help.shift ? moved(images[i], [28, 28], whole(), whole()) : images[i];
      dropout.keep = help.rate ? Float64Array.from({ length: UNITS }, () =>
        (random() >= help.rate ? 1 / (1 - help.rate) : 0)) : null;
      const steps = forward(network, image, [784]);
      backward(network, steps, crossEntropy(steps.at(-1).values, labels[i]).gradient);
      learning.forEach((layer, l) => {
        for (const name of ["weight", "bias"]) {
          const [total, own] = [totals[l][name], layer.gradients[name]];
          for (let j = 0; j < total.length; j++) total[j] += own[j] / batch.length;
        }
      });
    }
    learning.forEach((layer, l) => {
      layer.memory ??= { weight: {}, bias: {} };
      for (const name of ["weight", "bias"]) OPTIMIZERS.adam(layer[name], totals[l][name], RATE, layer.memory[name]);
    });
  }
  dropout.keep = null;
}

function accuracyOf(network, images, labels) {
  const right = images.filter((image, i) => {
    const scores = forward(network, image, [784]).at(-1).values;
    return scores.indexOf(Math.max(...scores)) === labels[i];
  });
  return right.length / images.length;
}

function tellGap(train, fresh, untrained) {
  if (untrained) return "Random weights, nothing learned yet: about one digit in ten is right by chance.";
  const gap = Math.round(100 * (train - fresh));
  const told = gap > 0 ? `a gap of ${gap} point${gap > 1 ? "s" : ""}` : "no gap";
  return `${percent(train)} of the training images, ${percent(fresh)} of the test images: ${told}.`;
}

class OverFitting extends Toy {
  build() {
    this.images = imagesOf(this.data.train);
    this.fresh = imagesOf(this.data.test);
    const bar = element("div", "line", this.box);
    const player = changing(bar, ["▶ Train both", "❚❚ Pause"], () => this.learnOrRest());
    button(bar, "From the start", () => { this.stop(); this.begin(); this.draw(); });
    this.onPlay = (on) => player(Number(on));
    const set = (name) => (v) => { this.stop(); this.state[name] = v; this.begin(); this.keep({}); };
    this.moves = {
      images: slider(bar, "Images to learn from", { low: 50, high: this.images.length, step: 50, words: String }, set("images")),
      rate: slider(bar, "Dropout, right", { low: 0, high: 0.8, step: 0.1, words: percent }, set("rate")),
      shift: slider(bar, "Shift, right", { low: 0, high: 3, step: 1, words: (v) => `${v} px` }, set("shift")),
    };
    const line = element("div", "line top", this.box);
    this.sides = ["As it is", "With dropout and shifted images"].map((title) => {
      const box = element("div", "grow", line);
      box.style.flexBasis = "260px";
      element("h2", "", box, title);
      const plot = new Plot(box, `Accuracy by epoch: ${title}`, { width: 370, height: 260, xTitle: "epoch", yTitle: "accuracy" });
      return { plot, words: element("p", "", box) };
    });
    key(this.box, [["training images", TRAIN], [`${this.fresh.length} test images`, TEST]]);
    this.words = element("p", "quiet", this.box);
    this.begin();
  }

  begin() {
    this.runs = [0, 1].map(() => {
      const random = randomFrom(3);
      const network = [randomWeights({ kind: "dense", out: UNITS }, 784, random), { kind: "activation", function: "relu" },
        { kind: "dropout", keep: null }, randomWeights({ kind: "dense", out: 10 }, UNITS, random)];
      return { network, random, curve: [] };
    });
    this.measure();
  }

  measure() {
    const count = this.state.images;
    for (const run of this.runs)
      run.curve.push([accuracyOf(run.network, this.images.slice(0, count), this.data.train_labels),
        accuracyOf(run.network, this.fresh, this.data.test_labels)]);
  }

  learnOrRest() {
    if (this.playing) return this.stop();
    if (this.runs[0].curve.length > EPOCHS) this.begin();
    return this.play(() => this.epoch(), 30);
  }

  epoch() {
    const { images, rate, shift } = this.state;
    this.runs.forEach(({ network, random }, i) =>
      learnEpoch(network, this.images.slice(0, images), this.data.train_labels, { rate: i ? rate : 0, shift: i ? shift : 0, random }));
    this.measure();
    this.draw();
    return this.runs[0].curve.length <= EPOCHS;
  }

  draw() {
    for (const [name, move] of Object.entries(this.moves)) move(this.state[name]);
    this.runs.forEach(({ curve }, i) => {
      const line = (which) => curve.map((point, epoch) => [epoch, point[which]]);
      this.sides[i].plot.show({ x: [0, EPOCHS], y: [0, 1] }, [{ at: line(0), colour: TRAIN }, { at: line(1), colour: TEST }]);
      const [train, fresh] = curve.at(-1);
      this.sides[i].words.textContent = tellGap(train, fresh, curve.length === 1);
    });
    const weights = this.runs[0].network.reduce((n, layer) => n + (layer.weight ? layer.weight.length + layer.out : 0), 0);
    const epoch = this.runs[0].curve.length - 1;
    this.words.textContent = `Epoch ${epoch} of ${EPOCHS}. ${weights.toLocaleString("en")} weights each for ${this.state.images} images; the same random weights at the start.`;
    this.box.dataset.epoch = epoch;
    this.box.dataset.accuracies = this.runs.map(({ curve }) => curve.at(-1).map((v) => v.toFixed(3)).join(" ")).join(" ");
    if (!this.playing) this.say(this.sides.map(({ words }) => words.textContent).join(" "));
  }
}

export default shown(OverFitting);
