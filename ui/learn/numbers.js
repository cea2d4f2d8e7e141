// The arithmetic of a small network, forwards and backwards, as the lessons' pages need it at once.
// The tests hold every function against PyTorch. Maps are flat arrays in rows; a shape is
// [channels, height, width], of a vector [length].

const sizeOf = (shape) => shape.reduce((a, b) => a * b, 1);
const sum = (values) => values.reduce((a, b) => a + b, 0);
const outputSide = (side, { k, stride = 1, padding = 0, dilation = 1 }) =>
  Math.floor((side + 2 * padding - dilation * (k - 1) - 1) / stride) + 1;

// Every meeting of a window's weight with an input value: visit(output, input, place in the kernel).
function slide([height, width], layer, visit) {
  const { k, stride = 1, padding = 0, dilation = 1 } = layer;
  const [rows, columns] = [outputSide(height, layer), outputSide(width, layer)];
  for (let r = 0; r < rows; r++)
    for (let i = 0; i < k; i++) {
      const y = r * stride - padding + i * dilation;
      if (y < 0 || y >= height) continue;
      for (let c = 0; c < columns; c++)
        for (let j = 0; j < k; j++) {
          const x = c * stride - padding + j * dilation;
          if (x >= 0 && x < width) visit(r * columns + c, y * width + x, i * k + j);
        }
    }
}

const CURVES = {
  none: { f: (x) => x, d: () => 1 },
  relu: { f: (x) => Math.max(x, 0), d: (x) => (x > 0 ? 1 : 0) },
  leaky_relu: { f: (x) => (x > 0 ? x : 0.01 * x), d: (x) => (x > 0 ? 1 : 0.01) },
  gelu: {
    f: (x) => x * normalBelow(x),
    d: (x) => normalBelow(x) + (x * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI),
  },
  tanh: { f: Math.tanh, d: (x) => 1 - Math.tanh(x) ** 2 },
  sigmoid: { f: (x) => 1 / (1 + Math.exp(-x)), d: (x) => { const s = 1 / (1 + Math.exp(-x)); return s * (1 - s); } },
};

// The share of a normal distribution below x (Marsaglia, 2004, Journal of Statistical Software 11).
function normalBelow(x) {
  if (Math.abs(x) > 9) return x > 0 ? 1 : 0;
  let [term, total] = [x, x];
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(total); n += 2) {
    term *= (x * x) / n;
    total += term;
  }
  return 0.5 + (total * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

function softmax(scores, temperature = 1) {
  const top = Math.max(...scores);
  const powers = Array.from(scores, (score) => Math.exp((score - top) / temperature));
  const total = sum(powers);
  return powers.map((power) => power / total);
}

const POOLS = {
  max: (window) => Math.max(...window),
  avg: (window) => sum(window) / window.length,
  sum: (window) => sum(window),
};

// Each kind of layer: `shape` of its output, `forward`, and `backward`: the gradient of its input
// from that of its output; those of its own weights are left in `layer.gradients`.
const LAYERS = {
  conv: {
    shape: ([, height, width], layer) =>
      [layer.out, outputSide(height, layer), outputSide(width, layer)],
    forward(x, [channels, height, width], layer) {
      const [, rows, columns] = this.shape([channels, height, width], layer);
      const [area, seen, weights] = [rows * columns, height * width, layer.k * layer.k];
      const y = new Float64Array(layer.out * area);
      for (let o = 0; o < layer.out; o++) {
        const map = y.subarray(o * area, (o + 1) * area);
        if (layer.bias) map.fill(layer.bias[o]);
        for (let c = 0; c < channels; c++) {
          const kernel = layer.weight.subarray((o * channels + c) * weights);
          const input = x.subarray(c * seen, (c + 1) * seen);
          slide([height, width], layer, (at, from, w) => { map[at] += input[from] * kernel[w]; });
        }
      }
      return y;
    },
    backward(dy, x, [channels, height, width], layer) {
      const [, rows, columns] = this.shape([channels, height, width], layer);
      const [area, seen, weights] = [rows * columns, height * width, layer.k * layer.k];
      const dx = new Float64Array(x.length);
      const weight = new Float64Array(layer.weight.length);
      const bias = new Float64Array(layer.out);
      for (let o = 0; o < layer.out; o++) {
        const map = dy.subarray(o * area, (o + 1) * area);
        bias[o] = sum(map);
        for (let c = 0; c < channels; c++) {
          const first = (o * channels + c) * weights;
          slide([height, width], layer, (at, from, w) => {
            dx[c * seen + from] += map[at] * layer.weight[first + w];
            weight[first + w] += map[at] * x[c * seen + from];
          });
        }
      }
      layer.gradients = { weight, bias };
      return dx;
    },
  },
  scale: { // batch norm of a trained network: one factor and one shift a map
    shape: (shape) => shape,
    forward: (x, shape, layer) => {
      const area = x.length / shape[0];
      return x.map((v, i) => v * layer.weight[Math.floor(i / area)] + layer.bias[Math.floor(i / area)]);
    },
    backward: (dy, x, shape, layer) => {
      const area = x.length / shape[0];
      return dy.map((v, i) => v * layer.weight[Math.floor(i / area)]);
    },
  },
  activation: {
    shape: (shape) => shape,
    forward: (x, shape, layer) => x.map(CURVES[layer.function].f),
    backward: (dy, x, shape, layer) => dy.map((v, i) => v * CURVES[layer.function].d(x[i])),
  },
  pool: {
    shape: ([channels, height, width], layer) =>
      [channels, outputSide(height, layer), outputSide(width, layer)],
    forward(x, [channels, height, width], layer) {
      const [, rows, columns] = this.shape([channels, height, width], layer);
      const y = new Float64Array(channels * rows * columns);
      for (let c = 0; c < channels; c++) {
        const windows = Array.from({ length: rows * columns }, () => []);
        slide([height, width], layer, (at, from) => windows[at].push(x[c * height * width + from]));
        windows.forEach((window, at) => { y[c * rows * columns + at] = POOLS[layer.how](window); });
      }
      return y;
    },
    backward(dy, x, [channels, height, width], layer) {
      const [, rows, columns] = this.shape([channels, height, width], layer);
      const dx = new Float64Array(x.length);
      const area = rows * columns;
      for (let c = 0; c < channels; c++) {
        const windows = Array.from({ length: area }, () => []);
        slide([height, width], layer, (at, from) => windows[at].push(c * height * width + from));
        windows.forEach((window, at) => {
          const g = dy[c * area + at];
          if (layer.how === "max") {
            dx[window.reduce((best, i) => (x[i] > x[best] ? i : best), window[0])] += g;
          } else window.forEach((i) => { dx[i] += layer.how === "avg" ? g / window.length : g; });
        });
      }
      return dx;
    },
  },
  flatten: { shape: (shape) => [sizeOf(shape)], forward: (x) => x, backward: (dy) => dy },
  dropout: { // `layer.keep`: a mask of 0 and 1 / (1 - rate); null: off
    shape: (shape) => shape,
    forward: (x, shape, layer) => (layer.keep ? x.map((v, i) => v * layer.keep[i]) : x),
    backward: (dy, x, shape, layer) => (layer.keep ? dy.map((v, i) => v * layer.keep[i]) : dy),
  },
  dense: {
    shape: (shape, layer) => [layer.out],
    forward(x, shape, layer) {
      const y = new Float64Array(layer.out);
      for (let o = 0; o < layer.out; o++) {
        let total = layer.bias ? layer.bias[o] : 0;
        const first = o * x.length;
        for (let i = 0; i < x.length; i++) total += x[i] * layer.weight[first + i];
        y[o] = total;
      }
      return y;
    },
    backward(dy, x, shape, layer) {
      const dx = new Float64Array(x.length);
      const weight = new Float64Array(layer.weight.length);
      for (let o = 0; o < layer.out; o++) {
        const [first, g] = [o * x.length, dy[o]];
        if (g === 0) continue;
        for (let i = 0; i < x.length; i++) {
          dx[i] += g * layer.weight[first + i];
          weight[first + i] = g * x[i];
        }
      }
      layer.gradients = { weight, bias: Float64Array.from(dy) };
      return dx;
    },
  },
};

// The input and each layer's output, [{ values, shape }, ...], one more than there are layers.
function forward(network, values, shape) {
  const steps = [{ values: Float64Array.from(values), shape }];
  for (const layer of network) {
    const { values: x, shape: from } = steps[steps.length - 1];
    const kind = LAYERS[layer.kind];
    steps.push({ values: kind.forward(x, from, layer), shape: kind.shape(from, layer) });
  }
  return steps;
}

// The gradient of each of `steps`, given that of the last.
function backward(network, steps, gradient) {
  const found = [Float64Array.from(gradient)];
  for (let i = network.length - 1; i >= 0; i--) {
    const { values, shape } = steps[i];
    found.unshift(LAYERS[network[i].kind].backward(found[0], values, shape, network[i]));
  }
  return found;
}

// Softmax with cross-entropy: the loss, the probabilities, the gradient of the scores.
function crossEntropy(scores, label) {
  const probabilities = softmax(scores);
  const gradient = probabilities.map((p, i) => p - (i === label ? 1 : 0));
  return { loss: -Math.log(Math.max(probabilities[label], 1e-300)), probabilities, gradient };
}

// Optimisers as in torch.optim, with its defaults: each changes `weights` in place.
const OPTIMIZERS = {
  sgd: (weights, gradient, rate) => gradient.forEach((g, i) => { weights[i] -= rate * g; }),
  momentum: (weights, gradient, rate, memory) => {
    memory.speed ??= new Float64Array(weights.length);
    gradient.forEach((g, i) => {
      memory.speed[i] = 0.9 * memory.speed[i] + g;
      weights[i] -= rate * memory.speed[i];
    });
  },
  adam: (weights, gradient, rate, memory) => {
    memory.mean ??= new Float64Array(weights.length);
    memory.square ??= new Float64Array(weights.length);
    memory.steps = (memory.steps ?? 0) + 1;
    const [one, two] = [1 - 0.9 ** memory.steps, Math.sqrt(1 - 0.999 ** memory.steps)];
    gradient.forEach((g, i) => {
      memory.mean[i] = 0.9 * memory.mean[i] + 0.1 * g;
      memory.square[i] = 0.999 * memory.square[i] + 0.001 * g * g;
      weights[i] -= ((rate / one) * memory.mean[i]) / (Math.sqrt(memory.square[i]) / two + 1e-8);
    });
  },
};

// Random numbers that are the same for the same seed (mulberry32), 0 to 1.
function randomFrom(seed) {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// PyTorch's own initialisation: uniform within 1 / the square root of the number of inputs.
function randomWeights(layer, inputs, random) {
  const within = 1 / Math.sqrt(inputs);
  const draw = (n) => Float64Array.from({ length: n }, () => (2 * random() - 1) * within);
  return { ...layer, weight: draw(layer.out * inputs), bias: draw(layer.out) };
}

// An image moved by whole pixels; what leaves is lost, what enters is paper.
function moved(image, [height, width], down, right) {
  const made = new Float64Array(image.length);
  for (let r = 0; r < height; r++)
    for (let c = 0; c < width; c++) {
      const [y, x] = [r - down, c - right];
      if (y >= 0 && y < height && x >= 0 && x < width) made[r * width + c] = image[y * width + x];
    }
  return made;
}
