// The network as columns of activation maps, for one image. Data in, clicks out: `data` is made by
// flow.py; a chosen map comes back as the trigger `chosen` = {layer, channel}.

const SVG = "http://www.w3.org/2000/svg";
const NARROW = 560; // pixels: in less, image and scores stand above the layers

export default function show(component) {
  const { data, parentElement, setTriggerValue } = component;
  let box = parentElement.querySelector(".box");
  if (!box) {
    box = element("div", "box", parentElement);
    box.tabIndex = -1;
  }
  const narrow = box.clientWidth < NARROW;
  box.classList.toggle("narrow", narrow);
  const held = parentElement.activeElement && parentElement.activeElement.dataset
    ? parentElement.activeElement.dataset.id : null;
  const scrolled = box.querySelector(".layers")?.scrollLeft ?? 0;
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
  // Larger where the page's type is, such as in projector mode.
  const larger = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const room = box.clientWidth - (108 + 154) * larger - stripColumns * 46;
  const widest = Math.floor(82 * larger);
  const column = Math.max(60, Math.min(widest, Math.floor(room / Math.max(mapColumns, 1))));
  const tile = column - 16;

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
  const above = element("div", "above");
  const first = element("div", "column image", narrow ? above : flow);
  head(first, "", "Image", "28×28");
  const body = element("div", "body middle", first);
  const picture = element("button", "tile", body);
  const sheet = element("canvas", "", picture);
  paint(sheet, data.image, 28, 28, tableOf([[0, "#0d1117"], [1, "#ffffff"]]));
  sheet.style.width = sheet.style.height = `${92 * larger}px`;
  node(0, 0, picture, [], "The image");
  const verdict = element("div", "verdict", body);
  element("div", "reads", verdict, "It reads");
  element("div", "guess", verdict, data.classes[data.guess]);
  if (data.label !== null) {
    const right = data.label === data.guess;
    element("div", right ? "right" : "wrong", verdict,
      right ? "right" : `wrong: it is ${data.classes[data.label]}`);
  }

  element("div", "hint", verdict, "Click a map or a score to look closer.");

  function head(parent, number, title, note, hint) {
    const made = element("div", "head", parent);
    element("div", "title", made, number ? `${number} ${title}` : title);
    element("div", "note", made, note);
    if (hint) made.title = hint;
  }

  for (const layer of data.layers) {
    if (layer.scores) continue;
    const made = element("div", layer.maps ? "column" : "column strip", flow);
    made.dataset.column = layer.number;
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
  const scores = element("div", "column scores", narrow ? above : flow);
  head(scores, last.number, "Scores", last.note, last.summary);
  const list = element("div", "body spread", scores);
  data.classes.forEach((name, i) => {
    const row = element("button", i === data.guess ? "score winner" : "score", list);
    element("span", "name", row, name);
    const bar = element("span", "bar", row);
    element("i", "", bar).style.width = `${Math.max(data.probabilities[i] * 100, 0.5)}%`;
    element("span", "percent", row, confidence(data.probabilities[i]));
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
    verdict.querySelector(".guess").textContent = data.classes[guess];
    const said = verdict.querySelector(".right, .wrong");
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
      score.querySelector(".percent").textContent = confidence(share);
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

  const sheetOfLayers = element("div", "layers");
  sheetOfLayers.append(flow);
  box.replaceChildren(...(narrow ? [above] : []), sheetOfLayers);
  sheetOfLayers.scrollLeft = scrolled;

  // One stop of the Tab key; arrow keys go from picture to picture.
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", "The network: arrow keys go from map to map, Enter chooses one");
  const grid = [...box.querySelectorAll(".column")]
    .map((part) => [...part.querySelectorAll("button")]).filter((part) => part.length);
  const stopAt = (stop) =>
    grid.flat().forEach((made) => { made.tabIndex = made === stop ? 0 : -1; });
  stopAt(box.querySelector("[aria-current]") ?? box.querySelector("button.chosen") ?? grid[0][0]);
  box.onkeydown = (event) => {
    const move = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const [across, down] = move[event.key] ?? [0, 0];
    const from = grid.findIndex((part) => part.includes(event.target));
    if (from < 0 || !(across || down)) return;
    event.preventDefault();
    const middle = (made) => made.getBoundingClientRect().top + made.offsetHeight / 2;
    const away = (made) => Math.abs(middle(made) - middle(event.target));
    const next = across
      ? [...(grid[from + across] ?? [])].sort((a, b) => away(a) - away(b))[0]
      : grid[from][grid[from].indexOf(event.target) + down];
    if (!next) return;
    stopAt(next);
    next.focus();
  };
  if (held && nodes.has(held)) nodes.get(held).element.focus({ preventScroll: true });

  function place(layer, channel) {
    const frame = flow.getBoundingClientRect();
    const found = nodes.get(`${layer}:${channel}`);
    if (found && !flow.contains(found.element)) return null; // it stands above the layers
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
    const more = flow.querySelector(`[data-column="${layer}"] .more`);
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

  function join(begin, end, share) {
    const path = document.createElementNS(SVG, "path");
    const middle = (begin.right + end.left) / 2;
    path.setAttribute("d",
      `M${begin.right},${begin.y} C${middle},${begin.y} ${middle},${end.y} ${end.left},${end.y}`);
    path.setAttribute("class", share < 0 ? "down" : "up");
    path.style.strokeWidth = `${1 + Math.abs(share) * 4.5}px`;
    path.style.opacity = (begin.faint ? 0.25 : 0.4) + Math.abs(share) * 0.45;
    lines.appendChild(path);
  }

  // Where a map goes to in the layer after it: to the map it adds most to, and of the score that
  // wins, by the unit that speaks loudest for it. [layer, channel, share], or null.
  function onwards(layer, channel) {
    const next = data.layers.find(({ number }) => number === layer + 1);
    if (!next) return null;
    const share = (feeds) => (feeds ?? []).find(([source]) => source === channel)?.[1] ?? 0;
    if (next.scores) return [next.number, data.guess, share(next.feeds[data.guess])];
    if (next.maps) {
      const size = ({ feeds }) => Math.abs(share(feeds));
      const [best] = [...next.tiles].sort((a, b) => size(b) - size(a));
      return best ? [next.number, best.channel, share(best.feeds)] : null;
    }
    const before = data.layers.find(({ number }) => number === layer);
    if (!before?.maps || next.number + 1 !== last.number) return null;
    const area = next.count / (before.tiles.length + before.more);
    const [unit] = last.feeds[data.guess].find(([one]) => Math.floor(one / area) === channel)
      ?? [Math.floor((channel + 0.5) * area)];
    return [next.number, unit, 1];
  }

  // From the chosen map back, through layers that pass a map on as it is, to where maps were mixed;
  // and on to the winning score.
  function draw(layer, channel) {
    lines.replaceChildren();
    lines.setAttribute("width", flow.scrollWidth);
    lines.setAttribute("height", flow.scrollHeight);
    for (let at = [layer, channel], to; layer && (to = onwards(...at)); at = to.slice(0, 2)) {
      const [begin, end] = [place(...at), place(to[0], to[1])];
      if (!begin || !end) break;
      join(begin, end, to[2] || 0.1);
    }
    let from = [[layer, channel]];
    for (let depth = 0; from.length === 1 && depth < data.layers.length; depth++) {
      const [[number, at]] = from;
      const end = place(number, at);
      const feeds = feedsOf(number, at) || [];
      if (!end || number < 1) return;
      for (const [source, share] of [...feeds].reverse()) {
        const begin = place(number - 1, source);
        if (begin) join(begin, end, share);
      }
      from = feeds.map(([source]) => [number - 1, source]);
    }
  }

  draw(data.chosen.layer, data.chosen.channel);
  let width = box.clientWidth, again;
  const watcher = new ResizeObserver(() => {
    if (Math.abs(box.clientWidth - width) < 2) return;
    width = box.clientWidth;
    if (width && narrow !== width < NARROW) { // a phone was turned
      watcher.disconnect();
      again = show(component);
      return;
    }
    draw(data.chosen.layer, data.chosen.channel);
  });
  watcher.observe(box);
  const unfollow = box.unfollow;
  return () => {
    watcher.disconnect();
    again?.();
    if (box.unfollow === unfollow) unfollow?.();
  };
}
