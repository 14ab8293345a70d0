// Everything the console knows. Elements listen for `change` (with what changed in `detail`) and
// draw; nothing else writes here but frames and the user's own doings.

/** The customer's messages that nobody answered yet; a bot's word is no answer. */
export function unanswered({ messages }) {
  const answered = messages.findLastIndex((message) => message.author.kind === 'user');
  return messages.slice(answered + 1).filter((message) => message.direction === 'in');
}

/** Set aside: its agent has no seat in it until it comes back. */
export const isPending = ({ state }) => state === 'pending';

const waitsSince = (conversation) => unanswered(conversation)[0]?.at_ms ?? 0;

export class Store extends EventTarget {
  user = null;
  presence = 'offline';
  connection = { state: 'connecting', seconds: 0 };
  /** Conversations by id, in the order they came. */
  conversations = new Map();
  queues = new Map();
  selected = null;
  /** The conversation of the operation that was heard of last, for those who watch over agents. */
  watched = null;
  /** The conversation that went last: `{ id, name, why }`, without `why` where there is nothing to say. */
  gone = null;
  /** Names of users by their ids. */
  names = new Map();
  /** What was typed and not sent, by conversation. */
  drafts = new Map();
  #unread = new Map();
  /** Texts on their way, by conversation: `{ key, text, failed }`. */
  #outbox = new Map();

  frame(type, data) {
    this.#frames[type]?.(data);
  }

  setConnection(state, seconds = 0) {
    this.connection = { state, seconds };
    this.#tell('connection');
  }

  setPresence(presence) {
    this.presence = presence;
    this.#tell('presence');
  }

  select(id) {
    this.selected = id && this.conversations.has(id) ? id : null;
    this.#unread.delete(id);
    this.#tell('selection', id);
  }

  /** Moves the selection by `step` in the list's order. */
  selectNext(step) {
    const ids = this.sorted().map((conversation) => conversation.id);
    if (ids.length === 0) {
      return;
    }
    const at = ids.indexOf(this.selected);
    const next = at < 0 ? (step > 0 ? 0 : ids.length - 1) : at + step;
    this.select(ids[Math.min(Math.max(next, 0), ids.length - 1)]);
  }

  /**
   * Conversations: whoever waits for an answer first, the longest wait on top; then by newest
   * message; those set aside after all others.
   */
  sorted() {
    const newest = (conversation) => conversation.messages.at(-1)?.at_ms ?? conversation.opened_at_ms;
    const order = (a, b) => {
      const [waitsA, waitsB] = [waitsSince(a), waitsSince(b)];
      if (isPending(a) !== isPending(b)) {
        return Number(isPending(a)) - Number(isPending(b));
      }
      return waitsA && waitsB ? waitsA - waitsB : Number(Boolean(waitsB)) - Number(Boolean(waitsA)) || newest(b) - newest(a);
    };
    return [...this.conversations.values()].sort(order);
  }

  unread(id) {
    return this.#unread.get(id) ?? 0;
  }

  unreadInAll() {
    return [...this.#unread.values()].reduce((sum, count) => sum + count, 0);
  }

  seen() {
    if (this.selected && this.#unread.delete(this.selected)) {
      this.#tell('unread', this.selected);
    }
  }

  outbox(id) {
    return this.#outbox.get(id) ?? [];
  }

  /** A text sets out. */
  depart(id, entry) {
    this.#outbox.set(id, [...this.outbox(id).filter((other) => other.key !== entry.key), entry]);
    this.#tell('outbox', id);
  }

  /** A text is where it should be, or is given up. */
  settle(id, key) {
    this.#outbox.set(id, this.outbox(id).filter((entry) => entry.key !== key));
    this.#tell('outbox', id);
  }

  prepend(id, messages, gap) {
    const conversation = this.conversations.get(id);
    if (conversation) {
      conversation.messages.unshift(...messages);
      conversation.gap = gap;
      conversation.complete = messages.length === 0 && !gap;
      this.#tell('earlier', id);
    }
  }

  #frames = {
    hello: ({ user, presence, conversations, queues }) => {
      const before = this.conversations;
      this.user = user;
      this.presence = presence;
      this.conversations = new Map(conversations.map((one) => [one.id, one]));
      this.queues = new Map(queues.map((queue) => [queue.group, queue]));
      this.#carryOver(before);
      if (!this.conversations.has(this.selected)) {
        this.selected = null;
      }
      this.#tell('hello');
    },
    'conversation.assigned': ({ conversation }) => {
      this.conversations.set(conversation.id, conversation);
      const { messages } = conversation;
      const unread = messages.filter((message) => message.direction === 'in').length;
      this.#unread.set(conversation.id, unread);
      this.#tell('assigned', conversation.id);
    },
    message: ({ conversation: id, message }) => {
      this.conversations.get(id)?.messages.push(message);
      if (message.direction === 'in' && (id !== this.selected || document.hidden)) {
        this.#unread.set(id, this.unread(id) + 1);
      }
      if (message.author.user === this.user.id) {
        const mine = this.outbox(id).find((entry) => entry.text === message.text);
        this.#outbox.set(id, this.outbox(id).filter((entry) => entry !== mine));
      }
      this.#tell('message', id);
    },
    'message.status': ({ conversation: id, seq, status }) => {
      const messages = this.conversations.get(id)?.messages ?? [];
      const found = messages.findLast((message) => message.seq === seq);
      if (found) {
        found.status = status;
        this.#tell('status', id);
      }
    },
    'conversation.state': ({ conversation }) => {
      const mine = this.conversations.get(conversation.id);
      if (mine && conversation.agent === this.user.id) {
        Object.assign(mine, conversation);
        this.#tell('state', conversation.id);
      }
      this.watched = conversation;
      this.#tell('watched', conversation.id);
    },
    'conversation.moved': ({ conversation: id, moved }) => {
      this.#lose(id, moved?.by.user === this.user.id ? null : 'gone.moved');
    },
    'conversation.closed': ({ conversation: id, reason }) => {
      this.#lose(id, reason === 'agent' ? null : `gone.${reason}`);
    },
    queue: ({ group, waiting }) => {
      const queue = this.queues.get(group);
      if (queue) {
        queue.waiting = waiting;
        this.#tell('queue', group);
      }
    },
    presence: ({ user, presence }) => {
      if (user === this.user.id) {
        this.setPresence(presence);
      }
    },
  };

  #lose(id, why) {
    const lost = this.conversations.get(id);
    this.gone = { id, why, name: lost?.name || lost?.address };
    for (const held of [this.conversations, this.drafts, this.#unread, this.#outbox]) {
      held.delete(id);
    }
    if (this.selected === id) {
      this.selected = null;
    }
    this.#tell('closed', id);
  }

  /** After a reload or reconnect: what nobody answered since is unread, what was asked for stays. */
  #carryOver(before) {
    for (const [id, now] of this.conversations) {
      const then = before.get(id);
      const last = then?.messages.at(-1)?.seq ?? 0;
      const missed = unanswered(now).filter((message) => message.seq > last);
      if (missed.length && id !== this.selected) {
        this.#unread.set(id, this.unread(id) + missed.length);
      }
      const first = now.messages[0]?.seq ?? 0;
      const older = then?.messages.filter((message) => message.seq < first) ?? [];
      const joined = then?.messages.some((message) => message.seq >= first);
      if (joined) {
        now.messages.unshift(...older);
      }
      // A reply whose answer was lost with the connection shows up in the picture itself.
      const texts = now.messages.filter((m) => m.author.user === this.user.id && m.seq > last);
      this.#outbox.set(id, this.outbox(id).filter((e) => !texts.some((m) => m.text === e.text)));
    }
    for (const held of [this.#unread, this.#outbox, this.drafts]) {
      [...held.keys()].filter((id) => !this.conversations.has(id)).forEach((id) => held.delete(id));
    }
  }

  #tell(what, id = null) {
    this.dispatchEvent(new CustomEvent('change', { detail: { what, id } }));
  }
}
