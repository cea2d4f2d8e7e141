// The network as columns of activation maps, for one image. Data in, clicks out: `data` is made by
// flow.py; a chosen map comes back as the trigger `chosen` = {layer, channel}.

const SVG = "http://www.w3.org/2000/svg";

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let box = parentElement.querySelector(".box");
  if (!box) {
    box = element("div", "box", parentElement);
    box.tabIndex = -1;
  }
  const held = parentElement.activeElement && parentElement.activeElement.dataset
    ? parentElement.activeElement.dataset.id : null;
  const scrolled = box.scrollLeft;
  const flow = document.createElement("div");
  flow.className = "flow";
  const lines = document.createElementNS(SVG, "svg");
  lines.setAttribute("class", "lines");
  flow.appendChild(lines);
  const tables = { heat: tableOf(data.colours.heat), signed: tableOf(data.colours.signed) };
  const nodes = new Map(); // "layer:channel" -> {element, feeds}
  const strips = new Map(); // layer -> {element, count}
  const mapColumns = data.layers.filter((layer) => layer.maps).length;
  const stripColumns = data.layers.length - mapColumns;
  const room = box.clientWidth - 116 - 168 - stripColumns * 46;
  const column = Math.max(58, Math.min(78, Math.floor(room / Math.max(mapColumns, 1))));
  const tile = column - 20;

  const choose = (layer, channel) => setTriggerValue("chosen", { layer, channel });

  function node(layer, channel, made, feeds, label) {
    const id = `${layer}:${channel}`;
    made.dataset.id = id;
    made.dataset.layer = layer;
    made.dataset.channel = channel;
    made.setAttribute("aria-label", label);
    made.title = label;
    if (layer === data.chosen.layer && channel === data.chosen.channel) {
      made.classList.add("chosen");
      made.setAttribute("aria-current", "true");
    }
    made.onclick = () => choose(layer, channel);
    made.onpointerenter = () => draw(layer, channel);
    made.onpointerleave = () => draw(data.chosen.layer, data.chosen.channel);
    nodes.set(id, { element: made, feeds });
  }

  // The image
  const first = element("div", "column image", flow);
  head(first, "", "Image", "28×28");
  const body = element("div", "body middle", first);
  const picture = element("button", "tile", body);
  const sheet = element("canvas", "", picture);
  paint(sheet, data.image, 28, 28, tableOf([[0, "#0d1117"], [1, "#ffffff"]]));
  sheet.style.width = sheet.style.height = "92px";
  node(0, 0, picture, [], "The image");
  const verdict = element("div", "verdict", body);
  element("div", "reads", verdict, "It reads");
  element("div", "guess", verdict, data.classes[data.guess]);
  if (data.label !== null) {
    const right = data.label === data.guess;
    element("div", right ? "right" : "wrong", verdict,
      right ? "right" : `wrong: it is ${data.classes[data.label]}`);
  }

  function head(parent, number, title, note, hint) {
    const made = element("div", "head", parent);
    element("div", "title", made, number ? `${number} ${title}` : title);
    element("div", "note", made, note);
    if (hint) made.title = hint;
  }

  for (const layer of data.layers) {
    if (layer.scores) continue;
    const made = element("div", layer.maps ? "column" : "column strip", flow);
    made.style.width = layer.maps ? `${column}px` : "46px";
    head(made, layer.number, layer.title, layer.note, layer.summary);
    const inner = element("div", "body", made);
    if (layer.maps) {
      for (const map of layer.tiles) {
        const button = element("button", map.dead ? "tile dead" : "tile", inner);
        const canvas = element("canvas", "", button);
        paint(canvas, map.data, layer.width, layer.height, tables[layer.signed ? "signed" : "heat"]);
        canvas.style.width = canvas.style.height = `${tile}px`;
        node(layer.number, map.channel, button, map.feeds,
          `Layer ${layer.number}, ${layer.summary}, map ${map.channel}: ` +
          (map.dead ? "silent on this image" : `mean ${map.mean}, largest ${map.largest}`));
      }
      if (layer.more) {
        const more = element("button", "more", inner, `+${layer.more}`);
        more.title = `${layer.more} weaker maps: choose any map of this layer to see them all`;
        more.onclick = () => choose(layer.number, layer.tiles[0].channel);
      }
    } else {
      const strip = element("button", "tile vector", inner);
      const canvas = element("canvas", "", strip);
      paint(canvas, layer.data, 1, layer.count, tables[layer.signed ? "signed" : "heat"]);
      strip.title = `Layer ${layer.number}, ${layer.summary}: ${layer.count} values, from the top`;
      strip.setAttribute("aria-label", strip.title);
      strip.onclick = (event) => {
        const frame = canvas.getBoundingClientRect();
        const place = (event.clientY - frame.top) / frame.height;
        choose(layer.number, Math.max(0, Math.min(layer.count - 1, Math.floor(place * layer.count))));
      };
      if (layer.number === data.chosen.layer) strip.classList.add("chosen");
      strips.set(layer.number, { element: canvas, count: layer.count, feeds: layer.feeds });
    }
  }

  // The scores
  const last = data.layers[data.layers.length - 1];
  const scores = element("div", "column scores", flow);
  head(scores, last.number, "Scores", last.note, last.summary);
  const list = element("div", "body spread", scores);
  data.classes.forEach((name, i) => {
    const row = element("button", i === data.guess ? "score winner" : "score", list);
    element("span", "name", row, name);
    const bar = element("span", "bar", row);
    element("i", "", bar).style.width = `${Math.max(data.probabilities[i] * 100, 0.5)}%`;
    element("span", "percent", row, `${(data.probabilities[i] * 100).toFixed(1)}%`);
    node(last.number, i, row, last.feeds[i], `Score of ${name}: ${last.values[i]}`);
  });

  // While the network learns: newer values in the same pictures, several times a second.
  function move({ layers, probabilities: [row] }) {
    for (const { number, shape, shown, signed, data: packed } of layers) {
      const bytes = bytesOf(packed);
      const table = tables[signed ? "signed" : "heat"];
      if (strips.has(number)) paintBytes(strips.get(number).element, bytes, 1, shape[0], table);
      const size = (shape[1] ?? 0) * (shape[2] ?? 0);
      if (size) shown.forEach((channel, i) => {
        const found = nodes.get(`${number}:${channel}`);
        if (!found) return;
        const tile = bytes.subarray(i * size, (i + 1) * size);
        paintBytes(found.element.querySelector("canvas"), tile, shape[2], shape[1], table);
      });
    }
    const guess = row.indexOf(Math.max(...row));
    flow.querySelector(".guess").textContent = data.classes[guess];
    const said = flow.querySelector(".verdict .right, .verdict .wrong");
    if (said) {
      said.className = guess === data.label ? "right" : "wrong";
      said.textContent = guess === data.label ? "right" : `wrong: it is ${data.classes[data.label]}`;
    }
    row.forEach((share, i) => {
      const score = nodes.get(`${last.number}:${i}`).element;
      score.className = i === guess ? "score winner" : "score";
      if (last.number === data.chosen.layer && i === data.chosen.channel)
        score.classList.add("chosen");
      score.querySelector(".bar i").style.width = `${Math.max(share * 100, 0.5)}%`;
      score.querySelector(".percent").textContent = `${(share * 100).toFixed(1)}%`;
    });
  }

  const follow = data.follow;
  let asked = follow?.epochs;
  box.unfollow?.();
  box.unfollow = follow && liveStreams.watch(follow.run, (name, payload) => {
    if (name === "frame") move(payload);
    if (name === "epochs" && payload.count > asked) { // what stands below follows by epochs
      asked = payload.count;
      setTriggerValue("epoch", asked);
    }
  }, [follow.subject]);

  box.replaceChildren(flow);
  box.scrollLeft = scrolled;
  if (held && nodes.has(held)) nodes.get(held).element.focus({ preventScroll: true });

  function place(layer, channel) {
    const frame = flow.getBoundingClientRect();
    const found = nodes.get(`${layer}:${channel}`);
    if (found) {
      const at = found.element.getBoundingClientRect();
      return { left: at.left - frame.left, right: at.right - frame.left,
        y: at.top + at.height / 2 - frame.top };
    }
    const strip = strips.get(layer);
    if (strip) {
      const at = strip.element.getBoundingClientRect();
      return { left: at.left - frame.left, right: at.right - frame.left,
        y: at.top + (at.height * (channel + 0.5)) / strip.count - frame.top };
    }
    const column = [...flow.querySelectorAll(".column")][layer];
    const more = column && column.querySelector(".more");
    if (!more) return null;
    const at = more.getBoundingClientRect();
    return { left: at.left - frame.left, right: at.right - frame.left,
      y: at.top + at.height / 2 - frame.top, faint: true };
  }

  function feedsOf(layer, channel) {
    const found = nodes.get(`${layer}:${channel}`);
    if (found) return found.feeds;
    const strip = strips.get(layer);
    return strip && strip.feeds ? strip.feeds[channel] || [] : [];
  }

  // From the chosen map back, through layers that pass a map on as it is, to where maps were mixed.
  function draw(layer, channel) {
    lines.replaceChildren();
    lines.setAttribute("width", flow.scrollWidth);
    lines.setAttribute("height", flow.scrollHeight);
    let from = [[layer, channel]];
    for (let depth = 0; from.length === 1 && depth < data.layers.length; depth++) {
      const [[number, at]] = from;
      const end = place(number, at);
      const feeds = feedsOf(number, at) || [];
      if (!end || number < 1) return;
      for (const [source, share] of [...feeds].reverse()) {
        const begin = place(number - 1, source);
        if (!begin) continue;
        const path = document.createElementNS(SVG, "path");
        const middle = (begin.right + end.left) / 2;
        path.setAttribute("d",
          `M${begin.right},${begin.y} C${middle},${begin.y} ${middle},${end.y} ${end.left},${end.y}`);
        path.setAttribute("class", share < 0 ? "down" : "up");
        path.style.strokeWidth = `${1 + Math.abs(share) * 4.5}px`;
        path.style.opacity = (begin.faint ? 0.25 : 0.4) + Math.abs(share) * 0.45;
        lines.appendChild(path);
      }
      from = feeds.map(([source]) => [number - 1, source]);
    }
  }

  draw(data.chosen.layer, data.chosen.channel);
  let width = box.clientWidth;
  const watcher = new ResizeObserver(() => {
    if (Math.abs(box.clientWidth - width) < 2) return;
    width = box.clientWidth;
    draw(data.chosen.layer, data.chosen.channel);
  });
  watcher.observe(box);
  const unfollow = box.unfollow;
  return () => {
    watcher.disconnect();
    if (box.unfollow === unfollow) unfollow?.();
  };
}
