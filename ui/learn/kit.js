// What the lessons' toys are made of: the toy itself, controls, networks asked.
// A toy is a class with `build()`, once, and `draw()`, at each change of its `state`.

const FRAME = "#3fd6c6";
const CALM = window.matchMedia("(prefers-reduced-motion: reduce)");

function text(value, digits = 2) {
  if (!Number.isFinite(value)) return "not a number";
  const rounded = value.toFixed(Math.abs(value) >= 1000 ? 0 : digits);
  return (Number(rounded) === 0 ? rounded.replace("-", "") : rounded).replace("-", "−");
}

const floatsOf = (packed) => Float64Array.from(new Float32Array(bytesOf(packed).buffer));

// A network from Python: its weights unpacked.
const networkOf = (layers) => layers.map((layer) => ({ ...layer,
  ...(layer.weight && { weight: floatsOf(layer.weight) }),
  ...(layer.bias && { bias: floatsOf(layer.bias) }) }));

// Many images from one packed string: 0 to 1.
function imagesOf(packed, area = 784) {
  const bytes = bytesOf(packed);
  return Array.from({ length: bytes.length / area }, (_, i) =>
    Float64Array.from(bytes.subarray(i * area, (i + 1) * area), (v) => v / 255));
}

// An image of 28x28 as bytes; null for none.
const packedImage = (image) => (image?.length === 784
  ? btoa(String.fromCharCode(...image.map((v) => Math.round(255 * Math.max(0, Math.min(1, v))))))
  : null);

class Toy {
  constructor(parent) {
    this.box = element("div", "toy root", parent);
    this.said = element("p", "unseen", parent);
    this.said.setAttribute("role", "status");
  }

  render(data, send) {
    const first = this.mount !== data.mount;
    Object.assign(this, { data, send, mount: data.mount });
    if (first) {
      clearTimeout(this.waiting);
      this.stop();
      this.box.replaceChildren();
      this.state = { ...data.state };
      this.drawn = data.drawing ? imagesOf(data.drawing)[0] : null; // as it was when it was left
      this.build();
      this.onPlay?.(false);
    }
    this.draw();
  }

  // Keep a value of the state, in the address too, and draw.
  keep(values) {
    Object.assign(this.state, values);
    this.draw();
    this.report();
  }

  // Tell the page, in a moment: the state; the image that the networks were given, which its buttons
  // carry on; and what was drawn, for when the lesson is opened again.
  report() {
    clearTimeout(this.waiting);
    this.box.dataset.told = "no";
    this.waiting = setTimeout(() => {
      this.send("state", { ...this.state,
        image: packedImage(this.given ?? this.image), drawing: packedImage(this.drawn) });
      this.box.dataset.told = "yes";
    }, 350);
  }

  say(words) { this.said.textContent = words; }

  // Call `step` again and again until it says false or `stop` is called.
  play(step, milliseconds) {
    this.stop();
    const tick = () => { if (step() === false) this.stop(); };
    this.timer = setInterval(tick, CALM.matches ? Math.max(milliseconds, 250) : milliseconds);
    this.onPlay?.(true);
  }

  get playing() { return Boolean(this.timer); }

  stop() {
    clearInterval(this.timer);
    this.timer = null;
    this.onPlay?.(false);
  }

  end() {
    clearTimeout(this.waiting);
    this.stop();
    this.box.remove();
    this.said.remove();
  }

  part(title, parent = this.box, name = "") {
    const made = element("section", `part ${name}`, parent);
    if (title) element("h2", "", made, title);
    return made;
  }
}

function shown(Kind) {
  return function ({ data, parentElement, setTriggerValue }) {
    const [toy, leave] = placed(parentElement, (at) => new Kind(at), (own) => own.end());
    toy.render(data, (name, value) => setTriggerValue(name, value));
    return leave;
  };
}

function button(parent, words, act, name = "") {
  const made = element("button", `control ${name}`, parent, words);
  made.type = "button";
  made.onclick = act;
  return made;
}

// A button whose words change, as wide as the longest of them, so that nothing beside it moves.
// Returns `say(i)`.
function changing(parent, labels, act, name = "main") {
  const made = button(parent, "", act, `${name} changing`);
  const words = labels.map((label) => element("span", "", made, label));
  const say = (now) => words.forEach((one, i) => one.classList.toggle("now", i === now));
  say(0);
  return say;
}

// What the colours of lines and maps mean: [words, colour, whether dashed].
function key(parent, entries) {
  const made = element("p", "key", parent);
  for (const [words, colour, dashed] of entries) {
    const item = element("span", "", made);
    const line = element("i", dashed ? "dashed" : "", item);
    line.style.color = colour;
    item.append(words);
  }
  return made;
}

// A row of buttons, one of which is chosen; `options` are [value, words]. Returns `mark(value)`.
function choice(parent, label, options, pick, icons) {
  const box = element("div", "choice", parent);
  element("span", "label", box, label);
  const row = element("div", "row", box);
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", label);
  const made = options.map(([value, words]) => {
    const one = button(row, icons ? "" : words, () => pick(value), icons ? "pictured" : "");
    if (icons) {
      one.append(icons(value));
      one.setAttribute("aria-label", words);
      one.title = words;
    }
    return one;
  });
  return (value) => made.forEach((one, i) =>
    one.setAttribute("aria-pressed", String(options[i][0] === value)));
}

function slider(parent, label, { low, high, step, words = (v) => text(v) }, move) {
  const box = element("label", "slider", parent);
  const head = element("span", "label", box, `${label} `);
  const value = element("b", "", head);
  const input = element("input", "", box);
  Object.assign(input, { type: "range", min: low, max: high, step });
  input.oninput = () => move(Number(input.value));
  return (now) => {
    input.value = now;
    value.textContent = words(now);
    input.setAttribute("aria-valuetext", words(now));
  };
}

function tabs(parent, label, names, pick) {
  const mark = choice(parent, label, names, pick);
  parent.lastChild.classList.add("tabs");
  return mark;
}

// A thumbnail of an image of `side` pixels a side.
function thumbnail(values, table, side = 28) {
  const canvas = element("canvas", "thumb");
  paintBytes(canvas, Uint8Array.from(values, (v) => Math.round(v * 255)), side, side, table);
  return canvas;
}

// Four arrows and "back" that move an image by a pixel.
function shifts(parent, toy, most = 8) {
  const box = element("div", "choice", parent);
  const label = element("span", "label", box);
  const row = element("div", "row", box);
  for (const [words, name, down, right] of [["←", "left", 0, -1], ["→", "right", 0, 1],
    ["↑", "up", -1, 0], ["↓", "down", 1, 0]])
    button(row, words, () => {
      const within = (v) => Math.max(-most, Math.min(most, v));
      toy.keep({ down: within(toy.state.down + down), right: within(toy.state.right + right) });
    }).setAttribute("aria-label", `Move ${name} by a pixel`);
  button(row, "Back", () => toy.keep({ down: 0, right: 0 }));
  return () => {
    const { down, right } = toy.state;
    const parts = [right && `${Math.abs(right)} ${right > 0 ? "right" : "left"}`,
      down && `${Math.abs(down)} ${down > 0 ? "down" : "up"}`].filter(Boolean);
    label.textContent = `Move: ${parts.join(", ") || "where it was"}`;
  };
}

// What a network from Python answers to an image of 0 to 1: every layer's output.
function asked(network, image) {
  const normalised = image.map((v) => (v - network.mean) / network.std);
  return forward(network.layers, normalised, [1, 28, 28]);
}

const hasSigmoids = (network) => network.layers.at(-1).kind === "activation";

// Its ten outputs as shares: sigmoids as they are, scores through softmax.
function sharesOf(network, steps) {
  const last = Array.from(steps.at(-1).values);
  return hasSigmoids(network) ? last : softmax(last);
}

const loaded = (handed) => ({ ...handed, layers: networkOf(handed.layers) });
const DIGITS = Array.from({ length: 10 }, (_, i) => String(i));
