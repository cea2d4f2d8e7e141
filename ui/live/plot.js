// Plotly from the app itself, loaded once a window, with Streamlit's look laid under a figure.

function loadPlotly(version) {
  return (window.livePlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = new URL(`script/${version}/plotly.min.js`, liveStreams.root);
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => {
      window.livePlotly = undefined;
      reject(new Error("Plotly could not be loaded"));
    };
    document.head.appendChild(script);
  }));
}

// A text that may be anybody's, as `cnn.figures.plain` makes it: Plotly reads a subset of HTML.
const plotlyText = (text) =>
  text.replace(/[&<>{}]/g, (character) => `&#${character.charCodeAt(0)};`);

// The theme as Streamlit's own charts have it.
function themeOf(element) {
  const look = getComputedStyle(element);
  const value = (name, otherwise) => look.getPropertyValue(name).trim() || otherwise;
  const text = value("--st-text-color", look.color);
  const faint = (share) => `color-mix(in srgb, ${text} ${share}%, transparent)`;
  const resolved = (colour) => {
    const probe = document.createElement("i");
    probe.style.color = colour;
    element.appendChild(probe);
    const [r, g, b, a = 1] = (getComputedStyle(probe).color.match(/[\d.]+/g) ?? []).map(Number);
    const srgb = getComputedStyle(probe).color.startsWith("color(");
    probe.remove();
    const byte = (part) => Math.round(srgb ? part * 255 : part);
    return `rgba(${byte(r)},${byte(g)},${byte(b)},${a})`;
  };
  const family = value("--st-font", look.fontFamily);
  const [label, line] = [resolved(faint(76)), resolved(faint(10))];
  // Larger where the page's type is, such as in projector mode: Plotly leaves room by what it is told.
  const larger = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
  const font = { color: label, family, size: Math.round(12 * larger) };
  const axis = {
    gridcolor: line, zerolinecolor: line, tickcolor: line, tickfont: font, automargin: true,
  };
  return {
    font,
    xaxis: { ...axis, showgrid: false, zeroline: false,
      title: { font: { ...font, size: Math.round(14 * larger) }, standoff: 20 } },
    yaxis: { ...axis, ticklabelposition: "outside",
      title: { font: { ...font, size: Math.round(14 * larger) }, standoff: 24 } },
    legend: { valign: "top", borderwidth: 0, font: { ...font, color: resolved(faint(80)) } },
    margin: { pad: 8 },
    hoverlabel: { bgcolor: value("--st-background-color"), bordercolor: value("--st-border-color"),
      font },
  };
}

// What visitors have zoomed and hidden, by the chart's name: a chart may be made anew elsewhere on
// the page, or after a visit to another.
const views = (window.liveViews ??= new Map());

const APART = 1000; // ms between two drawings: a chart moves slowly, and costs the training's cores

// A figure in an element, drawn again with each new one. What the visitor has zoomed, hidden or
// points at stays: the layout's uirevision is the same.
class Chart {
  constructor(element, version, name) {
    Object.assign(this, { element, version, name, frame: null, view: views.get(name), at: -APART });
    this.watcher = new ResizeObserver(() => this.fit());
    this.watcher.observe(element);
  }

  // As wide as its place, which may also change while Plotly draws.
  fit() {
    const width = this.element.clientWidth;
    if (!this.drawn || !width || width === this.width) return;
    this.width = width;
    window.Plotly.Plots.resize(this.element);
  }

  draw(figure) {
    this.next = figure;
    if (this.frame || this.later) return; // drawn then, however many come until then
    const wait = this.at + APART - performance.now();
    if (wait > 0 && this.points(figure) && this.points(this.shown)) {
      this.later = setTimeout(() => {
        this.later = null;
        this.draw(this.next);
      }, wait);
      return;
    }
    this.frame = requestAnimationFrame(async () => {
      try {
        const Plotly = await loadPlotly(this.version);
        this.frame = null;
        if (!this.element.isConnected) return;
        const { data, layout } = this.seen(this.shown = this.next);
        Object.assign(layout, { template: { layout: themeOf(this.element) }, autosize: true,
          uirevision: this.name });
        this.width = this.element.clientWidth;
        this.at = performance.now();
        await Plotly.react(this.element, data, layout, { displayModeBar: false });
        if (!this.drawn) this.element.on("plotly_doubleclick", () => {
          if (!this.view) return;
          this.view = null;
          this.draw(this.next);
        });
        this.drawn = true;
        this.fit();
      } catch (error) {
        console.error(error);
        this.frame = null;
        this.element.textContent = "The chart could not be drawn: reload the page.";
      }
    });
  }

  // How many points it has: the first are not waited for.
  points(figure) {
    return figure?.data[0].x?.length ?? 0;
  }

  // The figure as the visitor left it in an earlier chart of this name, until a double click.
  seen({ data, layout }) {
    const view = this.view, seen = { data, layout: structuredClone(layout) };
    if (!view) return seen;
    for (const [axis, range] of Object.entries(view.ranges))
      seen.layout[axis] = { ...seen.layout[axis], range, autorange: false };
    seen.data = data.map((trace) =>
      view.hidden.includes(trace.uid) ? { ...trace, visible: "legendonly" } : trace);
    return seen;
  }

  // The same place shows another chart from now on: cheaper than to make one anew.
  rename(name) {
    if (name === this.name) return;
    this.keepView();
    this.name = name;
    this.view = views.get(name);
  }

  end() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.later);
    this.keepView();
    if (this.drawn) window.Plotly.purge(this.element);
  }

  keepView() {
    if (!this.drawn) return;
    const { _fullLayout: full } = this.element;
    const ranges = {};
    for (const axis of ["xaxis", "yaxis"]) {
      const own = this.shown.layout[axis]?.range, { range, autorange } = full[axis];
      const zoomed = own ? range.some((end, i) => end !== own[i]) : !autorange;
      if (zoomed) ranges[axis] = [...range];
    }
    views.set(this.name, { ranges, hidden: this.hidden() });
  }

  // The traces that the visitor has hidden, by what stays the same of them.
  hidden() {
    const traces = this.drawn ? this.element._fullData : [];
    return traces.filter((t) => t.visible === "legendonly").map((t) => t.uid);
  }
}

// A curve made smooth as cnn.common.smoothing does: a moving average forth and then back.
function smoothed(values) {
  const weight = values.length / (values.length + 50);
  const average = (some) => {
    let total = 0, share = 0;
    return some.map((value) => {
      total = weight * total + (1 - weight) * value;
      share = weight * share + (1 - weight);
      return total / share;
    });
  };
  return average(average(values).reverse()).reverse();
}

// The loss curve's figure, which came without points, with all of them: raw, smoothed behind it.
function lossFigure(empty, all, steps) {
  const { x, y } = thinned(all, 400), figure = structuredClone(empty);
  const [raw, smooth] = figure.data;
  Object.assign(raw, { x, y });
  Object.assign(smooth, thinned({ x: all.x, y: smoothed(all.y) }, 400));
  if (x.length) { // an axis that stood fixed while it was empty
    delete figure.layout.yaxis.range;
    figure.layout.yaxis.rangemode = "tozero";
  }
  if (steps) figure.layout.xaxis.range = [0, steps];
  return figure;
}
