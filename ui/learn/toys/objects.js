// Lesson "From edges to objects": a trained network's maps on a digit or a drawing, layer by layer,
// what part of the image each value sees, and what excites a map most.

// The layers that are shown: after each activation function; with the square of the image that one
// value of theirs sees: its side, where the first one starts, and how far the next is from it.
function receptiveFields(layers) {
  const found = [];
  let [side, jump, start] = [1, 1, 0];
  layers.forEach((layer, i) => {
    if (layer.k) {
      side += (layer.k - 1) * jump;
      start -= (layer.padding ?? 0) * jump;
      jump *= layer.stride ?? 1;
    }
    if (layer.kind === "activation") found.push({ step: i + 1, side, jump, start });
  });
  return found;
}

class Objects extends Toy {
  build() {
    this.images = imagesOf(this.data.digits);
    this.network = loaded(this.data.compact);
    this.shownLayers = receptiveFields(this.network.layers);
    const ink = tableOf(this.data.colours.ink);
    const top = element("div", "line", this.box);
    this.markPicture = choice(top, "A digit, or draw", this.images.map((_, i) => [i, `Digit ${i}`]),
      (picture) => { this.drawn = null; this.keep({ picture }); }, (i) => thumbnail(this.images[i], ink));
    button(top, "Blank sheet", () => { this.drawn = new Float64Array(784); this.keep({}); });
    this.markLayer = tabs(this.box, "Layer", this.shownLayers.map((_, i) => [String(i + 1), `Layer ${i + 1}`]), (layer) => this.keep({ layer, map: 0 }));
    const line = element("div", "line top", this.box);
    const left = element("div", "", line);
    this.paper = new Paper(left, "Image: draw on it", { width: 224, change: (image) => { this.drawn = image; this.keep({}); } });
    this.answer = element("p", "word", left);
    this.large = new MapView(line, "", { width: 224, point: (r, c) => { this.place = [r, c]; this.drawPlace(); },
      leave: () => { this.place = null; this.drawPlace(); } });
    this.tiles = element("div", "tiles grow", line);
    const excites = this.part("What excites this map most, among the ten digits");
    this.crops = element("div", "line", excites);
    this.words = element("p", "quiet", excites);
  }

  get image() { return this.drawn ?? this.images[this.state.picture]; }

  get layer() { return this.shownLayers[Number(this.state.layer) - 1]; }

  draw() {
    const { heat } = this.data.colours;
    this.markPicture(this.drawn ? null : this.state.picture);
    this.markLayer(this.state.layer);
    const steps = asked(this.network, this.image);
    const shares = sharesOf(this.network, steps);
    const best = shares.indexOf(Math.max(...shares));
    this.answer.textContent = `${best}`;
    element("small", "", this.answer, ` ${percent(shares[best])}`);
    const { values, shape: [channels, rows, columns] } = steps[this.layer.step];
    const area = rows * columns;
    this.state.map = Math.min(this.state.map, channels - 1);
    this.maps = Array.from({ length: channels }, (_, c) => values.subarray(c * area, (c + 1) * area));
    Object.assign(this, { rows, columns, peak: Math.max(1e-9, ...values) });
    const table = tableOf(heat);
    this.tiles.replaceChildren(...this.maps.map((map, c) => {
      const tile = element("button", "tile");
      tile.setAttribute("aria-label", `Map ${c}`);
      tile.setAttribute("aria-pressed", String(c === this.state.map));
      tile.onclick = () => this.keep({ map: c });
      paintBytes(element("canvas", "", tile), Uint8Array.from(map, (v) =>
        Math.round(Math.min(1, v / (this.peak * 0.7)) * 255)), columns, rows, table);
      return tile;
    }));
    this.drawPlace();
    this.drawCrops();
    this.box.dataset.best = best;
    this.say(`Reads ${best}. Layer ${this.state.layer}, map ${this.state.map}.`);
  }

  // What of the image the value at a place sees: [row, column, height, width].
  fieldOf(row, column) {
    const { side, jump, start } = this.layer;
    return [row * jump + start, column * jump + start, side, side];
  }

  drawPlace() {
    const map = this.maps[this.state.map];
    const strongest = map.indexOf(Math.max(...map));
    const [row, column] = this.place && this.place[0] < this.rows && this.place[1] < this.columns
      ? this.place : [Math.floor(strongest / this.columns), strongest % this.columns];
    this.large.title.textContent = `Map ${this.state.map}: framed is ${this.place ? "the value pointed at" : "its strongest value"}, ${text(map[row * this.columns + column])}; it sees ${this.layer.side}×${this.layer.side} pixels`;
    this.large.show(map, this.rows, this.columns, { scale: this.data.colours.heat, peak: this.peak * 0.7, frames: [[row, column, 1, 1]], numbers: false });
    this.paper.paint(this.image, this.data.colours.ink, [this.fieldOf(row, column)]);
  }

  // The maps of the ten digits, computed once.
  outputs() {
    this.known ??= this.images.map((image) => asked(this.network, image));
    return this.known;
  }

  drawCrops() {
    const area = this.rows * this.columns;
    const { side } = this.layer;
    const found = this.outputs().map((steps, digit) => {
      const map = steps[this.layer.step].values.subarray(this.state.map * area, (this.state.map + 1) * area);
      const peak = Math.max(...map);
      const at = map.indexOf(peak);
      return { digit, peak, field: this.fieldOf(Math.floor(at / this.columns), at % this.columns) };
    }).sort((a, b) => b.peak - a.peak).slice(0, 5);
    const ink = tableOf(this.data.colours.ink);
    this.crops.replaceChildren(...found.map(({ digit, peak, field: [top, left] }) => {
      const crop = Float64Array.from({ length: side * side }, (_, i) => {
        const [y, x] = [top + Math.floor(i / side), left + (i % side)];
        return y >= 0 && y < 28 && x >= 0 && x < 28 ? this.images[digit][y * 28 + x] : 0;
      });
      const box = element("figure", "map");
      const canvas = thumbnail(crop, ink, side);
      canvas.style.width = canvas.style.height = "88px";
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Part of a ${digit}`);
      box.append(canvas);
      element("figcaption", "", box, `of a ${digit}: ${text(peak)}`);
      return box;
    }));
    const dead = found[0].peak <= 0;
    this.words.textContent = dead ? "Nothing: it is silent for all ten digits." : {
      1: "Small pieces of stroke: an edge, a line, a dot of ink. No digit can be told from one.",
      2: "Larger pieces: strokes that bend, meet or end, made of the first layer's edges.",
      3: "Whole parts of digits: loops, crossings, feet. The last layer weighs these.",
    }[this.state.layer];
    this.box.dataset.excited = String(found[0].digit);
  }
}

export default shown(Objects);
