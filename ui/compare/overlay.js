// A figure that stays as the visitor left it (zoom, hidden traces) while new points come:
// Streamlit's own chart loses both when its figure changes.

class Overlay {
  constructor(parent) {
    this.box = element("div", "overlay-plot", parent);
    this.box.setAttribute("role", "img");
  }

  render({ figure, plotly, name, alt }) {
    this.box.setAttribute("aria-label", alt);
    this.box.style.minHeight = `${figure.layout.height}px`;
    this.chart ??= new Chart(this.box, plotly, name);
    if (this.chart.name !== name) { // another axis or scale: another zoom, but the same runs hidden
      const hidden = this.chart.hidden();
      this.chart.rename(name);
      this.chart.view = { ranges: {}, ...this.chart.view, hidden };
    }
    this.chart.draw(figure);
  }

  end() {
    this.chart?.end();
    this.box.remove();
  }
}

export default function ({ data, parentElement }) {
  const [overlay, leave] = placed(parentElement, (at) => new Overlay(at), (own) => own.end());
  overlay.render(data);
  return leave;
}
