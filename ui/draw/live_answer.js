// What a network that is still learning makes of the drawing: `data` has the answer of the script's
// moment, frames of the run's stream bring the newer ones.

const make = (tag, className, parent) => {
  const made = document.createElement(tag);
  made.className = className;
  if (parent) parent.appendChild(made);
  return made;
};

const best = (row) => row.indexOf(Math.max(...row));

class Answer {
  constructor(parent) {
    const box = this.box = make("div", "live-answer", parent);
    const line = make("div", "line", box);
    const words = make("div", "words", line);
    this.small = make("p", "small", words);
    this.large = make("div", "large", words);
    this.large.setAttribute("aria-live", "polite");
    this.pictures = make("div", "pictures", line);
    this.plot = make("div", "plot", box);
    this.plot.setAttribute("role", "img");
    this.plot.setAttribute("aria-label", "Probability of every class");
    this.note = make("p", "quiet note", box);
  }

  render(data) {
    this.data = data;
    this.chart ??= new Chart(this.plot, data.plotly, `${data.run} answer`);
    this.paint(data.pictures);
    this.show(data.probabilities, null);
    const asked = `${data.run} ${data.subject}`;
    if (this.asked === asked) return;
    this.stop?.();
    this.asked = asked;
    this.stop = liveStreams.watch(data.run, (name, payload) => {
      if (name === "frame") this.show(payload.probabilities, payload.step);
    }, [data.subject]);
  }

  paint(pictures) {
    this.pictures.className = pictures.length === 1 ? "pictures one" : "pictures";
    this.pictures.replaceChildren(...pictures.map((packed) => {
      const canvas = make("canvas", "");
      canvas.width = canvas.height = 28;
      canvas.setAttribute("role", "img");
      canvas.title = "as the network sees it, 28×28";
      canvas.setAttribute("aria-label", canvas.title);
      const sheet = canvas.getContext("2d"), image = sheet.createImageData(28, 28);
      [...atob(packed)].forEach((letter, i) => {
        const ink = letter.charCodeAt(0);
        image.data.set([ink, ink, ink, 255], 4 * i);
      });
      sheet.putImageData(image, 0, 0);
      return canvas;
    }));
  }

  show(rows, step) {
    const { classes, digits, words, chosen } = this.data;
    // Written only where it is another: what is heard is heard once, and not with every frame.
    const write = (line, text) => { if (line.textContent !== text) line.textContent = text; };
    const names = rows.map((row, i) => (digits[i] ? classes[best(row)] : "?"));
    const highest = Math.max(...rows[0]);
    if (rows.length > 1) {
      write(this.small, `It reads ${rows.length} digits`);
      write(this.large, names.join(" "));
    } else if (digits[0]) {
      const found = words.find(([above]) => highest > above);
      write(this.small, found ? found[1] : this.data.no_idea);
      write(this.large, names[0]);
    } else {
      write(this.small, "That does not look like a digit to me. If it had to be one: " +
        `${classes[best(rows[0])]} (${confidence(highest)}).`);
      write(this.large, "");
    }
    this.bars(rows[Math.min(chosen, rows.length - 1)]);
    const at = step === null ? "" : ` (step ${step.toLocaleString("en")})`;
    this.note.textContent =
      `This network is still training; the bars follow its newest weights${at}.`;
  }

  bars(row) {
    const { figure, classes, colours } = this.data;
    const none = !this.data.digits[Math.min(this.data.chosen, this.data.digits.length - 1)];
    const winner = none ? -1 : best(row), next = structuredClone(figure), [bars] = next.data;
    bars.x = row;
    bars.y = classes.map(plotlyText).map((name, i) => (i === winner ? `<b>${name}</b>` : name));
    bars.text = row.map((share) => confidence(share));
    bars.marker = { ...bars.marker,
      color: row.map((_, i) => (i === winner ? colours.winner : colours.other)) };
    this.chart.draw(next);
  }

  end() {
    this.stop?.();
    this.chart?.end();
    this.box.remove();
  }
}

export default function ({ data, parentElement }) {
  const [answer, leave] = placed(parentElement, (at) => new Answer(at), (own) => own.end());
  answer.render(data);
  return leave;
}
