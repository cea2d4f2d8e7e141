// One stream for each run in this window, shared by all components that show it.
//
//   const stop = liveStreams.watch(run, (event, payload, story) => ..., keys);
//
// `keys` name subjects (ui/live/subjects.py): their frames come as events "frame".
// `event` is what the server sends (points, status, images, epochs, start, live, ended), or "lost" and
// "found", where no stream can be had and where it is there again. `story` holds the newest of
// each, all points under `points`. Who begins to watch is told the story so far.

const PATIENCE = 8000; // ms for an answer: a proxy that holds events back gives none
const FAILURES = 3; // in a row, then the page is told
const KEPT_OPEN = 500; // ms after it was first opened in which a stream stays, whatever subjects come to it
const LINGER = 2000; // ms that a stream lives on when nobody watches: a page is being made anew
const MOST_POINTS = 8000; // beyond it neighbours are merged
const EVENTS = ["points", "status", "images", "epochs", "start", "live", "check", "accuracies", "ended"];
const wanted = (listeners) => [...new Set([...listeners.values()].flat())].sort().join();

class LiveStream {
  constructor(run, root, gone) {
    Object.assign(this, { run, root, gone, listeners: new Map(), story: {}, lastId: "" });
    this.failures = 0;
    this.isLost = false;
  }

  open() {
    clearTimeout(this.again);
    if (this.source || this.story.ended || document.hidden) return;
    const url = new URL(`live/${encodeURIComponent(this.run)}`, this.root);
    if (this.lastId) url.searchParams.set("after", this.lastId);
    this.keys = wanted(this.listeners);
    if (this.keys) url.searchParams.set("watch", this.keys);
    const source = this.source = new EventSource(url);
    this.opened ??= performance.now();
    this.patience = setTimeout(() => this.fail(), PATIENCE);
    source.onerror = () => this.fail();
    for (const name of [...EVENTS, "frame"])
      source.addEventListener(name, (event) => this.take(name, event));
  }

  close() {
    clearTimeout(this.patience);
    clearTimeout(this.again);
    if (this.source) this.source.close();
    this.source = null;
  }

  // Cut, refused or silent: ask again, each time a little later.
  fail() {
    this.close();
    this.failures += 1;
    if (this.failures === FAILURES) {
      this.isLost = true;
      this.tell("lost");
    }
    this.again = setTimeout(() => this.open(), Math.min(500 * 2 ** this.failures, 10000));
  }

  take(name, event) {
    clearTimeout(this.patience);
    this.failures = 0;
    if (event.lastEventId) this.lastId = event.lastEventId;
    const payload = JSON.parse(event.data);
    if (name === "points") this.addPoints(payload);
    else if (name !== "frame") this.story[name] = payload;
    if (name === "ended") this.close();
    if (this.isLost) {
      this.isLost = false;
      this.tell("found");
    }
    this.tell(name, payload);
  }

  addPoints({ whole, x, y }) {
    const known = whole ? { x: [], y: [] } : this.story.points ?? { x: [], y: [] };
    const points = { x: [...known.x, ...x], y: [...known.y, ...y] };
    this.story.points = points.x.length > MOST_POINTS ? thinned(points, MOST_POINTS / 2) : points;
  }

  tell(name, payload) {
    for (const [listener, keys] of [...this.listeners])
      if (name !== "frame" || keys.includes(payload.key)) listener(name, payload, this.story);
  }

  // Other subjects than before: the stream is opened anew, and goes on where it was. Not at once
  // where it has just been opened: a run begins, and its first point is awaited.
  reask() {
    clearTimeout(this.asking);
    const wait = Math.max(20, this.source ? this.opened + KEPT_OPEN - performance.now() : 0);
    this.asking = setTimeout(() => {
      if (!this.source || wanted(this.listeners) === this.keys) return;
      this.close();
      this.open();
    }, wait);
  }

  add(listener, keys) {
    this.listeners.set(listener, keys);
    clearTimeout(this.leaving);
    this.reask();
    for (const name of EVENTS)
      if (this.story[name]) listener(name, this.story[name], this.story);
    if (this.isLost) listener("lost", undefined, this.story);
    return () => {
      this.listeners.delete(listener);
      if (this.listeners.size) return this.reask();
      this.leaving = setTimeout(() => {
        this.close();
        this.gone();
      }, LINGER);
    };
  }
}

// At most `most` points of a curve: means of equal bunches, as cnn.figures.curves.thin takes them.
function thinned({ x, y }, most) {
  if (x.length <= most) return { x, y };
  const width = Math.ceil(x.length / most);
  const made = { x: [], y: [] };
  for (let begin = 0; begin < x.length; begin += width) {
    const bunch = y.slice(begin, begin + width);
    made.x.push(x[Math.min(begin + width, x.length) - 1]);
    made.y.push(bunch.reduce((sum, value) => sum + value, 0) / bunch.length);
  }
  return made;
}

// Where the app is, as this browser sees it, behind whatever proxy: Streamlit's own script is there.
function appRoot() {
  const script = document.querySelector('script[src*="/static/"]');
  return script ? script.src.split("/static/")[0] + "/" : new URL(".", location.href).href;
}

function makeStreams() {
  const all = new Map();
  document.addEventListener("visibilitychange", () => {
    for (const stream of all.values()) document.hidden ? stream.close() : stream.open();
  });
  return {
    root: appRoot(),
    watch(run, listener, keys = []) {
      if (all.get(run)?.story.ended) all.delete(run); // it ended, and was resumed since
      if (!all.has(run)) {
        const stream = new LiveStream(run, this.root, () => {
          if (all.get(run) === stream) all.delete(run);
        });
        all.set(run, stream);
      }
      const stream = all.get(run), stop = stream.add(listener, keys);
      stream.open();
      return stop;
    },
    open: () => [...all.values()].filter((stream) => stream.source).length,
  };
}

const liveStreams = (window.liveStreams ??= makeStreams());

// Keeps what a component made of an element through the renders of one place on the page: `begin`
// makes it once, `end` is called when the place is gone.
const places = new WeakMap();
function placed(parentElement, begin, end) {
  const place = places.get(parentElement) ?? { own: begin(parentElement) };
  places.set(parentElement, place);
  const render = (place.render = {});
  const leave = () => {
    if (place.render !== render) return; // rendered again meanwhile
    places.delete(parentElement);
    end(place.own);
  };
  return [place.own, leave];
}
