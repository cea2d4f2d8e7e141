// The middle of Play's stage: one image on its way through the network, as columns of maps, and the
// class scores. Clicks go back as `image` (which class's image goes in) and `map` (open it).

class Flow {
  constructor(box) {
    this.at = element("div", "flow", box);
    this.enlarged = element("div", "enlarged", box);
    this.enlarged.hidden = true;
    this.resized = new ResizeObserver(() => {
      if (!this.sheet) return;
      this.measure();
      this.compose();
    });
  }

  // Anew only where it is another network or another image: pictures stay until newer ones come.
  layOut(data, tables, send) {
    Object.assign(this, { data, tables, send });
    const { columns, image, images, chosen, classes, filters, colours } = data;
    const look = JSON.stringify({ columns, image, images, chosen, classes, filters, colours });
    if (look === this.look) return;
    this.look = look;
    const held = this.at.scrollLeft;
    this.at.replaceChildren();
    this.enlarged.hidden = true;
    this.large = null;
    this.tiles = new Map();
    this.filters = [];
    const first = element("div", "column input", this.at);
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
    if (this.columns) this.resized.unobserve(this.columns);
    this.columns = element("div", "columns", this.at);
    data.columns.forEach((column, place) => this.column(column, place));
    const scores = element("div", "column scores", this.at);
    this.reads = element("div", "head", scores, "It reads");
    this.guess = element("div", "guess", scores, "–");
    this.rows = data.classes.map((name) => {
      const row = element("div", "score", scores);
      element("span", "name", row, name);
      const bar = element("i", "", element("span", "bar", row));
      return { row, bar, percent: element("span", "percent", row) };
    });
    this.sheet = element("canvas", "sheet", this.columns);
    this.measure();
    this.resized.observe(this.columns);
    this.at.scrollLeft = held;
  }

  // All maps lie on one canvas: a browser paints one in a fraction of the time of forty.
  measure() {
    const { sheet, columns } = this, ratio = window.devicePixelRatio || 1;
    sheet.width = sheet.height = 0;
    sheet.style.width = sheet.style.height = "0";
    const at = columns.getBoundingClientRect(), { width, height } = at;
    for (const tile of this.shapes()) {
      const box = tile.place.getBoundingClientRect();
      tile.rect = [box.left - at.left + 1, box.top - at.top + 1, box.width - 2, box.height - 2];
    }
    [sheet.width, sheet.height] = [width * ratio, height * ratio];
    Object.assign(sheet.style, { width: `${width}px`, height: `${height}px` });
  }

  shapes() {
    return [...this.tiles.values(), ...this.filters];
  }

  compose() {
    const ratio = window.devicePixelRatio || 1, pen = this.sheet.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.imageSmoothingEnabled = false;
    pen.clearRect(0, 0, this.sheet.width, this.sheet.height);
    for (const { canvas, rect, row, shown } of this.shapes())
      if (shown && !row.hidden) pen.drawImage(canvas, ...rect);
  }

  column(column, place) {
    const filtered = place === 0 && column.maps && this.data.filters;
    const look = column.maps ? (filtered ? "column filtered" : "column") : "column strip";
    const made = element("div", look, this.columns);
    const head = element("div", "head", made, column.title);
    head.title = `Layer ${column.number}: ${column.title}, ${column.note}`;
    const body = element("div", "maps", made);
    const count = column.maps ? 6 : 1;
    for (let i = 0; i < count; i++) {
      const row = element("div", "map", body);
      const button = element("button", column.maps ? "tile" : "tile vector", row);
      const tile = { canvas: document.createElement("canvas"), row, place: button };
      const label = column.maps ? `Layer ${column.number}, ${column.title}, map ${i}`
        : `Layer ${column.number}, ${column.title}: its values`;
      button.setAttribute("aria-label", `${label}: open on Inspect`);
      button.onclick = () => this.send("map", { layer: column.number, channel: i });
      if (column.maps) {
        button.onpointerenter = () => this.enlarge(button, tile.canvas, column, i);
        button.onpointerleave = () => { this.enlarged.hidden = true; this.large = null; };
      } else button.title = label;
      this.tiles.set(`${column.number}:${i}`, tile);
      if (filtered) {
        const place = element("span", "filter", row);
        place.title = "The filter that makes this map";
        this.filters.push({ canvas: document.createElement("canvas"), row, place });
      }
    }
  }

  enlarge(button, canvas, column, channel) {
    const frame = this.at.parentElement.getBoundingClientRect(), at = button.getBoundingClientRect();
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
        const strip = this.tiles.get(`${number}:0`);
        if (strip) this.fill(strip, bytes, 1, bytes.length, table);
        continue;
      }
      const size = shape[1] * shape[2];
      for (let i = 0; i < 6; i++) {
        const found = this.tiles.get(`${number}:${i}`);
        if (!found) continue;
        found.row.hidden = i >= shown.length;
        if (i < shown.length)
          this.fill(found, bytes.subarray(i * size, (i + 1) * size), shape[2], shape[1], table);
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
      this.rows[i].percent.textContent = confidence(share);
    });
    if (filters) this.showFilters(filters);
    else this.compose();
  }

  showFilters(filters) {
    const bytes = bytesOf(filters.data), size = filters.height * filters.width;
    this.filters.slice(0, filters.count).forEach((filter, i) => {
      this.fill(filter, bytes.subarray(i * size, (i + 1) * size), filters.width, filters.height,
        this.tables.signed);
    });
    this.compose();
  }

  fill(tile, bytes, width, height, table) {
    paintBytes(tile.canvas, bytes, width, height, table);
    tile.shown = true;
  }

  end() {
    this.resized.disconnect();
  }
}
