// Play's stage. `data`: the run and its story so far, the columns and their first frame, the image
// that goes in. What comes later comes by the run's stream. Clicks go back as the triggers `image`
// (which class's image goes in) and `map` (open it on Inspect).

const APART_TEXT = 300; // ms between two figures in words, which nobody reads faster

class Stage {
  constructor(parent) {
    const box = this.box = element("div", "stage", parent);
    const top = element("div", "top", box);
    this.text = element("span", "progress", top);
    this.numbers = element("span", "numbers", top);
    this.track = element("div", "track", box);
    this.bar = element("i", "", this.track);
    this.track.setAttribute("role", "progressbar");
    this.track.setAttribute("aria-label", "How far the training is");
    this.flow = new Flow(box);
    this.below = element("div", "below", box);
    this.lossAt = this.section("Training loss", "plot-loss", "Training loss by step");
    this.accuracyAt = this.section("Accuracy", "plot-accuracy", "Accuracy by step");
    const words = this.accuracyAt.parentElement.querySelector("h2");
    const keys = element("span", "accuracy-keys");
    keys.append(element("span", "train-colour", null, "training"), ", ",
      element("span", "validation-colour", null, "validation"));
    words.append(": ", keys);
    this.confusionAt = this.section("Confusion", "confusion", "Confusion matrix");
    this.wrongAt = this.section("Wrong now", "mistakes", "");
  }

  section(title, name, label) {
    const made = element("div", `section ${name}-section`, this.below);
    element("h2", "", made, title);
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
      this.state = null;
      clearTimeout(this.telling);
      this.telling = undefined;
      this.loss ??= new Chart(this.lossAt, data.plotly, "");
      this.accuracy ??= new Chart(this.accuracyAt, data.plotly, "");
      this.loss.rename(`${name} play loss`);
      this.accuracy.rename(`${name} play accuracy`);
      const later = data.held_out ? "After the first batches."
        : "No images are held out to look at.";
      for (const at of [this.confusionAt, this.wrongAt])
        at.replaceChildren(element("p", "quiet", null, later));
    }
    this.flow.layOut(data, this.tables, send);
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

  // What is told of the run

  status(told) {
    const wait = this.toldAt + APART_TEXT - performance.now();
    if (wait <= 0 || told.state !== this.state) return this.tell(told);
    this.next = told;
    this.telling ??= setTimeout(() => this.tell(this.next), wait);
  }

  tell({ state, share, text, steps, cards }) {
    clearTimeout(this.telling);
    this.telling = undefined;
    [this.toldAt, this.state] = [performance.now(), state];
    this.text.textContent = text;
    this.bar.style.width = `${100 * share}%`;
    this.track.setAttribute("aria-valuenow", Math.round(100 * share));
    this.track.setAttribute("aria-valuetext", text);
    const shown = cards.filter(({ label, value }) =>
      value !== "–" && label !== "Memory" && label !== "GPU in use");
    const labels = shown.map(({ label }) => label).join();
    if (this.numbers.dataset.labels !== labels || !this.numbers.children.length)
      this.numbers.replaceChildren(...shown.map(({ label, note }) => {
        const made = element("span", "number");
        made.title = note;
        element("b", "", made);
        made.append(` ${label[0].toLowerCase()}${label.slice(1)}`);
        return made;
      }));
    this.numbers.dataset.labels = labels;
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
    Object.assign(figure.data[0], { x: train.x, y: smoothed(train.y) });
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
      `Confusion matrix of ${images} held-out images: ${inPercent(accuracy)} right`);
    this.wrongAt.replaceChildren();
    if (!wrong.length) element("p", "quiet", this.wrongAt, `None of ${images}.`);
    for (const one of wrong) {
      const made = element("div", "mistake", this.wrongAt);
      const canvas = element("canvas", "", made);
      paint(canvas, one.image, 28, 28, this.tables.ink);
      element("span", "", made, `${one.truth}→${one.guess}`);
      made.title = `A ${one.truth}, taken for ${one.guess} at ${confidence(one.share, 0)}`;
    }
  }

  frame(told) {
    this.flow.frame(told);
    this.box.dataset.frames = Number(this.box.dataset.frames ?? 0) + 1;
  }

  live({ filters }) {
    if (filters) this.flow.showFilters(filters);
  }

  end() {
    this.stop?.();
    clearTimeout(this.telling);
    this.flow.end();
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
