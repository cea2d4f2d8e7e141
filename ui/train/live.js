// The Train page's live panel. `data`: the run, its story so far, and the loss curve's figure
// without points; what comes later comes by the run's stream.

const PARTS = ["status", "points", "epochs", "accuracies", "images", "start", "live"]; // what the panel shows of a run

class Panel {
  constructor(parent) {
    const box = this.box = element("div", "live", parent);
    const progress = element("div", "", box);
    this.text = element("p", "progress-text", progress);
    const track = this.track = element("div", "track", progress);
    track.setAttribute("role", "progressbar");
    track.setAttribute("aria-label", "How far the training is");
    this.bar = element("i", "", track);
    const charts = element("div", "pair", box);
    this.lossAt = this.plot(charts, "Training loss", "Training loss by step", "loss");
    this.accuracyAt = this.plot(charts, "Accuracy", "Accuracy by epoch", "accuracy");
    this.cards = element("div", "cards", box);
    this.fit = element("p", "quiet fit", box);
    this.moving = element("div", "moving", box);
    this.greys = Array.from({ length: 256 }, (_, byte) => [byte, byte, byte]);
    this.wait();
  }

  plot(parent, title, label, name) {
    const section = element("div", "", parent);
    element("h3", "", section, title);
    const at = element("div", `plot plot-${name}`, section);
    at.setAttribute("role", "img");
    at.setAttribute("aria-label", label);
    return at;
  }

  wait() {
    const text = "The first guesses and filters appear with the first batch.";
    this.moving.replaceChildren(element("p", "quiet", null, text));
    this.guesses = null;
  }

  render(data) {
    if (this.stop && this.run !== data.run) {
      this.stop();
      this.stop = null;
    }
    const another = this.run !== data.run;
    this.run = data.run;
    this.data = data;
    if (another) {
      this.wait();
      this.parts = {};
      this.steps = 0;
      this.loss?.end();
      this.accuracy?.end();
      this.loss = new Chart(this.lossAt, data.plotly, `${data.run} loss`);
      this.accuracy = new Chart(this.accuracyAt, data.plotly, `${data.run} accuracy`);
      this.table = tableOf(data.colours);
    }
    if (!data.follow && this.stop) {
      this.stop();
      this.stop = null;
    }
    // What the page knew when it was made; the stream, where there is one, knows more.
    if (!this.stop || this.lost) this.all(data.story);
    else this.all(this.parts); // the theme may have changed
    if (data.follow && !this.stop)
      this.stop = liveStreams.watch(data.run, (name, payload, story) => {
        if (name === "lost" || name === "found") this.lost = name === "lost";
        else if (name === "points") this.take("points", story.points);
        else if (PARTS.includes(name)) this.take(name, payload);
      });
  }

  all(story) {
    for (const name of PARTS)
      if (story[name]) this.take(name, story[name]);
  }

  take(name, payload) {
    this.parts[name] = payload;
    this[name](payload);
  }

  status({ share, text, cards, steps }) {
    this.text.textContent = text;
    this.bar.style.width = `${100 * share}%`;
    this.track.setAttribute("aria-valuenow", Math.round(100 * share));
    this.track.setAttribute("aria-valuetext", text);
    if (this.cards.children.length !== cards.length)
      this.cards.replaceChildren(...cards.map(({ label, note }) => {
        const card = element("div", "card");
        card.title = note;
        element("span", "", card, label);
        element("b", "", card);
        return card;
      }));
    cards.forEach(({ value }, i) => { this.cards.children[i].lastChild.textContent = value; });
    if (steps !== this.steps) {
      this.steps = steps;
      if (this.parts.points) this.points(this.parts.points);
      if (this.parts.epochs) this.drawAccuracy();
    }
  }

  points(all) {
    this.loss.draw(lossFigure(this.data.loss, all, this.steps));
  }

  accuracies() {
    if (this.parts.epochs) this.drawAccuracy();
  }

  // The epochs' ends as they came, and how it goes within the epochs.
  drawAccuracy() {
    const { figure, total } = this.parts.epochs;
    const own = structuredClone(figure), { accuracies } = this.parts;
    if (accuracies && this.steps) {
      const epoch = (step) => (step / this.steps) * total;
      const [train, validation] = own.data.slice(-2);
      for (const [trace, { x, y }] of [
        [train, accuracies.train], [validation, accuracies.validation],
      ]) Object.assign(trace, { x: x.map(epoch), y, showlegend: x.length > 0 });
    }
    this.accuracy.draw(own);
  }

  epochs({ fit }) {
    this.drawAccuracy();
    this.fit.replaceChildren();
    if (fit?.over) element("span", "over", this.fit, "Over-fitting: ");
    if (fit) this.fit.append(fit.text);
  }

  images({ images }) {
    const guessed = element("div");
    element("h3", "", guessed, "Ten test images, and what it takes them for now");
    const grid = element("div", "guesses", guessed);
    this.guesses = images.map((image) => {
      const cell = element("div", "", grid);
      const canvas = element("canvas", "", cell);
      paint(canvas, image, 28, 28, this.greys);
      canvas.setAttribute("role", "img");
      const mark = element("span", "", cell);
      return { canvas, mark, guess: element("b", "", mark), share: element("span", "", mark) };
    });
    this.kernels = element("div");
    this.sheets = null;
    this.moving.replaceChildren(guessed, this.kernels);
    if (this.parts.live) this.live(this.parts.live);
  }

  live({ guesses, filters }) {
    if (!this.guesses) return;
    guesses.forEach(({ truth, guess, share }, i) => {
      const cell = this.guesses[i];
      if (!cell) return;
      cell.canvas.setAttribute("aria-label", `A handwritten ${truth}`);
      cell.mark.className = guess === truth ? "right" : "wrong";
      cell.guess.textContent = guess;
      cell.share.textContent = ` ${percent(share)}`;
    });
    if (!filters) {
      const text = "This network has no convolution, so there are no filters to watch.";
      this.kernels.replaceChildren(element("p", "quiet", null, text));
      return;
    }
    const { count, height, width } = filters, size = height * width, { start } = this.parts;
    const isThere = start && start.count === count && start.height === height;
    const shown = isThere ? { "at the start": start, now: filters } : { now: filters };
    const names = `${Object.keys(shown)} ${count}`;
    if (this.sheets?.names !== names) this.filterBox(Object.keys(shown), count, names);
    const largest = Math.max(...Object.values(shown).map((one) => one.largest));
    for (const [when, { data, largest: own }] of Object.entries(shown)) {
      // both on one scale: each came on its own
      const bytes = bytesOf(data).map((byte) => 128 + ((byte - 127.5) * own) / largest);
      this.sheets[when].forEach((tile, i) =>
        paintBytes(tile, bytes.subarray(i * size, (i + 1) * size), width, height, this.table));
    }
    this.high.textContent = largest.toPrecision(2);
    this.low.textContent = `−${this.high.textContent}`;
  }

  start() {
    if (this.parts.live) this.live(this.parts.live);
  }

  // `count` tiles under each name: a kernel at the start stands where it stands now.
  filterBox(shown, count, names) {
    this.kernels.replaceChildren();
    element("h3", "", this.kernels, "The first layer's filters, as they form");
    const pair = element("div", "pair", this.kernels);
    this.sheets = { names };
    for (const when of shown) {
      const side = element("div", "", pair);
      element("p", "quiet", side, `${when[0].toUpperCase()}${when.slice(1)}`);
      const tiles = element("div", "kernels", side);
      tiles.setAttribute("role", "img");
      tiles.setAttribute("aria-label", `Weights of the first convolution ${when}`);
      this.sheets[when] = Array.from({ length: count }, (_, i) => {
        const tile = element("canvas", "", tiles);
        tile.title = `filter ${i}`;
        return tile;
      });
    }
    const scale = element("div", "scale quiet", this.kernels);
    this.low = element("span", "", scale);
    const stops = this.data.colours.map(([at, colour]) => `${colour} ${100 * at}%`);
    element("i", "", scale).style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    this.high = element("span", "", scale);
    element("p", "quiet", this.kernels, "Orange adds what it meets, blue subtracts it.");
  }

  end() {
    if (this.stop) this.stop();
    this.loss?.end();
    this.accuracy?.end();
    this.box.remove();
  }
}

export default function ({ data, parentElement }) {
  const [panel, leave] = placed(parentElement, (at) => new Panel(at), (own) => own.end());
  panel.render(data);
  return leave;
}
