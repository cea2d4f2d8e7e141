// Lesson "The program": the tutorial's lines lit as they run, the log it wrote, the weights of each
// digit forming, the confusion matrix filling. It replays the run that comes with the app.

const LANGUAGES = { keras: "Keras", torch: "The same in PyTorch" };
const SAYS = {
  load: "60,000 training images and 10,000 test images, 28×28 bytes each.",
  scale: "Bytes become numbers from 0 to 1.",
  flatten: "Each image becomes a list of 784 numbers.",
  model: "One layer: 784 weights and a bias for each of ten digits. They start at random.",
  compile: "Adam takes the steps; the loss is cross-entropy.",
  fit: "32 images at a time, all 60,000 five times. Each epoch writes a line.",
  evaluate: "The 10,000 test images, which it has never seen.",
  confusion: "Right answers fall on the diagonal; here 500 test images of the bundled sample are read.",
};
const AT_ONCE = 25;

class Program extends Toy {
  build() {
    this.epochs = this.data.epochs.map(loaded);
    this.images = imagesOf(this.data.images);
    this.steps = ["load", "scale", "flatten", "model", "compile",
      ...this.data.logged.map((_, i) => `fit ${i + 1}`), "evaluate", "confusion"];
    this.at = -1;
    this.read = 0;
    const bar = element("div", "line", this.box);
    const player = changing(bar, ["▶ Run", "❚❚ Pause"], () => this.runOrRest());
    button(bar, "Next line", () => { this.stop(); this.step(); });
    button(bar, "From the start", () => { this.stop(); this.at = -1; this.read = 0; this.draw(); });
    this.onPlay = (on) => player(Number(on));
    this.markLanguage = choice(bar, "Language", Object.entries(LANGUAGES), (language) => this.keep({ language }));
    const line = element("div", "line top", this.box);
    this.code = element("div", "code", line);
    this.code.tabIndex = 0;
    this.code.setAttribute("role", "region");
    this.code.setAttribute("aria-label", "The program");
    const side = element("div", "output", line);
    this.words = element("p", "", side);
    this.words.style.minHeight = "44px";
    this.log = element("pre", "log", side);
    this.log.tabIndex = 0;
    this.log.setAttribute("role", "region");
    this.log.setAttribute("aria-label", "The program's output");
    element("figcaption", "", this.box, "The 784 weights of each digit: orange speaks for it, blue against it");
    this.weights = element("div", "weights", this.box);
    this.tiles = DIGITS.map((digit) => {
      const tile = element("div", "tile", this.weights);
      const canvas = element("canvas", "", tile);
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Weights of ${digit}`);
      element("span", "digit", tile, digit);
      return canvas;
    });
    this.confusion = new MapView(this.box, "Confusion matrix: rows are what it was, columns what was read",
      { width: 324, digits: 0 });
  }

  // One step; of the confusion matrix, so many images.
  step() {
    if (this.steps[this.at] === "confusion" && this.read < this.images.length) this.read += AT_ONCE;
    else if (this.at < this.steps.length - 1) this.at += 1;
    this.draw();
    return this.at < this.steps.length - 1 || this.read < this.images.length;
  }

  runOrRest() {
    if (this.playing) return this.stop();
    if (this.at === this.steps.length - 1 && this.read >= this.images.length) { this.at = -1; this.read = 0; }
    return this.play(() => this.step(), 550);
  }

  get epoch() { return this.steps.slice(0, this.at + 1).filter((step) => step.startsWith("fit")).length; }

  draw() {
    const [stage, number] = (this.steps[this.at] ?? "").split(" ");
    this.markLanguage(this.state.language);
    this.code.replaceChildren();
    for (const [of, words] of this.data.programs[this.state.language]) {
      const row = element("code", of === stage ? "lit" : "", this.code, words);
      if (of === stage) row.setAttribute("aria-current", "step");
    }
    this.words.textContent = SAYS[stage] ?? "Press Run, or Next line.";
    const lines = this.data.logged.slice(0, this.epoch).map(({ accuracy, loss }, i) =>
      `Epoch ${i + 1}/${this.data.logged.length}  accuracy: ${accuracy.toFixed(4)}  loss: ${loss.toFixed(4)}`);
    if (this.at >= this.steps.indexOf("evaluate") && this.data.test)
      lines.push(`Test      accuracy: ${this.data.test.toFixed(4)}`);
    this.log.textContent = lines.join("\n") || "The log is empty.";
    this.drawWeights();
    this.drawConfusion(stage === "confusion");
    this.box.dataset.step = this.steps[this.at] ?? "";
    if (!this.playing) this.say(`${this.words.textContent} ${lines.at(-1) ?? ""}`);
    if (number) this.box.dataset.epoch = number;
  }

  drawWeights() {
    this.weights.style.visibility = this.at >= 3 ? "" : "hidden";
    const dense = this.epochs[Math.min(this.epoch, this.epochs.length - 1)].layers.find((l) => l.kind === "dense");
    const peak = Array.from(dense.weight, Math.abs).sort((a, b) => a - b)[Math.floor(dense.weight.length * 0.995)];
    const table = tableOf(this.data.colours.signed);
    this.tiles.forEach((canvas, i) => paintBytes(canvas, Uint8Array.from(dense.weight.subarray(i * 784, (i + 1) * 784),
      (w) => Math.max(0, Math.min(255, Math.round((w / peak + 1) * 127.5)))), 28, 28, table));
  }

  drawConfusion(started) {
    this.confusion.box.style.display = started ? "" : "none";
    if (!started) return;
    const counts = new Float64Array(100);
    const network = this.epochs.at(-1);
    for (let i = 0; i < Math.min(this.read, this.images.length); i++) {
      const scores = asked(network, this.images[i]).at(-2).values;
      counts[this.data.labels[i] * 10 + scores.indexOf(Math.max(...scores))] += 1;
    }
    const right = sum(DIGITS.map((_, i) => counts[i * 11]));
    this.confusion.show(counts.map(Math.sqrt), 10, 10, { scale: this.data.colours.heat, peak: Math.sqrt(Math.max(...counts, 1)),
      numbers: false, padding: 1, marks: (pen, cell) => {
        counts.forEach((count, i) => {
          if (!count) return;
          pen.fillStyle = inkOn(colourOf(Math.sqrt(count), Math.sqrt(Math.max(...counts)), false, this.data.colours.heat));
          pen.fillText(count, (i % 10 + 1.5) * cell, (Math.floor(i / 10) + 1.5) * cell);
        });
        pen.fillStyle = getComputedStyle(this.box).color;
        DIGITS.forEach((digit, i) => {
          pen.fillText(digit, (i + 1.5) * cell, 0.5 * cell);
          pen.fillText(digit, 0.5 * cell, (i + 1.5) * cell);
        });
      } });
    this.confusion.title.textContent = `Confusion matrix. Row: what it was; column: what was read. ${right} of ${Math.min(this.read, this.images.length)} right`;
    this.box.dataset.right = right;
  }
}

export default shown(Program);
