// Lesson "Learning": a network of two filters and two scores, every number and its gradient in
// sight, one phase at a time; and the loss of the smallest network of all as a landscape.

const EPOCHS = 5;
const IMAGES = 24; // an epoch: each of the four strokes six times
const PHASES = ["forward", "loss", "backward", "update"];
const SAYS = {
  ready: "Random weights, nothing computed yet. Next: the image goes forwards.",
  forward: "Forwards: 2 filters make 2 maps, ReLU cuts off what is negative, and 8 weights a score add up.",
  loss: "The loss is the negative logarithm of the right answer's probability: 0 would be perfect.",
  backward: "Backwards: each number's gradient, small below it, from the scores back to the filters. Where "
    + "ReLU cut off a value, nothing comes back.",
  update: "Each weight has moved against its gradient: w − rate × gradient. Next: another image.",
};
const WAYS = { sgd: ["SGD", "#4a8fd6"], momentum: ["Momentum", "#ea7a2c"], adam: ["Adam", "#38a373"] };
const STEPS = 60;
const FAINT = "color-mix(in srgb, var(--st-text-color) 28%, transparent)";

function strokes() {
  return [1, 2].flatMap((place) => [0, 1].map((label) => ({ label,
    image: Float64Array.from({ length: 16 }, (_, i) =>
      ((label ? i % 4 : Math.floor(i / 4)) === place ? 1 : 0)) })));
}

class Learning extends Toy {
  build() {
    this.mark = tabs(this.box, "Part", [["network", "Every number of a network"],
      ["surface", "The loss as a landscape"]], (part) => { this.stop(); this.keep({ part }); });
    this.onPlay = (on) => {
      this.player(Number(on));
      this.runner(Number(on));
    };
    this.buildNetwork();
    this.buildSurface();
    this.begin();
  }

  buildNetwork() {
    const at = this.network = element("div", "toy", this.box);
    const bar = element("div", "line", at);
    this.next = changing(bar, PHASES.map((phase) => `Step: ${phase}`), () => { this.stop(); this.phase(); });
    button(bar, "One image", () => { this.stop(); this.oneImage(); });
    this.player = changing(bar, [`▶ Play to epoch ${EPOCHS}`, "❚❚ Pause"], () => this.playOrRest(), "");
    button(bar, "New random weights", () => {
      this.stop();
      this.state.seed = (this.state.seed % 999) + 1;
      this.begin();
      this.keep({});
    });
    this.markRate = choice(bar, "Learning rate", [["0.005", "0.005: small"], ["0.2", "0.2"],
      ["2", "2: large"]], (rate) => this.keep({ rate }));
    this.told = element("p", "told", at);
    this.stage = element("div", "stage", at);
    const legend = element("p", "key", at);
    const example = element("span", "", legend);
    const cell = element("span", "cell", example);
    element("b", "", cell, "0.26");
    element("small", "", cell, "−0.04");
    example.append("a number, and small below it its gradient: how much the loss rises with it");
    for (const [words, colour] of [["positive", 1], ["negative", -1]]) {
      const item = element("span", "", legend);
      element("i", "", item).style.color = `rgb(${colourOf(colour, 1, true, this.data.colours.signed)})`;
      item.append(words);
    }
    this.explained = element("p", "quiet told", at, "Point at a weight to see how its gradient moves it.");
    this.plot = new Plot(at, "Loss of each image by step", { height: 150, width: 700,
      xTitle: "epoch", yTitle: "loss" });
    key(at, [["each image", FAINT], ["mean of the last four", "var(--st-primary-color)"]]);
  }

  begin() {
    const random = randomFrom(this.state.seed);
    this.layers = [randomWeights({ kind: "conv", k: 3, out: 2 }, 9, random),
      { kind: "activation", function: "relu" }, { kind: "flatten" },
      randomWeights({ kind: "dense", out: 2 }, 8, random)];
    Object.assign(this, { steps: [], seen: 0, at: -1, losses: [], gradients: null, forwards: null,
      lost: null });
  }

  get example() { return strokes()[[0, 3, 1, 2][this.seen % 4]]; }

  // The next of the four phases of one image.
  phase() {
    if (this.at === 3) { this.seen += 1; this.at = -1; this.gradients = this.forwards = this.lost = null; }
    this.at += 1;
    const { image, label } = this.example;
    if (this.at === 0) this.forwards = forward(this.layers, image, [1, 4, 4]);
    if (this.at === 1) {
      this.lost = crossEntropy(this.forwards.at(-1).values, label);
      this.losses.push([(this.seen + 1) / IMAGES, this.lost.loss]);
    }
    if (this.at === 2) this.gradients = backward(this.layers, this.forwards, this.lost.gradient);
    if (this.at === 3) {
      for (const layer of this.layers)
        for (const name of layer.gradients ? ["weight", "bias"] : [])
          OPTIMIZERS.sgd(layer[name], layer.gradients[name], Number(this.state.rate));
    }
    this.draw();
  }

  oneImage() {
    const quiet = this.draw;
    this.draw = () => {};
    do this.phase(); while (this.at !== 3);
    this.draw = quiet;
    this.draw();
  }

  playOrRest() {
    if (this.playing) return this.stop();
    if (this.seen >= EPOCHS * IMAGES - 1) this.begin();
    return this.play(() => {
      this.oneImage();
      return this.seen < EPOCHS * IMAGES - 1;
    }, 60);
  }

  draw() {
    this.mark(this.state.part);
    this.network.style.display = this.state.part === "network" ? "" : "none";
    this.surface.style.display = this.state.part === "surface" ? "" : "none";
    if (this.state.part === "network") this.drawNetwork();
    else this.drawSurface();
  }

  drawNetwork() {
    const [conv, , , dense] = this.layers;
    const phase = PHASES[this.at] ?? "ready";
    const { image, label } = this.example;
    this.markRate(this.state.rate);
    this.next((this.at + 1) % 4);
    const accuracy = strokes().filter((one) => {
      const scores = forward(this.layers, one.image, [1, 4, 4]).at(-1).values;
      return (scores[1] > scores[0]) === Boolean(one.label);
    }).length;
    const epoch = Math.min(EPOCHS, (this.seen + (this.at >= 0 ? 1 : 0)) / IMAGES);
    this.told.textContent = "";
    element("b", "", this.told, `Image ${this.seen + 1}, epoch ${text(epoch, 1)}: ${accuracy} of 4 strokes right. `);
    this.told.append(SAYS[phase]);
    const dead = this.forwards && [1, 2].every(() => this.forwards[2].values.every((v) => v === 0));
    if (dead && this.at >= 2) element("b", "", this.told, " Every ReLU is at 0: no filter gets a gradient. "
      + "This network is dead for this image; new random weights help.");
    this.box.dataset.phase = phase;
    this.box.dataset.right = accuracy;
    if (!this.playing) this.say(this.told.textContent);

    this.stage.replaceChildren();
    const known = this.forwards ?? [];
    const back = this.at >= 2 ? this.gradients : null;
    const grads = (layer, name) => (this.at >= 2 ? layer.gradients[name] : null);
    const column = (title) => {
      const made = element("div", "column", this.stage);
      element("figcaption", "", made, title);
      return made;
    };
    const arrow = () => element("span", "sign", this.stage, "→").setAttribute("aria-hidden", "true");
    this.cells(column(`Image: ${label ? "vertical" : "horizontal"}`), image, 4, { ink: true });
    arrow();
    const filters = column("2 filters and biases");
    const maps = (arrow(), column("2 maps"));
    const bent = (arrow(), column("after ReLU"));
    const part = (values, i, size) => values && Array.from(values).slice(i * size, (i + 1) * size);
    for (let f = 0; f < 2; f++) {
      this.cells(filters, part(conv.weight, f, 9), 3, { gradient: part(grads(conv, "weight"), f, 9),
        name: `filter ${f + 1}, weight`, weight: true });
      this.cells(filters, part(conv.bias, f, 1), 1, { gradient: part(grads(conv, "bias"), f, 1),
        name: `bias of filter ${f + 1}`, weight: true });
      this.cells(maps, part(known[1]?.values, f, 4), 2, { gradient: part(back?.[1], f, 4), name: "map value" });
      this.cells(bent, part(known[2]?.values, f, 4), 2, { gradient: part(back?.[2], f, 4), name: "value" });
    }
    arrow();
    const weights = column("8 weights a score, and a bias");
    const words = ["horizontal", "vertical"];
    const answers = (arrow(), column("scores, softmax"));
    for (let s = 0; s < 2; s++) {
      this.cells(weights, part(dense.weight, s, 8), 4, { gradient: part(grads(dense, "weight"), s, 8),
        name: `weight of “${words[s]}”`, weight: true });
      this.cells(weights, part(dense.bias, s, 1), 1, { gradient: part(grads(dense, "bias"), s, 1),
        name: `bias of “${words[s]}”`, weight: true });
      const line = element("div", `answer-line ${s === label ? "right" : ""}`, answers);
      this.cells(line, part(known[4]?.values, s, 1), 1, { gradient: part(back?.[4], s, 1) });
      element("span", "", line, `${words[s]}${s === label ? " ✓" : ""}`);
      element("b", "", line, this.forwards ? percent(softmax(known[4].values)[s]) : "?");
    }
    const loss = element("p", "loss", answers, "loss ");
    element("b", "", loss, this.lost ? text(this.lost.loss, 3) : "?");
    const end = EPOCHS * IMAGES;
    const smooth = this.losses.map(([x], i) => {
      const last = this.losses.slice(Math.max(0, i - 3), i + 1);
      return [x, sum(last.map(([, v]) => v)) / last.length];
    });
    const top = Math.max(1.5, ...smooth.map(([, v]) => v).filter(Number.isFinite));
    this.plot.show({ x: [0, end / IMAGES], y: [0, Math.min(top, 6)] },
      [{ at: this.losses, colour: FAINT, width: 1.2 },
        { at: smooth, colour: "var(--st-primary-color)" }]);
  }

  // Numbers in a grid with the gradient of each below it; pointing at a weight says what it does.
  cells(parent, values, columns, { gradient, name, weight, ink } = {}) {
    const count = ink ? 16 : values?.length ?? { 1: 1, 2: 4, 3: 9, 4: 8 }[columns];
    const grid = element("div", `cells ${ink ? "ink" : ""}`, parent);
    grid.style.gridTemplateColumns = `repeat(${columns}, auto)`;
    const { signed, ink: paper } = this.data.colours;
    for (let i = 0; i < count; i++) {
      const cell = element(weight ? "button" : "span", "cell", grid);
      if (!values) { cell.textContent = "·"; continue; }
      element("b", "", cell, ink ? String(values[i]) : text(values[i]));
      const rgb = ink ? colourOf(values[i], 1, false, paper) : colourOf(values[i], 1, true, signed);
      cell.style.background = `rgb(${rgb})`;
      cell.style.color = inkOn(rgb);
      if (!ink) {
        const slope = gradient ? gradient[i] : null;
        element("small", "", cell, slope === null ? " " : text(slope));
        if (weight) {
          cell.setAttribute("aria-label", `${name} ${i + 1}: ${text(values[i])}`
            + (slope === null ? "" : `, gradient ${text(slope)}`));
          cell.onmouseenter = cell.onfocus = () => this.explain(name, i, values[i], slope);
        }
      }
    }
  }

  explain(name, i, value, slope) {
    const rate = Number(this.state.rate);
    const before = this.at === 3 && slope !== null ? value + rate * slope : value;
    this.explained.textContent = slope === null
      ? `${name} ${i + 1} is ${text(value, 3)}. Its gradient comes with the way back.`
      : `${name} ${i + 1}: ${text(before, 3)} − ${rate} × (${text(slope, 3)}) = ${text(before - rate * slope, 3)}. `
        + (slope === 0 ? "No gradient: it stays." : `A larger weight here would ${slope > 0 ? "raise" : "lower"} the loss, so it goes ${slope > 0 ? "down" : "up"}.`);
  }

  // The landscape: y = weight × x + bias through ten digits' ink, and the mean squared error of it.
  buildSurface() {
    const at = this.surface = element("div", "toy", this.box);
    const images = imagesOf(this.data.digits);
    this.points = images.map((image) => [sum(image.slice(0, 392)) / 50, sum(image.slice(392)) / 50]);
    this.start = [2.4, 3.4];
    element("p", "", at, "The smallest network: one weight and one bias. It guesses the ink in a digit's lower "
      + "half from that in its upper half; each point of the landscape is a weight and a bias, its colour the "
      + "loss over ten real digits. Click to start elsewhere.");
    const bar = element("div", "line", at);
    this.runner = changing(bar, ["▶ Walk down", "❚❚ Pause"], () => this.walkOrRest());
    this.moveStep = slider(bar, "Learning rate", { low: Math.log10(0.001), high: Math.log10(1.5), step: 0.01,
      words: (v) => text(10 ** v, 3) }, (v) => { this.stop(); this.walked = STEPS; this.keep({ step: 10 ** v }); });
    const preset = (words, step) => button(bar, words, () => { this.stop(); this.walked = STEPS; this.keep({ step }); });
    preset("Too small", 0.01);
    preset("Right", 0.4);
    preset("Too large", this.tooLarge());
    this.markWays = ["momentum", "adam"].map((way) => [way, choice(bar, WAYS[way][0],
      [["on", "on"], ["off", "off"]], (value) => this.keep({ [way]: value }))]);
    const line = element("div", "line top", at);
    const box = element("div", "", line);
    this.land = new MapView(box, "Loss: dark is low. To the right: weight, −2 to 3; upwards: bias, −2 to 4", {
      width: 420, point: () => {}, press: (r, c) => {
        this.start = [-2 + (5 * (c + 0.5)) / 84, 4 - (6 * (r + 0.5)) / 84];
        this.walked = STEPS;
        this.draw();
      } });
    this.landPlot = new Plot(line, "Loss by step", { height: 240, width: 330, xTitle: "step", yTitle: "loss" });
    const right = this.landPlot.box;
    this.key = element("p", "key", right.parentElement);
    this.key.style.flex = "1 1 100%";
    this.walked = STEPS;
    this.losses2d = Float64Array.from({ length: 84 * 84 }, (_, i) =>
      this.loss(-2 + (5 * ((i % 84) + 0.5)) / 84, 4 - (6 * (Math.floor(i / 84) + 0.5)) / 84).loss);
  }

  // Mean squared error and its gradient.
  loss(weight, bias) {
    let [loss, dw, db] = [0, 0, 0];
    for (const [x, y] of this.points) {
      const off = weight * x + bias - y;
      loss += off * off; dw += 2 * off * x; db += 2 * off;
    }
    const n = this.points.length;
    return { loss: loss / n, gradient: [dw / n, db / n] };
  }

  // Just above 2 / the steepest curvature, where plain gradient descent stops coming to rest.
  tooLarge() {
    const n = this.points.length;
    const [xx, x] = [sum(this.points.map(([v]) => v * v)) / n, sum(this.points.map(([v]) => v)) / n];
    const steepest = 2 * ((xx + 1) / 2 + Math.sqrt(((xx - 1) / 2) ** 2 + x * x));
    return Math.min(1.5, (2 / steepest) * 1.02);
  }

  path(way) {
    const [weights, memory, path] = [Float64Array.from(this.start), {}, []];
    for (let i = 0; i <= STEPS; i++) {
      const { loss, gradient } = this.loss(...weights);
      path.push([...weights, loss]);
      if (!Number.isFinite(loss) || loss > 1e12) break;
      OPTIMIZERS[way](weights, gradient, this.state.step, memory);
    }
    return path;
  }

  walkOrRest() {
    if (this.playing) return this.stop();
    this.walked = 0;
    return this.play(() => { this.walked += 1; this.draw(); return this.walked < STEPS; }, 70);
  }

  drawSurface() {
    const { heat } = this.data.colours;
    this.moveStep(Math.log10(this.state.step));
    for (const [way, mark] of this.markWays) mark(this.state[way]);
    const low = Math.min(...this.losses2d);
    const heights = this.losses2d.map((v) => Math.log(v / low));
    const paths = Object.keys(WAYS).filter((way) => way === "sgd" || this.state[way] === "on")
      .map((way) => [way, this.path(way)]);
    const place = ([w, b], cell) => [((w + 2) / 5) * 84 * cell, ((4 - b) / 6) * 84 * cell];
    this.land.show(heights, 84, 84, { scale: heat, peak: Math.max(...heights), numbers: false,
      marks: (pen, cell) => paths.forEach(([way, path]) => {
        for (const [line, colour] of [[4.5, "#ffffff"], [2.5, WAYS[way][1]]]) {
          pen.lineWidth = line;
          pen.strokeStyle = colour;
          pen.beginPath();
          path.slice(0, this.walked + 1).forEach((point, i) => pen[i ? "lineTo" : "moveTo"](...place(point, cell)));
          pen.stroke();
        }
        pen.fillStyle = WAYS[way][1];
        const [x, y] = place(path[Math.min(this.walked, path.length - 1)], cell);
        pen.beginPath();
        pen.arc(x, y, 5, 0, 7);
        pen.fill();
      }) });
    const top = 1.5 * this.loss(...this.start).loss;
    this.landPlot.show({ x: [0, STEPS], y: [0, top] }, paths.map(([way, path]) =>
      ({ at: path.slice(0, this.walked + 1).map(([, , loss], i) => [i, loss]), colour: WAYS[way][1] })));
    this.key.replaceChildren();
    for (const [way, path] of paths) {
      const last = path[Math.min(this.walked, path.length - 1)];
      const item = element("span", "", this.key);
      element("i", "", item).style.color = WAYS[way][1];
      item.append(`${WAYS[way][0]}: loss ${last[2] > 1e6 ? "beyond all bounds" : text(last[2], 3)} after ${Math.min(this.walked, path.length - 1)} steps`);
    }
    this.box.dataset.final = paths[0][1].at(-1)[2];
  }
}

export default shown(Learning);
