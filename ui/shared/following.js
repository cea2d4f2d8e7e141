// How far the current run is, in a line. `data.state` is what the script knew of the run: where the
// stream says otherwise, the script runs again.

const SETTLE = 1500; // ms that the script gets to show a new state before it is asked again

class Following {
  constructor(parent) {
    this.line = document.createElement("p");
    this.line.className = "following";
    parent.appendChild(this.line);
  }

  render(data, trigger) {
    if (this.run !== data.run) this.end();
    Object.assign(this, { data, trigger, asked: 0 });
    if (!this.stop) {
      this.run = data.run;
      this.line.textContent = data.details;
      this.stop = liveStreams.watch(data.run, (name, payload) => this.take(name, payload));
    }
    clearTimeout(this.check); // an event may have come while the script was on its way
    this.check = setTimeout(() => this.compare(), SETTLE);
  }

  take(name, payload) {
    if (name === "lost" || name === "found") this.trigger("stream", name);
    if (name === "status") this.line.textContent = payload.details;
    if (name !== "status" && name !== "ended") return;
    this.known = payload.state;
    this.compare();
  }

  compare() {
    if (!this.known || this.known === this.data.state) return;
    if (performance.now() - this.asked < SETTLE) return;
    this.asked = performance.now();
    this.trigger("changed", this.asked); // another value each time, so that none is passed over
  }

  end() {
    if (this.stop) this.stop();
    this.stop = this.known = null;
    clearTimeout(this.check);
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const [own, leave] = placed(parentElement, (at) => new Following(at), (gone) => gone.end());
  own.render(data, setTriggerValue);
  return leave;
}
