// Many images as points in two or three dimensions: hover shows the digit, a click chooses it
// (the trigger `picked` = its number). Drag to turn (3D) or move (2D), wheel to zoom. Each class's
// name stands in its cluster.

const WIDEST = 1.6; // times as wide as high, where the axes mean nothing of their own

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  let root = parentElement.querySelector(".cloud");
  if (!root) {
    root = element("div", "cloud", parentElement);
    element("canvas", "field", root);
    const card = element("div", "card", root);
    element("canvas", "", card);
    element("div", "words", card);
    element("div", "legend", parentElement);
  }
  const field = root.querySelector(".field");
  const card = root.querySelector(".card");
  const legend = parentElement.querySelector(".legend");
  field.setAttribute("role", "img");
  field.setAttribute("aria-label", data.label);
  const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const thumbs = decode(data.thumbs);
  const points = new Float32Array(decode(data.points).buffer);
  const { count, dimensions, side } = data;
  const view = parentElement.view && parentElement.view.of === data.of ? parentElement.view
    : { of: data.of, zoom: 1, x: 0, y: 0, turn: 0.6, tilt: 0.35, hidden: new Set() };
  parentElement.view = view;
  const places = new Float32Array(count * 3);
  const middles = data.names.map((_, label) => middleOf(label)).filter((i) => i >= 0);
  let size = 0;
  let order = [];

  legend.replaceChildren(...data.names.map((name, i) => {
    const button = element("button", view.hidden.has(i) ? "off" : "", null, name);
    element("i", "", button).style.background = data.colours[i];
    button.title = `Show or hide ${name}`;
    button.onclick = () => {
      if (view.hidden.has(i)) view.hidden.delete(i);
      else view.hidden.add(i);
      button.classList.toggle("off");
      draw();
    };
    return button;
  }));
  element("span", "note", legend, "✕ read wrongly");

  // The image of a class that lies nearest to the middle of its class.
  function middleOf(label) {
    const own = [...data.labels.keys()].filter((i) => data.labels[i] === label);
    const at = (i, axis) => points[i * dimensions + axis];
    const axes = [...Array(dimensions).keys()];
    const middle = axes.map((axis) =>
      own.map((i) => at(i, axis)).sort((a, b) => a - b)[own.length >> 1]);
    const far = (i) => axes.reduce((sum, axis) => sum + (at(i, axis) - middle[axis]) ** 2, 0);
    return own.reduce((best, i) => (best < 0 || far(i) < far(best) ? i : best), -1);
  }

  function name(context) {
    context.font = "700 17px Inter, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineJoin = "round";
    for (const i of middles) {
      if (view.hidden.has(data.labels[i])) continue;
      const [x, y] = places.subarray(i * 3, i * 3 + 2);
      context.lineWidth = 6;
      context.strokeStyle = data.paper;
      context.strokeText(data.names[data.labels[i]], x, y);
      context.fillStyle = data.ink;
      context.fillText(data.names[data.labels[i]], x, y);
    }
  }

  function project() {
    const [ct, st, cp, sp] = [Math.cos(view.turn), Math.sin(view.turn), Math.cos(view.tilt), Math.sin(view.tilt)];
    const unit = (Math.min(size, field.clientHeight) / 2.1) * view.zoom;
    const widen = data.stretch
      ? Math.max(1, Math.min(WIDEST, size / Math.max(field.clientHeight, 1))) : 1;
    for (let i = 0; i < count; i++) {
      let [x, y, z] = [points[i * dimensions], points[i * dimensions + 1], 0];
      if (dimensions === 3) {
        const deep = points[i * 3 + 2];
        const across = x * ct - deep * st;
        const far = x * st + deep * ct;
        x = across;
        z = far * cp - y * sp;
        y = y * cp + far * sp;
        const nearer = 2.6 / (2.6 - z);
        x *= nearer;
        y *= nearer;
      }
      places[i * 3] = size / 2 + x * unit * widen + view.x;
      places[i * 3 + 1] = field.clientHeight / 2 - y * unit + view.y;
      places[i * 3 + 2] = z;
    }
    order = Array.from({ length: count }, (_, i) => i);
    if (dimensions === 3) order.sort((a, b) => places[a * 3 + 2] - places[b * 3 + 2]);
  }

  function draw() {
    size = field.clientWidth;
    const sharp = window.devicePixelRatio || 1;
    field.width = size * sharp;
    field.height = field.clientHeight * sharp;
    const context = field.getContext("2d");
    context.scale(sharp, sharp);
    project();
    const dot = Math.max(2, Math.min(4.5, 2.6 * Math.sqrt(view.zoom)));
    for (const wrong of [false, true]) {
      for (const i of order) {
        const label = data.labels[i];
        if (view.hidden.has(label) || (data.guesses[i] !== label) !== wrong) continue;
        const [x, y, z] = places.subarray(i * 3, i * 3 + 3);
        const near = dimensions === 3 ? 0.85 + z * 0.35 : 1;
        context.globalAlpha = wrong ? 1 : Math.max(0.3, Math.min(0.9, 0.72 * near));
        context.fillStyle = data.colours[label];
        if (!wrong) {
          context.beginPath();
          context.arc(x, y, dot * near, 0, 7);
          context.fill();
          continue;
        }
        context.lineWidth = 5;
        context.strokeStyle = data.paper;
        const cross = () => {
          context.beginPath();
          context.moveTo(x - 5, y - 5);
          context.lineTo(x + 5, y + 5);
          context.moveTo(x + 5, y - 5);
          context.lineTo(x - 5, y + 5);
          context.stroke();
        };
        cross();
        context.lineWidth = 2.5;
        context.strokeStyle = data.colours[label];
        cross();
      }
    }
    context.globalAlpha = 1;
    name(context);
    const here = data.ids.indexOf(data.here);
    if (here >= 0) {
      context.lineWidth = 3;
      context.strokeStyle = "#17a2a4";
      context.beginPath();
      context.arc(places[here * 3], places[here * 3 + 1], 11, 0, 7);
      context.stroke();
    }
  }

  function nearest(event) {
    const box = field.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    let [best, far] = [-1, 14 * 14];
    for (let i = 0; i < count; i++) {
      if (view.hidden.has(data.labels[i])) continue;
      const d = (places[i * 3] - x) ** 2 + (places[i * 3 + 1] - y) ** 2;
      if (d <= far) [best, far] = [i, d];
    }
    return best;
  }

  function show(i, event) {
    card.style.display = i < 0 ? "none" : "block";
    field.style.cursor = i < 0 ? "grab" : "pointer";
    if (i < 0) return;
    const canvas = card.querySelector("canvas");
    canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const picture = context.createImageData(side, side);
    for (let p = 0; p < side * side; p++) {
      const ink = thumbs[i * side * side + p];
      picture.data.set([ink, ink, ink, 255], p * 4);
    }
    context.putImageData(picture, 0, 0);
    const [truth, guess] = [data.names[data.labels[i]], data.names[data.guesses[i]]];
    card.querySelector(".words").textContent =
      truth === guess ? `${truth} · image ${data.ids[i]}` : `${truth}, read as ${guess} · ${data.ids[i]}`;
    const box = root.getBoundingClientRect();
    const x = event.clientX - box.left;
    card.style.left = `${x > box.width - 150 ? x - 136 : x + 16}px`;
    card.style.top = `${Math.max(0, event.clientY - box.top - 60)}px`;
  }

  let held = null;
  field.onpointerdown = (event) => {
    held = { x: event.clientX, y: event.clientY, moved: false };
    field.setPointerCapture(event.pointerId);
  };
  field.onpointermove = (event) => {
    if (!held) return show(nearest(event), event);
    const [dx, dy] = [event.clientX - held.x, event.clientY - held.y];
    if (!held.moved && Math.hypot(dx, dy) < 4) return;
    Object.assign(held, { x: event.clientX, y: event.clientY, moved: true });
    if (dimensions === 3) {
      view.turn += dx / 150;
      view.tilt = Math.max(-1.5, Math.min(1.5, view.tilt + dy / 150));
    } else {
      view.x += dx;
      view.y += dy;
    }
    card.style.display = "none";
    draw();
  };
  field.onpointerup = (event) => {
    const clicked = held && !held.moved ? nearest(event) : -1;
    held = null;
    if (clicked >= 0) setTriggerValue("picked", data.ids[clicked]);
  };
  field.onpointercancel = () => { held = null; }; // the finger scrolls the page
  field.onpointerleave = () => { card.style.display = "none"; };
  field.onwheel = (event) => {
    event.preventDefault();
    view.zoom = Math.max(0.5, Math.min(12, view.zoom * Math.exp(-event.deltaY / 500)));
    draw();
  };
  field.ondblclick = () => {
    Object.assign(view, { zoom: 1, x: 0, y: 0 });
    draw();
  };
  draw();
  let width = field.clientWidth;
  const watcher = new ResizeObserver(() => {
    if (field.clientWidth === width) return;
    width = field.clientWidth;
    draw();
  });
  watcher.observe(field);
  return () => watcher.disconnect();
}
