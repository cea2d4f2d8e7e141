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
  return Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
}

// Bytes in base64 as a picture of width x height, one colour of the table per byte.
function paint(canvas, packed, width, height, table) {
  paintBytes(canvas, bytesOf(packed), width, height, table);
}

function paintBytes(canvas, bytes, width, height, table) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(width, height);
  for (let i = 0; i < width * height; i++) {
    picture.data.set(table[bytes[i]], i * 4);
    picture.data[i * 4 + 3] = 255;
  }
  context.putImageData(picture, 0, 0);
  // What it shows as one number, so that a test can wait for another picture.
  canvas.dataset.sum = bytes.reduce((sum, byte) => (sum * 31 + byte) | 0, 7);
}

const inkOn = (rgb) => (rgb[0] * 0.3 + rgb[1] * 0.59 + rgb[2] * 0.11 > 130 ? "#14171d" : "#f4f2ee");
const colourOf = (value, peak, signed, scale) =>
  mix(scale, signed ? (value / peak + 1) / 2 : value / peak);
