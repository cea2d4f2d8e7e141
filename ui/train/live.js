// The Train page's live panel. `data`: the run, its story so far, and the loss curve's figure
// without points; what comes later comes by the run's stream.

const el = (tag, className, parent, text) => {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
};

const PARTS = ["status", "points", "epochs", "images", "live"]; // what the panel shows of a run
const bytesOf = (packed) => Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));

// A moving average as cnn.common.smoothing takes it, with its correction at the start.
function smoothed(values, weight = 0.9) {
  let total = 0, share = 0;
  return values.map((value) => {
    total = weight * total + (1 - weight) * value;
    share = weight * share + (1 - weight);
    return total / share;
  });
}

function colourTable(scale) {
  const rgb = (code) => [1, 3, 5].map((i) => parseInt(code.slice(i, i + 2), 16));
  return Array.from({ length: 256 }, (_, byte) => {
    const at = byte / 255;
    const next = Math.max(scale.findIndex((stop) => stop[0] >= at), 1);
    const [[from, a], [to, b]] = [scale[next - 1], scale[next]];
    const share = (at - from) / (to - from);
    return rgb(a).map((low, i) => Math.round(low + (rgb(b)[i] - low) * share));
  });
}

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

class Panel {
  constructor(parent) {
    const box = this.box = el("div", "live", parent);
    const progress = el("div", "", box);
    this.text = el("p", "progress-text", progress);
    const track = this.track = el("div", "track", progress);
    track.setAttribute("role", "progressbar");
    this.bar = el("i", "", track);
    const charts = el("div", "pair", box);
    this.lossAt = this.plot(charts, "Training loss", "Training loss by step", "loss");
    this.accuracyAt = this.plot(charts, "Accuracy", "Accuracy by epoch", "accuracy");
    this.cards = el("div", "cards", box);
    this.fit = el("p", "quiet fit", box);
    this.moving = el("div", "", box);
    this.greys = Array.from({ length: 256 }, (_, byte) => [byte, byte, byte]);
    this.wait();
  }

  plot(parent, title, label, name) {
    const section = el("div", "", parent);
    el("h5", "", section, title);
    const at = el("div", `plot plot-${name}`, section);
    at.setAttribute("role", "img");
    at.setAttribute("aria-label", label);
    return at;
  }

  wait() {
    const text = "The first guesses and filters appear with the first batch.";
    this.moving.replaceChildren(el("p", "quiet", null, text));
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
      this.table = colourTable(data.colours);
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
        const card = el("div", "card");
        card.title = note;
        el("span", "", card, label);
        el("b", "", card);
        return card;
      }));
    cards.forEach(({ value }, i) => { this.cards.children[i].lastChild.textContent = value; });
    if (steps !== this.steps) {
      this.steps = steps;
      if (this.parts.points) this.points(this.parts.points);
    }
  }

  points(all) {
    const { x, y } = thinned(all, 400);
    const figure = structuredClone(this.data.loss);
    const [raw, smooth] = figure.data;
    Object.assign(raw, { x, y });
    Object.assign(smooth, { x, y: smoothed(y) });
    if (x.length) { // an axis that stood fixed while it was empty
      delete figure.layout.yaxis.range;
      figure.layout.yaxis.rangemode = "tozero";
    }
    if (this.steps) figure.layout.xaxis.range = [0, this.steps];
    this.loss.draw(figure);
  }

  epochs({ figure, fit }) {
    this.accuracy.draw(figure);
    this.fit.replaceChildren();
    if (fit?.over) el("span", "over", this.fit, "Over-fitting: ");
    if (fit) this.fit.append(fit.text);
  }

  images({ images }) {
    const pair = el("div", "pair uneven");
    const left = el("div", "", pair);
    el("h5", "", left, "Ten test images, and what it takes them for now");
    const grid = el("div", "guesses", left);
    this.guesses = images.map((image) => {
      const cell = el("div", "", grid);
      const canvas = el("canvas", "", cell);
      paintTiles(canvas, bytesOf(image), 1, 28, 28, 1, this.greys);
      canvas.setAttribute("role", "img");
      const mark = el("span", "", cell);
      return { canvas, mark, guess: el("b", "", mark), share: el("span", "", mark) };
    });
    this.right = el("div", "", pair);
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
      cell.share.textContent = ` ${Math.round(100 * share)}%`;
    });
    if (!filters) {
      const text = "This network has no convolution, so there are no filters to watch.";
      this.right.replaceChildren(el("p", "quiet", null, text));
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
    el("h5", "", this.right, "The first layer's filters, as they form");
    this.sheet = el("canvas", "filters", this.right);
    this.sheet.setAttribute("role", "img");
    this.sheet.setAttribute("aria-label", "Weights of the first convolution");
    const scale = el("div", "scale quiet", this.right);
    this.low = el("span", "", scale);
    const stops = this.data.colours.map(([at, colour]) => `${colour} ${100 * at}%`);
    el("i", "", scale).style.background = `linear-gradient(to right, ${stops.join(", ")})`;
    this.high = el("span", "", scale);
    el("p", "quiet", this.right, "Orange adds what it meets, blue subtracts it.");
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
