// The list of conversations, and how many wait.

import { el, fill, hue, initials, mark } from '../dom.js';
import { isPending } from '../store.js';
import { plural, shortTime, t } from '../words.js';

/** Moves an item to its place and leaves the focus where it is. */
function put(list, item, place) {
  if (list.children[place] !== item) {
    const focused = item.contains(document.activeElement) ? document.activeElement : null;
    list.insertBefore(item, list.children[place] ?? null);
    focused?.focus();
  }
}

class List extends HTMLElement {
  store = null;
  #rows = new Map();
  #items = el('ul', { class: 'conversations' });
  #aside = el('ul', { class: 'conversations', 'aria-labelledby': 'aside-title' });
  #asideTitle = el('h3', { id: 'aside-title', hidden: true });
  #empty = el('p', { class: 'quiet empty' }, '');
  #queues = el('ul', { class: 'queues' });
  #count = el('span', { class: 'count' });

  connectedCallback() {
    this.#empty.textContent = t('list.empty');
    fill(this,
      el('nav', { 'aria-label': t('list.title') },
        el('h2', {}, t('list.title'), this.#count), this.#items, this.#empty,
        this.#asideTitle, this.#aside),
      el('section', { 'aria-label': t('queue.title'), class: 'waiting' },
        el('h2', {}, t('queue.title')), this.#queues),
    );
    this.store.addEventListener('change', this.#draw);
  }

  disconnectedCallback() {
    this.store.removeEventListener('change', this.#draw);
  }

  focusSelected() {
    this.#rows.get(this.store.selected)?.button.focus();
  }

  #draw = ({ detail: { what, id } }) => {
    if (what === 'queue' || what === 'hello') {
      this.#drawQueues();
    }
    if (['connection', 'queue', 'presence', 'watched'].includes(what)) {
      return;
    }
    const conversations = this.store.sorted();
    const known = new Set(conversations.map((conversation) => conversation.id));
    for (const gone of [...this.#rows.keys()].filter((row) => !known.has(row))) {
      this.#rows.get(gone).item.remove();
      this.#rows.delete(gone);
    }
    const pending = conversations.filter(isPending).length;
    const active = conversations.length - pending;
    conversations.forEach((conversation, place) => {
      const fresh = !this.#rows.has(conversation.id);
      const row = this.#row(conversation);
      if (fresh || what === 'hello' || what === 'selection' || conversation.id === id) {
        this.#drawRow(row, conversation);
      }
      if (place < active) {
        put(this.#items, row.item, place);
      } else {
        put(this.#aside, row.item, place - active);
      }
    });
    this.#count.textContent = String(active);
    this.#asideTitle.hidden = pending === 0;
    this.#asideTitle.textContent = t('list.aside', { count: pending });
    this.#empty.hidden = conversations.length > 0;
  };

  #row({ id, name, address }) {
    if (!this.#rows.has(id)) {
      const shown = name || address;
      const row = {
        title: el('span', { class: 'title' }, shown),
        time: el('time'),
        text: el('span', { class: 'snippet' }),
        badge: el('span', { class: 'badge' }),
      };
      row.button = el('button', { type: 'button', onclick: () => this.store.select(id) },
        el('span', { class: `avatar ${hue(id)}`, 'aria-hidden': 'true' }, initials(shown)),
        row.title, row.time, row.text, row.badge);
      row.item = el('li', {}, row.button);
      this.#rows.set(id, row);
    }
    return this.#rows.get(id);
  }

  #drawRow(row, { id, messages, opened_at_ms: openedAt }) {
    // What people said: the bot's greeting is the same in every row.
    const last = messages.findLast((message) => message.author.kind !== 'flow') ?? messages.at(-1);
    const text = last?.text ?? (last ? t('message.unsupported', { kind: last.unsupported }) : '');
    const mine = last?.author.user != null && last.author.user === this.store.user.id;
    row.text.textContent = mine ? t('list.you', { text }) : text;
    row.time.textContent = shortTime(last?.at_ms ?? openedAt);
    const unread = this.store.unread(id);
    row.badge.textContent = unread > 99 ? '99+' : String(unread);
    row.badge.hidden = unread === 0;
    mark(row.badge, 'aria-label', plural('list.unread', unread));
    mark(row.button, 'aria-current', this.store.selected === id ? 'true' : null);
    mark(row.item, 'class', unread ? 'unread' : null);
  }

  #drawQueues() {
    const queues = [...this.store.queues.values()];
    fill(this.#queues, ...queues.map(({ name, waiting }) => el('li', { class: waiting ? 'some' : null },
      el('span', {}, name), el('strong', {}, String(waiting)))));
  }
}

customElements.define('chasqui-list', List);
