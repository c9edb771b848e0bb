// The EMG screen of a recording: pan and zoom, a raster of sweeps, trains to hide, to step through and to hear.
// Its samples are those of the sound in the page; until they are decoded, or where they are not stored, the outline is
// drawn. Negative is up. Without this script the pictures of the page remain.
"use strict";
(() => {
  const MS_PER_DIV = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000, 60000];
  const UV_PER_DIV = [10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000];
  const DIVISIONS = 10, ROWS = 8, SWEEPS = 10, FIRST_SWEEP_MS = 10, TICKS_PER_S = 10000;
  const INK = "#1c2733", MUTED = "#55606d", GRID = "#dfe3e8", SHADE = "#efece5", PALE = "#9aa3ad";
  const LEFT_OUT = "#a39c8c", CURSOR = "#9d1c1c";
  const MARKS = ["▲", "●", "■", "◆", "▼", "★"];
  const SANS = '"Segoe UI", system-ui, sans-serif';

  const make = (tag, words, attributes = {}) => {
    const element = document.createElement(tag);
    if (words) element.textContent = words;
    for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
    return element;
  };
  const clamp = (value, low, high) => Math.min(Math.max(value, low), Math.max(high, low));
  const inSteps = (ms) => (ms < 1000 ? `${Number(ms.toPrecision(3))} ms` : `${Number((ms / 1000).toPrecision(3))} s`);
  const firstAfter = (times, time) => {
    let low = 0, high = times.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (times[middle] > time) high = middle; else low = middle + 1;
    }
    return low;
  };

  class Screen {
    constructor(place) {
      this.place = place;
      this.data = JSON.parse(place.querySelector("script").textContent);
      this.audio = place.parentElement.querySelector("audio");
      this.trains = this.data.trains.map((train, order) => {
        let tick = 0;
        const times = train.ticks.map((step) => (tick += step) / TICKS_PER_S);
        return { ...train, times, order, mark: MARKS[order % MARKS.length], shown: true };
      });
      this.seconds = this.data.seconds;
      this.samples = null;
      this.raster = false;
      this.steps = [...MS_PER_DIV.filter((ms) => ms * DIVISIONS < this.seconds * 1000), (this.seconds * 1000) / DIVISIONS];
      this.step = this.steps.length - 1;
      this.start = 0;
      this.chosen = null;
      this.gain = this.usualGain();
      this.solo = null;
      this.build();
      this.listen();
      this.draw();
    }

    // ---- numbers

    get span() { return (this.steps[this.step] * DIVISIONS) / 1000; }
    get length() { return this.raster ? this.span * SWEEPS : this.span; }
    stepOf(ms) { return Math.min(MS_PER_DIV.indexOf(ms), this.steps.length - 1); }

    usualGain() {
      const { low, high, left_out: spans } = this.data;
      let peak = 0;
      for (let k = 0; k < low.length; k++) {
        const time = (k / low.length) * this.seconds;
        if (spans.some(([from, to]) => time >= from && time < to)) continue;
        peak = Math.max(peak, -low[k], high[k]);
      }
      const gain = UV_PER_DIV.findIndex((uv) => uv * ROWS * 0.42 >= peak);
      return gain < 0 ? UV_PER_DIV.length - 1 : gain;
    }

    // Whether the samples of a stretch are at hand.
    stored(start, length) {
      const { start: from, stop } = this.data.sound;
      return this.samples !== null && start >= from && Math.min(start + length, this.seconds) <= stop + 0.001;
    }

    // Lowest and highest microvolt between two times, from the samples where there are some, else from the outline.
    extremes(from, to) {
      const { sound, low, high } = this.data;
      if (this.samples && from >= sound.start && from < sound.stop) {
        const exact = (from - sound.start) * sound.rate, first = Math.floor(exact);
        const last = Math.min(Math.max(Math.floor((to - sound.start) * sound.rate), first + 1), this.samples.length);
        if (first >= this.samples.length) return null;
        if ((to - from) * sound.rate < 1 && first + 1 < this.samples.length) {
          const between = this.samples[first] + (exact - first) * (this.samples[first + 1] - this.samples[first]);
          return Array(2).fill(between * sound.scale + sound.offset);
        }
        let least = Infinity, most = -Infinity;
        for (let k = first; k < last; k++) {
          if (this.samples[k] < least) least = this.samples[k];
          if (this.samples[k] > most) most = this.samples[k];
        }
        return [least * sound.scale + sound.offset, most * sound.scale + sound.offset];
      }
      const column = Math.floor((from / this.seconds) * low.length);
      return column >= 0 && column < low.length ? [low[column], high[column]] : null;
    }

    decode() { return (this.decoding ??= this.decodeSamples()); }

    async decodeSamples() {
      try {
        const coded = atob(this.audio.getAttribute("src").split(",")[1]);
        const bytes = Uint8Array.from(coded, (character) => character.charCodeAt(0));
        const context = new OfflineAudioContext(1, 1, this.data.sound.rate);
        this.samples = (await context.decodeAudioData(bytes.buffer)).getChannelData(0);
        this.place.dataset.samples = this.samples.length;
      } catch {
        this.say("This browser cannot decode the samples; the outline is drawn.");
      }
      this.draw();
    }

    // ---- what is on the page

    build() {
      this.bar = make("div", "", { class: "bar", role: "group", "aria-label": "View" });
      const button = (words, label, act, parent = this.bar) => {
        const made = make("button", words, { type: "button", "aria-label": label, title: label });
        made.addEventListener("click", act);
        parent.append(made);
        return made;
      };
      const choice = (label, values, words, act) => {
        const list = make("select", "", { "aria-label": label, title: label });
        values.forEach((value, order) => list.append(make("option", words(value), { value: order })));
        list.addEventListener("change", () => act(Number(list.value)));
        this.bar.append(list);
        return list;
      };
      this.whole = button("Whole", "Show the whole recording", () => this.showWhole());
      this.rasterButton = button("Raster", "Sweeps below each other", () => this.toggleRaster());
      button("◀", "Earlier", () => this.move(-0.8));
      button("▶", "Later", () => this.move(0.8));
      this.times = choice("Time per division", this.steps, (ms) => `${inSteps(ms)}/div`, (step) => this.zoomTo(step));
      this.gains = choice("Gain", UV_PER_DIV, (uv) => `${uv} μV/div`, (gain) => { this.gain = gain; this.draw(); });
      button("Hear this", "Play the sound from where the view starts", () => this.hear());
      this.canvas = make("canvas", "", { tabindex: "0", role: "application", class: "view" });
      this.strip = make("canvas", "", { role: "img", class: "strip",
        "aria-label": "Whole recording with the discharges of each train; click to go there" });
      this.status = make("p", "", { class: "status", "aria-live": "polite" });
      this.list = make("ul", "", { class: "train-keys", "aria-label": "Trains" });
      for (const train of this.trains) this.list.append(this.trainRow(train, button));
      this.place.append(this.bar, this.canvas, this.strip, this.list, this.status);
      this.place.hidden = false;
      this.place.parentElement.classList.add("live");
      this.say(
        "Click a train for its next discharge. Drag or arrow keys move; + and −, or Ctrl and the wheel, zoom; " +
          "↑ and ↓ change the gain; n and p step through its discharges, r is the raster, space plays.",
      );
    }

    trainRow(train, button) {
      const row = make("li");
      const box = make("input", "", { type: "checkbox", "aria-label": `Show train ${train.train}` });
      box.checked = true;
      box.addEventListener("change", () => { train.shown = box.checked; this.draw(); });
      const mark = make("span", "", { class: "mark", "aria-hidden": "true", "data-mark": train.mark });
      mark.style.color = train.color;
      row.append(box, mark);
      const name = `${train.train} ${train.name}`;
      button(name, `Next discharge of train ${name}`, () => this.jump(train, 1), row).className = "name";
      button("‹", `Discharge before, train ${train.train}`, () => this.jump(train, -1), row);
      button("›", `Discharge after, train ${train.train}`, () => this.jump(train, 1), row);
      train.player = button("♪", `Hear train ${train.train} alone`, () => this.hearAlone(train), row);
      row.append(make("span", `${train.times.length} discharges`, { class: "count" }));
      return row;
    }

    say(words) { this.status.textContent = words; }

    listen() {
      const { canvas, strip, audio } = this;
      let held = null;
      canvas.addEventListener("pointerdown", (event) => {
        held = { x: event.clientX, start: this.start, moved: false };
        canvas.setPointerCapture(event.pointerId);
      });
      canvas.addEventListener("pointermove", (event) => {
        if (!held) return;
        held.moved ||= Math.abs(event.clientX - held.x) > 3;
        if (held.moved) this.goTo(held.start - ((event.clientX - held.x) / canvas.clientWidth) * this.span);
      });
      canvas.addEventListener("pointerup", (event) => {
        if (held && !held.moved) this.pick(event);
        held = null;
      });
      canvas.addEventListener("pointercancel", () => { held = null; });
      canvas.addEventListener("wheel", (event) => {
        if (!event.ctrlKey && !event.shiftKey) return;
        event.preventDefault();
        const at = this.start + (event.offsetX / canvas.clientWidth) * this.span;
        this.zoomTo(this.step + Math.sign(event.deltaY || event.deltaX), at);
      }, { passive: false });
      canvas.addEventListener("keydown", (event) => {
        const act = {
          ArrowLeft: () => this.move(-0.1), ArrowRight: () => this.move(0.1), PageUp: () => this.move(-0.9),
          PageDown: () => this.move(0.9), Home: () => this.goTo(0), End: () => this.goTo(this.seconds),
          "+": () => this.zoomTo(this.step - 1), "=": () => this.zoomTo(this.step - 1),
          "-": () => this.zoomTo(this.step + 1),
          ArrowUp: () => this.louder(-1), ArrowDown: () => this.louder(1), r: () => this.toggleRaster(),
          n: () => this.stepOn(1), p: () => this.stepOn(-1), " ": () => this.playOrPause(),
        }[event.key];
        if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        act();
      });
      strip.addEventListener("click", (event) => this.pickInStrip(event));
      if (audio) {
        audio.addEventListener("play", () => { this.stopAlone(); this.decode(); this.follow(); });
        audio.addEventListener("seeked", () => this.draw());
      }
      new ResizeObserver(() => this.draw()).observe(canvas);
      new IntersectionObserver((seen, watcher) => {
        if (!seen.some((one) => one.isIntersecting)) return;
        watcher.disconnect();
        this.decode();
      }, { rootMargin: "600px" }).observe(canvas);
    }

    // ---- moving

    goTo(start) {
      this.start = clamp(start, 0, this.seconds - this.length);
      this.draw();
    }

    move(part) { this.goTo(this.start + part * this.length); }
    louder(step) { this.gain = clamp(this.gain + step, 0, UV_PER_DIV.length - 1); this.draw(); }

    zoomTo(step, at = this.start + this.length / 2) {
      const part = (at - this.start) / this.length;
      this.step = clamp(step, 0, this.steps.length - 1);
      this.goTo(at - part * this.length);
    }

    showWhole() {
      this.raster = false;
      this.step = this.steps.length - 1;
      this.goTo(0);
    }

    toggleRaster() {
      const first = Math.min(...this.trains.flatMap((train) => (train.shown ? train.times.slice(0, 1) : [])));
      const asked = this.chosen ? this.chosen.time : this.span < this.seconds ? this.start : first;
      const at = Number.isFinite(asked) ? asked - 0.02 : 0;
      this.raster = !this.raster;
      if (this.raster) this.step = this.stepOf(FIRST_SWEEP_MS);
      this.goTo(at);
    }

    jump(train, direction) {
      if (!train.times.length) return;
      const now = this.chosen && this.chosen.train === train ? this.chosen.number : direction > 0 ? -1 : train.times.length;
      const number = (now + direction + train.times.length) % train.times.length;
      this.choose(train, number);
    }

    // From the keyboard: the next discharge, or the one before, of the train that was looked at last.
    stepOn(direction) {
      const train = this.chosen ? this.chosen.train : this.trains.find((one) => one.shown);
      if (train) this.jump(train, direction);
    }

    choose(train, number) {
      const time = train.times[number];
      this.chosen = { train, number, time };
      if (!this.raster && this.span > 0.5) this.step = this.stepOf(FIRST_SWEEP_MS);
      if (time < this.start + 0.02 * this.length || time > this.start + 0.9 * this.length || !this.raster) {
        this.start = clamp(time - (this.raster ? 0.02 : 0.35 * this.span), 0, this.seconds - this.length);
      }
      this.say(`Train ${train.train}, ${train.name.toLowerCase()}: discharge ${number + 1} of ${train.times.length} at ${time.toFixed(3)} s.`);
      this.decode();
      this.draw();
    }

    nearest(train, time) {
      const after = firstAfter(train.times, time);
      const before = Math.max(after - 1, 0);
      if (after >= train.times.length) return before;
      return time - train.times[before] < train.times[after] - time ? before : after;
    }

    pick(event) {
      const box = this.canvas.getBoundingClientRect();
      let time = this.start + ((event.clientX - box.left) / box.width) * this.span;
      if (this.raster) time += Math.floor(((event.clientY - box.top) / box.height) * SWEEPS) * this.span;
      let best = null;
      for (const train of this.trains) {
        if (!train.shown || !train.times.length) continue;
        const number = this.nearest(train, time);
        const far = Math.abs(train.times[number] - time);
        if (far < 0.03 * this.span && (!best || far < best.far)) best = { train, number, far };
      }
      if (best) this.choose(best.train, best.number);
    }

    pickInStrip(event) {
      const box = this.strip.getBoundingClientRect();
      const time = ((event.clientX - box.left) / box.width) * this.seconds;
      const lane = Math.floor((event.clientY - box.top - this.stripTrace) / this.lane);
      const train = this.trains[lane];
      if (event.clientY - box.top > this.stripTrace && train && train.times.length) {
        this.choose(train, this.nearest(train, time));
      } else {
        if (this.length >= this.seconds) this.step = this.stepOf(100);
        this.goTo(time - this.length / 2);
      }
    }

    // ---- sound

    get playedTo() {
      if (this.solo) return this.data.sound.start + this.solo.context.currentTime - this.solo.since;
      if (this.audio && !this.audio.paused) return this.data.sound.start + this.audio.currentTime;
      return null;
    }

    hear() {
      this.stopAlone();
      const { start, stop } = this.data.sound;
      this.audio.currentTime = clamp(this.start - start, 0, stop - start - 0.05);
      this.audio.play().catch((error) => this.say(`The sound cannot be played: ${error.message}`));
    }

    playOrPause() {
      if (this.audio.paused) this.hear(); else this.audio.pause();
    }

    // One train at natural speed: the recording, silent but for the discharges of this train.
    async hearAlone(train) {
      const again = this.solo && this.solo.train === train;
      this.stopAlone();
      if (again) return;
      this.audio.pause();
      await this.decode();
      if (!this.samples) return;
      const { sound } = this.data;
      const context = new AudioContext();
      const buffer = context.createBuffer(1, this.samples.length, sound.rate);
      const heard = buffer.getChannelData(0);
      const ramp = 0.001 * sound.rate;
      for (const time of train.times) {
        const first = Math.max(Math.round((time - sound.start - 0.003) * sound.rate), 0);
        const last = Math.min(Math.round((time - sound.start + 0.002 + train.duration / 1000) * sound.rate), heard.length);
        for (let k = first; k < last; k++) {
          heard[k] = this.samples[k] * Math.min(1, (k - first) / ramp, (last - k) / ramp);
        }
      }
      const source = context.createBufferSource();
      source.buffer = buffer;
      source.connect(context.destination);
      const skip = this.length < this.seconds ? clamp(this.start - sound.start, 0, buffer.duration - 0.1) : 0;
      this.solo = { train, context, since: context.currentTime - skip };
      source.onended = () => { if (this.solo && this.solo.context === context) this.stopAlone(); };
      source.start(0, skip);
      train.player.textContent = "◼";
      train.player.setAttribute("aria-pressed", "true");
      this.say(`Playing train ${train.train} alone, ${train.name.toLowerCase()}; all else is silent.`);
      this.follow();
    }

    stopAlone() {
      if (!this.solo) return;
      const { train, context } = this.solo;
      this.solo = null;
      train.player.textContent = "♪";
      train.player.removeAttribute("aria-pressed");
      context.close();
      this.draw();
    }

    follow() {
      const time = this.playedTo;
      if (time === null) return this.draw();
      if (time < this.start || time > this.start + this.length) this.start = clamp(time, 0, this.seconds - this.length);
      this.draw();
      requestAnimationFrame(() => this.follow());
    }

    // ---- drawing

    pen(canvas, height) {
      const width = canvas.clientWidth, sharp = window.devicePixelRatio || 1;
      canvas.style.height = `${height}px`;
      canvas.width = Math.round(width * sharp);
      canvas.height = Math.round(height * sharp);
      const pen = canvas.getContext("2d");
      pen.scale(sharp, sharp);
      pen.fillStyle = "#ffffff";
      pen.fillRect(0, 0, width, height);
      pen.font = `11px ${SANS}`;
      return [pen, width];
    }

    draw() {
      if (!this.canvas.clientWidth) return;
      const height = this.raster ? 46 * SWEEPS + 20 : 300;
      const [pen, width] = this.pen(this.canvas, height);
      const rows = this.raster ? SWEEPS : 1, row = (height - 20) / rows;
      this.drawGrid(pen, width, height - 20);
      const starts = Array.from({ length: rows }, (_, k) => this.start + k * this.span).filter((time) => time < this.seconds);
      // Sweeps reach into their neighbours: what is left out is shaded before the first of them.
      for (const [k, start] of starts.entries()) this.drawLeftOut(pen, start, width, row * k, row);
      for (const [k, start] of starts.entries()) {
        pen.save();
        if (!this.raster) { pen.beginPath(); pen.rect(0, 0, width, row); pen.clip(); }
        this.drawSweep(pen, start, width, row * (k + 0.5), this.raster ? 23 : row / ROWS);
        pen.restore();
        if (this.raster) this.drawWords(pen, `${start.toFixed(2)} s`, 4, row * k + 12);
      }
      const ends = this.raster ? "" : `, ${this.start.toFixed(2)} to ${Math.min(this.start + this.span, this.seconds).toFixed(2)} s`;
      const outline = this.stored(this.start, this.length) ? "" : ", outline";
      const scale = `${inSteps(this.steps[this.step])}/div, ${UV_PER_DIV[this.gain]} μV/div, negative up${ends}${outline}`;
      this.drawWords(pen, scale, width - pen.measureText(scale).width - 6, height - 6);
      this.canvas.setAttribute("aria-label", `${this.raster ? "Raster of sweeps" : "Trace"}, ${scale}; arrow keys move, plus and minus zoom`);
      this.times.value = this.step;
      this.gains.value = this.gain;
      this.rasterButton.setAttribute("aria-pressed", this.raster);
      this.drawStrip();
    }

    drawWords(pen, words, x, y) {
      pen.lineWidth = 3;
      pen.strokeStyle = "#ffffff";
      pen.strokeText(words, x, y);
      pen.fillStyle = MUTED;
      pen.fillText(words, x, y);
    }

    drawGrid(pen, width, height) {
      pen.strokeStyle = GRID;
      pen.lineWidth = 1;
      pen.beginPath();
      for (let k = 0; k <= DIVISIONS; k++) {
        const x = Math.min(Math.round((k * width) / DIVISIONS) + 0.5, width - 0.5);
        pen.moveTo(x, 0);
        pen.lineTo(x, height);
      }
      const rows = this.raster ? SWEEPS : ROWS;
      for (let k = 0; k <= rows; k++) {
        const y = Math.min(Math.round((k * height) / rows) + 0.5, height + 0.5);
        pen.moveTo(0, y);
        pen.lineTo(width, y);
      }
      pen.stroke();
    }

    drawLeftOut(pen, start, width, top, height) {
      const stop = Math.min(start + this.span, this.seconds), x = (time) => ((time - start) / this.span) * width;
      for (const [from, to, why] of this.data.left_out) {
        if (to <= start || from >= stop) continue;
        const left = x(Math.max(from, start)), right = x(Math.min(to, stop));
        pen.fillStyle = SHADE;
        pen.fillRect(left, top, right - left, height);
        if (right - left > 7 * why.length && !this.raster) this.drawWords(pen, `left out: ${why}`, left + 4, 14);
      }
    }

    drawSweep(pen, start, width, middle, division) {
      const stop = Math.min(start + this.span, this.seconds);
      const x = (time) => ((time - start) / this.span) * width;
      const height = (uv) => middle + (uv / UV_PER_DIV[this.gain]) * division;
      const half = this.raster ? division : (division * ROWS) / 2;
      const limit = this.raster ? division * 1.6 : Infinity;
      const trace = (from, to, color, thick) => {
        pen.beginPath();
        const first = Math.max(Math.floor(x(from)), 0), last = Math.min(Math.ceil(x(to)), width);
        for (let at = first, any = false; at < last; at += 0.5) {
          const met = this.extremes(start + (at / width) * this.span, start + ((at + 0.5) / width) * this.span);
          if (!met) continue;
          const top = middle + clamp(height(met[0]) - middle, -limit, limit);
          const end = middle + clamp(height(met[1]) - middle, -limit, limit);
          if (any) pen.lineTo(at, top); else pen.moveTo(at, top);
          if (end - top > 0.2) pen.lineTo(at, end);
          any = true;
        }
        pen.strokeStyle = color;
        pen.lineWidth = thick;
        pen.stroke();
      };
      trace(start, stop, INK, 0.9);
      for (const [from, to] of this.data.left_out) {
        if (to > start && from < stop) trace(Math.max(from, start), Math.min(to, stop), LEFT_OUT, 1.2);
      }
      for (const train of this.trains) {
        if (!train.shown) continue;
        const inView = firstAfter(train.times, stop) - firstAfter(train.times, start);
        const marked = inView * 9 < width;  // denser marks are one bar; the strip below has a tick for each
        for (let k = firstAfter(train.times, start - 0.03); k < train.times.length && train.times[k] < stop; k++) {
          const time = train.times[k], chosen = this.chosen && this.chosen.train === train && this.chosen.number === k;
          if (this.span <= 1) {
            trace(Math.max(time - 0.002, start), Math.min(time + 0.001 + train.duration / 1000, stop), train.color, chosen ? 2.4 : 1.5);
          }
          if (time < start || !marked) continue;
          pen.fillStyle = train.color;
          pen.font = `${chosen ? 17 : 11}px ${SANS}`;
          const low = this.raster ? middle + 21 : middle + division * ROWS / 2 - 8 - 11 * (this.trains.length - 1 - train.order);
          pen.fillText(train.mark, x(time) - (chosen ? 7 : 4.5), low);
          pen.font = `11px ${SANS}`;
        }
      }
      const cursor = this.playedTo;
      if (cursor !== null && cursor >= start && cursor < stop) {
        pen.fillStyle = CURSOR;
        pen.fillRect(x(cursor), middle - half, 1.5, 2 * half);
      }
    }

    drawStrip() {
      this.lane = clamp(60 / Math.max(this.trains.length, 1), 3, 12);
      this.stripTrace = 44;
      const height = this.stripTrace + this.lane * this.trains.length + 4;
      const [pen, width] = this.pen(this.strip, height);
      const { low, high } = this.data, peak = UV_PER_DIV[this.gain] * ROWS / 2;
      const x = (time) => (time / this.seconds) * width;
      for (const [from, to] of this.data.left_out) {
        pen.fillStyle = SHADE;
        pen.fillRect(x(from), 0, Math.max(x(to) - x(from), 1), this.stripTrace);
      }
      pen.fillStyle = PALE;
      for (let k = 0; k < low.length; k++) {
        const top = clamp((low[k] / peak) * 20, -21, 21), end = clamp((high[k] / peak) * 20, -21, 21);
        pen.fillRect((k / low.length) * width, 22 + top, width / low.length, Math.max(end - top, 1));
      }
      for (const train of this.trains) {
        pen.fillStyle = train.shown ? train.color : GRID;
        const top = this.stripTrace + train.order * this.lane;
        for (const time of train.times) pen.fillRect(x(time), top + 1, 1.2, Math.max(this.lane - 2, 1));
      }
      if (this.length < this.seconds) {
        pen.strokeStyle = INK;
        pen.lineWidth = 1.5;
        pen.fillStyle = "rgba(15, 92, 99, 0.14)";
        const left = x(this.start), wide = Math.max(x(this.length), 3);
        pen.fillRect(left, 0, wide, height);
        pen.strokeRect(left + 0.75, 0.75, Math.max(wide - 1.5, 1), height - 1.5);
      }
      if (this.playedTo !== null) {
        pen.fillStyle = CURSOR;
        pen.fillRect(x(this.playedTo), 0, 1.5, height);
      }
    }
  }

  for (const place of document.querySelectorAll(".screen")) new Screen(place);
})();
