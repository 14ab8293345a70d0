// The desk: the bar, the list and the chat around one store and one live socket.

import * as api from '../api.js';
import { el, fill, mark } from '../dom.js';
import { Live } from '../live.js';
import { Store } from '../store.js';
import { problem, t } from '../words.js';
import './chat.js';
import './list.js';
import './overview.js';

const PRESENCES = ['available', 'paused', 'offline'];

class Desk extends HTMLElement {
  #store = new Store();
  #live = null;
  #list = document.createElement('chasqui-list');
  #chat = document.createElement('chasqui-chat');
  #overview = document.createElement('chasqui-overview');
  #watch = el('button', { type: 'button', class: 'quiet', hidden: true, onclick: () => this.#overview.open() });
  #connection = el('span', { class: 'connection', role: 'status' });
  #name = el('span', { class: 'me' });
  #notice = el('p', { class: 'notice', role: 'alert', hidden: true });
  #noticeTimer = 0;
  #presences = new Map();

  connectedCallback() {
    this.#list.store = this.#store;
    this.#chat.store = this.#store;
    this.#overview.store = this.#store;
    this.#watch.textContent = t('overview.title');
    fill(this, this.#bar(), el('main', { class: 'desk' }, this.#list, this.#chat), this.#notice, this.#overview);
    this.#store.addEventListener('change', this.#draw);
    this.addEventListener('trouble', (event) => this.#complain(event.detail));
    document.addEventListener('keydown', this.#key);
    document.addEventListener('visibilitychange', this.#visible);
    this.#live = new Live({
      frame: (type, data) => this.#store.frame(type, data),
      state: (state, seconds) => this.#store.setConnection(state, seconds),
      refused: () => this.#checkSession(),
    });
  }

  disconnectedCallback() {
    this.#live.end();
    this.#store.removeEventListener('change', this.#draw);
    document.removeEventListener('keydown', this.#key);
    document.removeEventListener('visibilitychange', this.#visible);
    document.title = 'Chasqui';
  }

  #bar() {
    const choices = PRESENCES.map((presence) => {
      const input = el('input', {
        type: 'radio', name: 'presence', value: presence, onchange: () => this.#bePresent(presence),
      });
      this.#presences.set(presence, input);
      return el('label', { class: `presence ${presence}` }, input, el('span', {}, t(`presence.${presence}`)));
    });
    return el('header', { class: 'bar' },
      el('img', { src: '/console/icon.svg', alt: 'Chasqui', width: 32, height: 32 }),
      this.#connection,
      el('fieldset', { class: 'presences' }, el('legend', { class: 'hidden' }, t('presence.title')), ...choices),
      this.#watch,
      this.#name,
      el('button', { type: 'button', class: 'quiet', onclick: () => this.#logOut() }, t('logout')),
    );
  }

  #draw = ({ detail: { what, id } }) => {
    const { connection, presence, user, gone } = this.#store;
    if (what === 'hello') {
      this.#watch.hidden = user.kind === 'agent';
      this.#learnNames();
    } else if (what === 'closed' && gone?.id === id && gone.why) {
      this.#tell(t(gone.why, gone));
    }
    this.#connection.className = `connection ${connection.state}`;
    this.#connection.textContent = t(`connection.${connection.state}`, connection);
    this.#name.textContent = user?.name ?? '';
    for (const [name, input] of this.#presences) {
      input.checked = name === presence;
      input.disabled = connection.state !== 'online';
    }
    mark(this, 'class', this.#store.selected ? 'chatting' : null);
    const unread = this.#store.unreadInAll();
    document.title = unread ? `(${unread}) Chasqui` : 'Chasqui';
  };

  #visible = () => {
    if (!document.hidden) {
      this.#store.seen();
    }
  };

  #key = (event) => {
    const typing = event.target.closest?.('input, textarea, dialog');
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (step && (!typing || event.altKey) && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      this.#store.selectNext(step);
      this.#list.focusSelected();
    } else if (event.key === 'Escape' && !event.target.closest?.('dialog')) {
      if (event.target.closest?.('textarea')) {
        this.#list.focusSelected();
      } else {
        this.#store.select(null);
      }
    }
  };

  async #bePresent(presence) {
    const before = this.#store.presence;
    this.#store.setPresence(presence);
    try {
      await api.setPresence(presence);
    } catch (error) {
      this.#store.setPresence(before);
      this.#complain(error);
    }
  }

  async #checkSession() {
    const error = await api.me().then(() => null, (failed) => failed);
    if (error?.status === 401) {
      this.dispatchEvent(new CustomEvent('logged-out'));
    }
  }

  /** Who leaves is no longer offered customers. */
  async #logOut() {
    await api.setPresence('offline').catch(() => {});
    await api.logOut().catch(() => {});
    this.dispatchEvent(new CustomEvent('logged-out'));
  }

  #complain(error) {
    if (error.status === 401) {
      this.dispatchEvent(new CustomEvent('logged-out'));
      return;
    }
    this.#tell(problem(error));
  }

  /** Who noted what on a conversation is worth a name, and not worth a complaint. */
  async #learnNames() {
    const { items } = await api.users().catch(() => ({ items: [] }));
    items.forEach(({ id, name }) => this.#store.names.set(id, name));
  }

  #tell(text) {
    fill(this.#notice, text);
    this.#notice.hidden = false;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => { this.#notice.hidden = true; }, 6_000);
  }
}

customElements.define('chasqui-desk', Desk);
