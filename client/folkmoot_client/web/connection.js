// The WebSocket: requests with their replies, events, and coming back after a break.

const SUBPROTOCOL = "folkmoot.v1.json";
const LASTING_CLOSES = new Set([1000, 1009, 4400, 4403]); // come back after any other
const REPLY_MS = 30_000;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 2000; // of a page that somebody looks at
const LONGEST_HIDDEN_MS = 30_000;

/** A request that was refused or failed, as the server says it; `disconnected` when no reply came. */
export class RequestError extends Error {
  constructor({ code, message, detail = {} }) {
    super(message);
    this.code = code;
    this.detail = detail;
  }
}

const disconnected = () => new RequestError({ code: "disconnected", message: "The connection broke." });

export class Connection {
  /**
   * `signIn(connection)` runs after each hello and must settle before `onState("online")`; when it fails, only an error
   * that `mayRetry(error)` is worth another try. `onEvent` gets the events, `onEnd` a close for good.
   */
  constructor(url, { signIn, mayRetry, onEvent, onState, onEnd }) {
    Object.assign(this, { url, signIn, mayRetry, onEvent, onState, onEnd });
    this.open = new Map();
    this.lastId = 0;
    this.failures = 0;
    this.state = "closed";
  }

  /** Connect, or try again at once when a wait is on. */
  connect() {
    clearTimeout(this.timer);
    const socket = (this.socket = new WebSocket(this.url, [SUBPROTOCOL]));
    this.change("connecting");
    socket.onmessage = (message) => this.receive(socket, JSON.parse(message.data));
    socket.onclose = (close) => this.closed(socket, close);
  }

  retryNow() {
    if (this.state === "waiting") this.connect();
  }

  /** Close on purpose, for good. */
  close() {
    clearTimeout(this.timer);
    const socket = this.socket;
    this.socket = undefined;
    socket?.close(1000);
    this.drop();
    this.change("closed");
  }

  /** Send a request; resolves to its result, rejects with a RequestError. */
  request(type, fields = {}) {
    const id = (this.lastId += 1);
    return new Promise((resolve, reject) => {
      if (this.socket?.readyState !== WebSocket.OPEN) return reject(disconnected());
      const timer = setTimeout(() => this.giveUp(), REPLY_MS);
      this.open.set(id, { resolve, reject, timer });
      this.socket.send(JSON.stringify({ type, id, ...fields }));
    });
  }

  receive(socket, frame) {
    if (socket !== this.socket) return;
    if (frame.type === "hello") this.greet(frame);
    else if (frame.re === undefined) this.onEvent(frame);
    else this.settle(frame);
  }

  async greet(hello) {
    this.hello = hello;
    const socket = this.socket;
    try {
      await this.signIn(this);
      if (socket !== this.socket) return;
      this.failures = 0;
      this.change("online");
    } catch (error) {
      if (socket === this.socket) this.refused(error);
    }
  }

  refused(error) {
    this.close();
    if (this.mayRetry(error)) this.wait();
    else this.onEnd(error);
  }

  settle(frame) {
    const asked = this.open.get(frame.re);
    if (!asked) return;
    this.open.delete(frame.re);
    clearTimeout(asked.timer);
    if (frame.type === "ok") asked.resolve(frame.result);
    else asked.reject(new RequestError(frame));
  }

  /** A reply is overdue: the line is dead, whatever the browser believes. */
  giveUp() {
    const socket = this.socket;
    socket?.close(4000);
    if (socket) this.closed(socket, { code: 1006 });
  }

  closed(socket, { code, reason }) {
    if (socket !== this.socket) return;
    this.socket = undefined;
    this.drop();
    if (LASTING_CLOSES.has(code)) {
      this.change("closed");
      this.onEnd(new RequestError({ code: `closed_${code}`, message: reason }));
    } else {
      this.wait();
    }
  }

  /** Full jitter: a thousand pages that lost one server don't come back in step. */
  wait() {
    const longest = Math.min(document.hidden ? LONGEST_HIDDEN_MS : LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.failures);
    const wait = Math.random() * longest;
    this.failures += 1;
    this.retryAt = Date.now() + wait;
    this.timer = setTimeout(() => this.connect(), wait);
    this.change("waiting");
  }

  drop() {
    const asked = [...this.open.values()];
    this.open.clear();
    for (const { reject, timer } of asked) {
      clearTimeout(timer);
      reject(disconnected());
    }
  }

  change(state) {
    this.state = state;
    this.onState(state);
  }
}
