// What components share: elements, colour tables, painting.

function element(tag, className, parent, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  if (parent) parent.appendChild(made);
  return made;
}

function mix(scale, place) {
  const at = Math.max(0, Math.min(1, Number.isFinite(place) ? place : 0));
  const next = Math.max(scale.findIndex((stop) => stop[0] >= at), 1);
  const [[from, a], [to, b]] = [scale[next - 1], scale[next]];
  const share = (at - from) / (to - from || 1);
  return [1, 3, 5].map((i) => {
    const [low, high] = [parseInt(a.slice(i, i + 2), 16), parseInt(b.slice(i, i + 2), 16)];
    return Math.round(low + (high - low) * share);
  });
}

function tableOf(scale) {
  return Array.from({ length: 256 }, (_, value) => mix(scale, value / 255));
}

function bytesOf(packed) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(packed);
  const text = atob(packed), bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

// Bytes in base64 as a picture of width x height, one colour of the table per byte.
function paint(canvas, packed, width, height, table) {
  paintBytes(canvas, bytesOf(packed), width, height, table);
}

// A table's colours as whole pixels, in this machine's order of bytes.
const pixels = new WeakMap();
function pixelsOf(table) {
  if (!pixels.has(table)) {
    const bytes = new Uint8ClampedArray(table.flatMap((rgb) => [...rgb, 255]));
    pixels.set(table, new Uint32Array(bytes.buffer));
  }
  return pixels.get(table);
}

function paintBytes(canvas, bytes, width, height, table) {
  if (canvas.width !== width || canvas.height !== height)
    [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d"), colours = pixelsOf(table);
  const picture = context.createImageData(width, height);
  const drawn = new Uint32Array(picture.data.buffer);
  for (let i = 0; i < drawn.length; i++) drawn[i] = colours[bytes[i]];
  context.putImageData(picture, 0, 0);
  // What it shows as one number, so that a test can wait for another picture.
  canvas.dataset.sum = bytes.reduce((sum, byte) => (sum * 31 + byte) | 0, 7);
}

// A colour scale with its numbers: zero to `peak`, or -`peak` to `peak`.
function scaleBar(parent, scale, peak, signed) {
  const said = (value) => Number(value.toPrecision(2)).toString().replace("-", "−");
  const bar = element("div", "scale", parent);
  bar.setAttribute("aria-label", `Colours from ${signed ? said(-peak) : 0} to ${said(peak)}`);
  bar.setAttribute("role", "img");
  bar.style.cssText = "display:flex;gap:7px;align-items:center;font-size:11px;opacity:.85;" +
    "padding-top:5px;line-height:1.2;font-variant-numeric:tabular-nums;flex-basis:100%";
  element("span", "", bar, signed ? said(-peak) : "0");
  const strip = element("i", "", bar);
  const stops = scale.map(([at, colour]) => `${colour} ${at * 100}%`);
  strip.style.cssText = "width:110px;height:9px;border-radius:5px;" +
    `background:linear-gradient(90deg, ${stops});outline:1px solid var(--st-border-color)`;
  element("span", "", bar, said(peak));
  return bar;
}

// A share in 0-1 in words, as `percent` of cnn/common/text.py: never rounded up to 100%, nor down to 0%.
const inPercent = (share, digits = 1) => {
  const step = 10 ** -digits, shown = 100 * share;
  if (shown < 100 && shown >= 100 - step / 2) return `>${(100 - step).toFixed(digits)}%`;
  if (shown > 0 && shown < step / 2) return `<${step.toFixed(digits)}%`;
  return `${shown.toFixed(digits)}%`;
};
// A softmax's probability, as `confidence` there: never all, and never nothing.
const confidence = (share, digits = 1) =>
  inPercent(Math.min(Math.max(share, 1e-9), 1 - 1e-9), digits);
// With as few digits as tell it from all and from nothing.
const percent = (share) =>
  inPercent(share, share < 0.1 || (share >= 0.995 && share < 1) ? 1 : 0);

// Black or white, whichever stands out more (WCAG's relative luminance): at least 4.5 to 1.
const linear = (value) => (value / 255 <= 0.04045 ? value / 255 / 12.92
  : ((value / 255 + 0.055) / 1.055) ** 2.4);
const inkOn = (rgb) => (0.2126 * linear(rgb[0]) + 0.7152 * linear(rgb[1])
  + 0.0722 * linear(rgb[2]) > 0.179 ? "#000" : "#fff");
const colourOf = (value, peak, signed, scale) =>
  mix(scale, signed ? (value / peak + 1) / 2 : value / peak);
