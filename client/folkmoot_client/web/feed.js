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
    this.abouts = new Map();
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
      this.note(next);
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
    this.abouts.clear();
    for (const entry of this.entries) this.note(entry);
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

  /** As `at`; for an edit the entry that it edits. */
  original(seq) {
    const entry = this.at(seq);
    return entry?.kind === "edit" ? this.at(entry.target) : entry;
  }

  redact(entry) {
    for (const seq of removedBy(entry)) {
      const target = this.at(seq);
      if (target) Object.assign(target, { body: "", redacted: true });
    }
  }

  /** The seqs of an entry and its edits, as far as they are held. */
  withEdits(seq) {
    return this.at(seq) ? [seq, ...this.about(seq, "edit").map((edit) => edit.seq)] : [];
  }

  /** Let an entry that is held say again what it says in the store. */
  renew(entry) {
    const held = this.at(entry.seq);
    if (held) Object.assign(held, { redacted: false, ...entry });
  }

  /** Remember an edit or a reaction under the seq of what it is about. */
  note(entry) {
    if (entry.kind !== "edit" && entry.kind !== "reaction") return;
    if (!this.abouts.has(entry.target)) this.abouts.set(entry.target, []);
    this.abouts.get(entry.target).push(entry);
  }

  /** The entries of a kind about the one with this seq, oldest first. */
  about(seq, kind) {
    return (this.abouts.get(seq) ?? []).filter((one) => one.kind === kind);
  }

  /** What an entry says now, and whether it was edited. */
  textOf(entry) {
    const edits = this.about(entry.seq, "edit").filter((edit) => !edit.redacted);
    return edits.length ? { body: edits.at(-1).body, isEdited: true } : { body: entry.body, isEdited: false };
  }

  /** Who reacted to an entry: a set of users for each emoji. */
  reactionsTo(seq) {
    const found = new Map();
    for (const { body, from, data, redacted } of this.about(seq, "reaction")) {
      if (redacted) continue;
      const users = found.get(body) ?? new Set();
      if (data?.removed) users.delete(from.user);
      else users.add(from.user);
      if (users.size) found.set(body, users);
      else found.delete(body);
    }
    return found;
  }
}

/** The seqs that an entry removes: one, or many at once. */
export function removedBy({ kind, target, data }) {
  return kind === "redaction" ? (target ? [target] : (data?.seqs ?? [])) : [];
}
