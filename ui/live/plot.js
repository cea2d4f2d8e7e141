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
  const [label, line] = [resolved(faint(60)), resolved(faint(10))];
  const font = { color: label, family, size: 12 };
  const axis = {
    gridcolor: line, zerolinecolor: line, tickcolor: line, tickfont: font, automargin: true,
  };
  return {
    font,
    xaxis: { ...axis, showgrid: false, zeroline: false,
      title: { font: { ...font, size: 14 }, standoff: 20 } },
    yaxis: { ...axis, ticklabelposition: "outside",
      title: { font: { ...font, size: 14 }, standoff: 24 } },
    legend: { valign: "top", borderwidth: 0, font: { ...font, color: resolved(faint(80)) } },
    margin: { pad: 8 },
    hoverlabel: { bgcolor: value("--st-background-color"), bordercolor: value("--st-border-color"),
      font },
  };
}

// A figure in an element, drawn again with each new one. What the visitor has zoomed, hidden or
// points at stays: the layout's uirevision is the same.
class Chart {
  constructor(element, version) {
    Object.assign(this, { element, version, frame: null });
    this.watcher = new ResizeObserver(() => {
      const width = this.element.clientWidth;
      if (this.drawn && width && width !== this.width) {
        this.width = width;
        window.Plotly.Plots.resize(this.element);
      }
    });
    this.watcher.observe(element);
  }

  draw(figure) {
    this.next = figure;
    if (this.frame) return; // drawn with the next frame, however many come until then
    this.frame = requestAnimationFrame(async () => {
      try {
        const Plotly = await loadPlotly(this.version);
        this.frame = null;
        if (!this.element.isConnected) return;
        const template = { layout: themeOf(this.element) };
        const layout = { ...structuredClone(this.next.layout), template, autosize: true };
        this.width = this.element.clientWidth;
        await Plotly.react(this.element, this.next.data, layout, { displayModeBar: false });
        this.drawn = true;
      } catch (error) {
        this.frame = null;
        this.element.textContent = "The chart could not be drawn: reload the page.";
      }
    });
  }

  end() {
    this.watcher.disconnect();
    cancelAnimationFrame(this.frame);
    if (this.drawn) window.Plotly.purge(this.element);
  }
}
