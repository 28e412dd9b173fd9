// One group's log as this page has it: entries without gaps, each once, whatever order they came in.
// Knows neither the connection nor the page, so that it can be reasoned about, and tested, alone.

export class Feed {
  /** `last`: the seq that the server named at sign-in or at joining; entries after it will be sent. */
  constructor(last) {
    this.waiting = new Map();
    this.reset(last);
  }

  /** Forget the entries held and go on after `last`. */
  reset(last) {
    this.entries = [];
    this.last = last;
    for (const seq of this.waiting.keys()) if (seq <= last) this.waiting.delete(seq);
    this.drain();
  }

  /** The lowest seq held; what is older is fetched with `history` before it. */
  get first() {
    return this.last - this.entries.length + 1;
  }

  /** Whether something after a hole waits for the hole to be filled. */
  get hasHole() {
    return this.waiting.size > 0;
  }

  /** Take an entry; return those that can be shown now, in order: none for a double or after a hole. */
  take(entry) {
    if (entry.seq <= this.last) return [];
    this.waiting.set(entry.seq, entry);
    return this.drain();
  }

  drain() {
    const ready = [];
    for (let next; (next = this.waiting.get(this.last + 1)); ) {
      this.waiting.delete(next.seq);
      this.last = next.seq;
      this.entries.push(next);
      this.redact(next);
      ready.push(next);
    }
    return ready;
  }

  /** Put older entries (oldest first) before those held; return the ones that fit on. */
  prepend(older) {
    const fitting = [];
    for (let i = older.length - 1, wanted = this.first - 1; i >= 0; i -= 1) {
      if (older[i].seq !== wanted) continue;
      fitting.unshift(older[i]);
      wanted -= 1;
    }
    this.entries.unshift(...fitting);
    return fitting;
  }

  /** Keep only the newest `count`. */
  trim(count) {
    this.entries.splice(0, Math.max(0, this.entries.length - count));
  }

  /** The entry with this seq if it is held. */
  at(seq) {
    return this.entries[seq - this.first];
  }

  redact(entry) {
    const target = entry.kind === "redaction" ? this.at(entry.target) : undefined;
    if (target) Object.assign(target, { body: "", redacted: true });
  }
}
