// Play's stage. `data`: the run and its story so far, the columns and their first frame, the image
// that goes in. What comes later comes by the run's stream. Clicks go back as the triggers `image`
// (which class's image goes in) and `map` (open it on Inspect).

class Stage {
  constructor(parent) {
    const box = this.box = element("div", "stage", parent);
    const top = element("div", "top", box);
    this.text = element("span", "progress", top);
    this.numbers = element("span", "numbers", top);
    this.track = element("div", "track", box);
    this.bar = element("i", "", this.track);
    this.track.setAttribute("role", "progressbar");
    this.flow = element("div", "flow", box);
    this.below = element("div", "below", box);
    this.lossAt = this.section("Training loss", "plot-loss", "Training loss by step");
    this.accuracyAt = this.section("Accuracy", "plot-accuracy", "Accuracy by step");
    const words = this.accuracyAt.parentElement.querySelector("h5");
    words.append(": ", element("span", "train-colour", null, "training"), ", ",
      element("span", "new-colour", null, "new"));
    this.confusionAt = this.section("Confusion", "confusion", "Confusion matrix");
    this.wrongAt = this.section("Wrong now", "mistakes", "");
    this.enlarged = element("div", "enlarged", box);
    this.enlarged.hidden = true;
  }

  section(title, name, label) {
    const made = element("div", `section ${name}-section`, this.below);
    element("h5", "", made, title);
    const at = element("div", name, made);
    if (label) {
      at.setAttribute("role", "img");
      at.setAttribute("aria-label", label);
    }
    return at;
  }

  render(data, send) {
    Object.assign(this, { data, send });
    this.tables = { heat: tableOf(data.colours.heat), signed: tableOf(data.colours.signed),
      ink: tableOf(data.colours.ink), confusions: data.colours.confusions };
    const name = data.run ?? "none";
    if (this.run !== name) {
      this.run = name;
      this.stop?.();
      this.stop = null;
      this.known = {};
      this.steps = 0;
      this.loss ??= new Chart(this.lossAt, data.plotly, "");
      this.accuracy ??= new Chart(this.accuracyAt, data.plotly, "");
      this.loss.rename(`${name} play loss`);
      this.accuracy.rename(`${name} play accuracy`);
      const later = data.held_out ? "After the first batches."
        : "No images are held out to look at.";
      for (const at of [this.confusionAt, this.wrongAt])
        at.replaceChildren(element("p", "quiet", null, later));
    }
    this.layOut();
    const frame = this.known.frame?.key === data.subject && data.follow
      ? this.known.frame : data.frame;
    if (frame) this.frame(frame);
    this.story(data.follow && this.stop ? this.known : data.story);
    if (!data.run) this.untrained();
    if (this.subject !== data.subject || !data.follow) {
      this.stop?.();
      this.stop = null;
    }
    this.subject = data.subject;
    if (data.follow && !this.stop)
      this.stop = liveStreams.watch(data.run, (event, payload, story) => {
        if (event === "points") this.take("points", story.points);
        else if (this.takes(event)) this.take(event, payload);
      }, [data.subject]);
  }

  takes(name) {
    return ["status", "points", "live", "check", "accuracies", "frame"].includes(name);
  }

  take(name, payload) {
    this.known[name] = payload;
    this[name](payload);
  }

  story(parts) {
    if (!parts.points) {
      this.points({ x: [], y: [] });
      this.accuracies({ train: { x: [], y: [] }, validation: { x: [], y: [] } });
    }
    for (const name of ["status", "points", "accuracies", "check", "live"])
      if (parts[name]) this.take(name, parts[name]);
  }

  untrained() {
    this.text.textContent = this.data.loading
      ? "Loading PyTorch: a few seconds …" : "Random weights: it knows nothing yet.";
    this.bar.style.width = "0";
    this.numbers.replaceChildren();
  }

  // The picture

  // Anew only where it is another network or another image: pictures stay until newer ones come.
  layOut() {
    const { data } = this, { columns, image, images, chosen, classes, filters, colours } = data;
    const look = JSON.stringify({ columns, image, images, chosen, classes, filters, colours });
    if (look === this.look) return;
    this.look = look;
    const held = this.flow.scrollLeft;
    this.flow.replaceChildren();
    this.enlarged.hidden = true;
    this.large = null;
    this.canvases = new Map();
    this.filterCanvases = [];
    const first = element("div", "column input", this.flow);
    element("div", "head", first, "Image");
    const sheet = element("canvas", "big", first);
    paint(sheet, data.image, 28, 28, this.tables.ink);
    sheet.setAttribute("role", "img");
    sheet.setAttribute("aria-label", data.chosen === null ? "Your drawing" : "The image that goes in");
    const thumbs = element("div", "thumbs", first);
    data.images.forEach((image, i) => {
      const button = element("button", i === data.chosen ? "chosen" : "", thumbs);
      const canvas = element("canvas", "", button);
      paint(canvas, image, 28, 28, this.tables.ink);
      button.title = `Send this ${data.classes[i]} through`;
      button.setAttribute("aria-label", button.title);
      if (i === data.chosen) button.setAttribute("aria-current", "true");
      button.onclick = () => this.send("image", i);
    });
    data.columns.forEach((column, place) => this.column(column, place));
    const scores = element("div", "column scores", this.flow);
    this.reads = element("div", "head", scores, "It reads");
    this.guess = element("div", "guess", scores, "–");
    this.rows = data.classes.map((name) => {
      const row = element("div", "score", scores);
      element("span", "name", row, name);
      const bar = element("i", "", element("span", "bar", row));
      return { row, bar, percent: element("span", "percent", row) };
    });
    this.flow.scrollLeft = held;
  }

  column(column, place) {
    const filtered = place === 0 && column.maps && this.data.filters;
    const look = column.maps ? (filtered ? "column filtered" : "column") : "column strip";
    const made = element("div", look, this.flow);
    const head = element("div", "head", made, column.title);
    head.title = `Layer ${column.number}: ${column.title}, ${column.note}`;
    const body = element("div", "maps", made);
    const count = column.maps ? 6 : 1;
    for (let i = 0; i < count; i++) {
      const row = element("div", "map", body);
      const button = element("button", column.maps ? "tile" : "tile vector", row);
      const canvas = element("canvas", "", button);
      canvas.width = canvas.height = 1;
      const label = column.maps ? `Layer ${column.number}, ${column.title}, map ${i}`
        : `Layer ${column.number}, ${column.title}: its values`;
      button.setAttribute("aria-label", `${label}: open on Inspect`);
      button.onclick = () => this.send("map", { layer: column.number, channel: i });
      if (column.maps) {
        button.onpointerenter = () => this.enlarge(button, canvas, column, i);
        button.onpointerleave = () => { this.enlarged.hidden = true; this.large = null; };
      } else button.title = label;
      this.canvases.set(`${column.number}:${i}`, { canvas, row });
      if (filtered) {
        const filter = element("canvas", "filter", row);
        filter.title = "The filter that makes this map";
        filter.hidden = true;
        this.filterCanvases.push(filter);
      }
    }
  }

  enlarge(button, canvas, column, channel) {
    const frame = this.box.getBoundingClientRect(), at = button.getBoundingClientRect();
    this.enlarged.hidden = false;
    this.enlarged.replaceChildren();
    const copy = element("canvas", "", this.enlarged);
    element("div", "", this.enlarged,
      `Layer ${column.number}, ${column.title}: map ${channel} of ${column.note}. Click: Inspect`);
    const left = Math.min(at.right - frame.left + 8, frame.width - 200);
    this.enlarged.style.left = `${Math.max(0, left)}px`;
    this.enlarged.style.top = `${Math.max(0, at.top - frame.top - 60)}px`;
    this.large = { canvas, copy };
    this.copyLarge();
  }

  copyLarge() {
    if (!this.large) return;
    const { canvas, copy } = this.large;
    [copy.width, copy.height] = [canvas.width, canvas.height];
    copy.getContext("2d").drawImage(canvas, 0, 0);
  }

  frame({ layers, probabilities: [row], filters }) {
    for (const { number, shape, shown, signed, data } of layers) {
      const bytes = bytesOf(data), table = this.tables[signed ? "signed" : "heat"];
      if (shape.length === 1) {
        const strip = this.canvases.get(`${number}:0`);
        if (strip) paintBytes(strip.canvas, bytes, 1, bytes.length, table);
        continue;
      }
      const size = shape[1] * shape[2];
      for (let i = 0; i < 6; i++) {
        const found = this.canvases.get(`${number}:${i}`);
        if (!found) continue;
        found.row.hidden = i >= shown.length;
        if (i < shown.length)
          paintBytes(found.canvas, bytes.subarray(i * size, (i + 1) * size), shape[2], shape[1],
            table);
      }
    }
    this.copyLarge();
    const guess = row.indexOf(Math.max(...row));
    this.guess.textContent = this.data.classes[guess] ?? "–";
    this.guess.className = "guess" + (this.data.chosen === null ? ""
      : guess === this.data.chosen ? " right" : " wrong");
    row.forEach((share, i) => {
      if (!this.rows[i]) return;
      this.rows[i].row.className = i === guess ? "score winner" : "score";
      this.rows[i].bar.style.width = `${Math.max(100 * share, 0.5)}%`;
      this.rows[i].percent.textContent = `${Math.min(100 * share, 99.9).toFixed(1)}%`;
    });
    if (filters !== undefined) this.live({ filters });
    this.box.dataset.frames = Number(this.box.dataset.frames ?? 0) + 1;
  }

  // What is told of the run

  status({ share, text, steps, cards }) {
    this.text.textContent = text;
    this.bar.style.width = `${100 * share}%`;
    this.track.setAttribute("aria-valuenow", Math.round(100 * share));
    this.track.setAttribute("aria-valuetext", text);
    const shown = cards.filter(({ label, value }) =>
      value !== "–" && label !== "Memory" && label !== "GPU in use");
    if (this.numbers.children.length !== shown.length)
      this.numbers.replaceChildren(...shown.map(({ label, note }) => {
        const made = element("span", "number");
        made.title = note;
        element("b", "", made);
        made.append(` ${label[0].toLowerCase()}${label.slice(1)}`);
        return made;
      }));
    shown.forEach(({ value }, i) => { this.numbers.children[i].firstChild.textContent = value; });
    if (steps !== this.steps) {
      this.steps = steps;
      if (this.known.points) this.points(this.known.points);
      if (this.known.accuracies) this.accuracies(this.known.accuracies);
    }
  }

  points(all) {
    this.loss.draw(lossFigure(this.data.loss, all, this.steps));
  }

  accuracies({ train, validation }) {
    const figure = structuredClone(this.data.accuracy);
    Object.assign(figure.data[0], { x: train.x, y: smoothed(train.y, 0.8) });
    Object.assign(figure.data[1], validation);
    if (this.steps) figure.layout.xaxis.range = [0, this.steps];
    this.accuracy.draw(figure);
  }

  check({ confusion, wrong, images, accuracy }) {
    const { classes } = this.data, size = confusion.length;
    const grid = element("div", "cells");
    grid.style.gridTemplateColumns = `repeat(${size + 1}, 1fr)`;
    element("span", "", grid);
    for (const name of classes) element("span", "axis", grid, name.slice(0, 2));
    confusion.forEach((row, truth) => {
      element("span", "axis", grid, classes[truth].slice(0, 2));
      const all = row.reduce((sum, n) => sum + n, 0) || 1;
      row.forEach((count, guess) => {
        const cell = element("i", truth === guess ? "hit" : "", grid);
        const share = count / all;
        cell.style.opacity = truth === guess ? 0.12 + 0.88 * share : Math.sqrt(share);
        cell.title = `${count} of ${all} ${classes[truth]} read as ${classes[guess]}`;
      });
    });
    this.confusionAt.replaceChildren(grid);
    this.confusionAt.setAttribute("aria-label",
      `Confusion matrix of ${images} held-out images: ${(100 * accuracy).toFixed(1)} % right`);
    this.wrongAt.replaceChildren();
    if (!wrong.length) element("p", "quiet", this.wrongAt, `None of ${images}.`);
    for (const one of wrong) {
      const made = element("div", "mistake", this.wrongAt);
      const canvas = element("canvas", "", made);
      paint(canvas, one.image, 28, 28, this.tables.ink);
      element("span", "", made, `${one.truth}→${one.guess}`);
      made.title = `A ${one.truth}, taken for ${one.guess} at ${Math.round(100 * one.share)} %`;
    }
  }

  live({ filters }) {
    if (!filters) return;
    const bytes = bytesOf(filters.data), size = filters.height * filters.width;
    this.filterCanvases.forEach((canvas, i) => {
      canvas.hidden = i >= filters.count;
      if (i < filters.count)
        paintBytes(canvas, bytes.subarray(i * size, (i + 1) * size), filters.width, filters.height,
          this.tables.signed);
    });
  }

  end() {
    this.stop?.();
    this.loss?.end();
    this.accuracy?.end();
    this.box.remove();
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const [stage, leave] = placed(parentElement, (at) => new Stage(at), (own) => own.end());
  stage.render(data, (name, value) => setTriggerValue(name, value));
  return leave;
}
