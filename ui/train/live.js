// The Train page's live panel. `data`: the run, its story so far, and the loss curve's figure
// without points; what comes later comes by the run's stream.

const PARTS = ["status", "points", "epochs", "accuracies", "images", "live"]; // what the panel shows of a run

// `count` pictures of `height` x `width` bytes beside and below each other, one pixel between.
function paintTiles(canvas, bytes, count, height, width, columns, table) {
  const across = Math.min(columns, count), down = Math.ceil(count / across);
  canvas.width = across * (width + 1) - 1;
  canvas.height = down * (height + 1) - 1;
  const pen = canvas.getContext("2d");
  const picture = pen.createImageData(canvas.width, canvas.height);
  for (let i = 0; i < bytes.length; i++) {
    const tile = Math.floor(i / (width * height)), inside = i % (width * height);
    const x = (tile % across) * (width + 1) + (inside % width);
    const y = Math.floor(tile / across) * (height + 1) + Math.floor(inside / width);
    picture.data.set([...table[bytes[i]], 255], 4 * (y * canvas.width + x));
  }
  pen.putImageData(picture, 0, 0);
}

// 100 % is said of nothing less: beside the exact figure elsewhere it would be another number.
const percent = (share) =>
  share >= 0.995 ? `${(Math.floor(1000 * share) / 10).toFixed(share < 1 ? 1 : 0)}%`
    : `${Math.round(100 * share)}%`;

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
    this.moving = element("div", "", box);
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
      Object.assign(train, { x: accuracies.train.x.map(epoch), y: accuracies.train.y });
      const { x, y } = accuracies.validation;
      Object.assign(validation, { x: x.map(epoch), y });
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
    const pair = element("div", "pair uneven");
    const left = element("div", "", pair);
    element("h3", "", left, "Ten test images, and what it takes them for now");
    const grid = element("div", "guesses", left);
    this.guesses = images.map((image) => {
      const cell = element("div", "", grid);
      const canvas = element("canvas", "", cell);
      paintTiles(canvas, bytesOf(image), 1, 28, 28, 1, this.greys);
      canvas.setAttribute("role", "img");
      const mark = element("span", "", cell);
      return { canvas, mark, guess: element("b", "", mark), share: element("span", "", mark) };
    });
    this.right = element("div", "", pair);
    this.moving.replaceChildren(pair);
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
      this.right.replaceChildren(element("p", "quiet", null, text));
      return;
    }
    if (!this.right.querySelector("canvas")) this.filterBox();
    const columns = Math.ceil(Math.sqrt(filters.count * 1.6));
    const { count, height, width } = filters;
    paintTiles(this.sheet, bytesOf(filters.data), count, height, width, columns, this.table);
    this.low.textContent = `−${filters.largest}`;
    this.high.textContent = filters.largest;
    this.sheet.onpointermove = (event) => {
      const frame = this.sheet.getBoundingClientRect();
      const across = Math.min(columns, count);
      const column = Math.floor(((event.clientX - frame.left) / frame.width) * across);
      const rows = Math.ceil(count / across);
      const row = Math.floor(((event.clientY - frame.top) / frame.height) * rows);
      this.sheet.title = `filter ${row * across + column}`;
    };
  }

  filterBox() {
    this.right.replaceChildren();
    element("h3", "", this.right, "The first layer's filters, as they form");
    this.sheet = element("canvas", "filters", this.right);
    this.sheet.setAttribute("role", "img");
    this.sheet.setAttribute("aria-label", "Weights of the first convolution");
    const scale = element("div", "scale quiet", this.right);
    this.low = element("span", "", scale);
    const stops = this.data.colours.map(([at, colour]) => `${colour} ${100 * at}%`);
    element("i", "", scale).style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    this.high = element("span", "", scale);
    element("p", "quiet", this.right, "Orange adds what it meets, blue subtracts it.");
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
