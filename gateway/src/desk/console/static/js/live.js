// The live socket: one picture first, then every change, numbered without a hole. Whatever goes
// wrong, it begins anew.

const FIRST_WAIT_MS = 500;
const MOST_WAIT_MS = 15_000;

/**
 * Keeps a socket open. `on.frame(type, data)` for each frame, `on.state(state, seconds)` with
 * `connecting`, `online` or `offline`, `on.refused()` when the session may be over.
 */
export class Live {
  #on;
  #socket = null;
  #next = 0;
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #ended = false;

  constructor(on) {
    this.#on = on;
    window.addEventListener('online', this.#now);
    this.#open();
  }

  end() {
    this.#ended = true;
    window.removeEventListener('online', this.#now);
    clearTimeout(this.#timer);
    this.#socket?.close(1000);
  }

  #now = () => {
    if (!this.#socket) {
      clearTimeout(this.#timer);
      this.#open();
    }
  };

  #open() {
    this.#on.state('connecting');
    this.#next = 0;
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}/v1/live`);
    this.#socket = socket;
    socket.addEventListener('message', (event) => this.#take(socket, JSON.parse(event.data)));
    socket.addEventListener('close', (event) => this.#closed(socket, event.code));
  }

  #take(socket, { seq, type, data }) {
    if (socket !== this.#socket || this.#ended) {
      return;
    }
    if (seq !== this.#next) {
      socket.close(4000, 'a frame is missing');
      return;
    }
    this.#next += 1;
    if (type === 'hello') {
      this.#wait = FIRST_WAIT_MS;
      this.#on.state('online');
    }
    this.#on.frame(type, data);
  }

  #closed(socket, code) {
    if (socket !== this.#socket || this.#ended) {
      return;
    }
    this.#socket = null;
    // A browser does not say why an upgrade was refused: 1006 may be the network or the session.
    if (code === 1006 || code === 1008) {
      this.#on.refused();
    }
    // Jitter, so that a thousand consoles do not come back in the same instant.
    const wait = this.#wait * (0.5 + Math.random());
    this.#wait = Math.min(this.#wait * 2, MOST_WAIT_MS);
    this.#on.state('offline', Math.ceil(wait / 1000));
    this.#timer = setTimeout(() => this.#open(), wait);
  }
}
