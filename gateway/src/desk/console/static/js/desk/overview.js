// Every open conversation of the operation, for those who watch over agents.

import * as api from '../api.js';
import { el, fill } from '../dom.js';
import { shortTime, t } from '../words.js';
import { askWhom } from './whom.js';

class Overview extends HTMLElement {
  store = null;
  #rows = new Map();
  #names = { group: new Map(), agent: new Map() };
  #next = null;
  #body = el('tbody');
  #more = el('button', { type: 'button', class: 'quiet', onclick: () => this.#load() });
  #dialog = el('dialog', { class: 'overview', 'aria-labelledby': 'overview-title' });
  #whom = el('dialog');

  connectedCallback() {
    this.#more.textContent = t('overview.more');
    const column = (name) => el('th', { scope: 'col' }, name);
    const head = [t('overview.contact'), t('overview.state'), t('overview.group'), t('overview.agent'), t('overview.since')];
    fill(this.#dialog,
      el('header', {},
        el('h2', { id: 'overview-title' }, t('overview.title')),
        el('button', { type: 'button', onclick: () => this.#dialog.close() }, t('overview.back'))),
      el('div', { class: 'rows' },
        el('table', {}, el('thead', {}, el('tr', {}, ...head.map(column), el('td'))), this.#body),
        this.#more));
    fill(this, this.#dialog, this.#whom);
    this.store.addEventListener('change', this.#hear);
  }

  disconnectedCallback() {
    this.store.removeEventListener('change', this.#hear);
  }

  /** Shows it, with what is open now. */
  async open() {
    this.#rows.clear();
    this.#next = null;
    fill(this.#body);
    this.#dialog.showModal();
    try {
      const [groups, users] = await Promise.all([api.groups(), api.users()]);
      this.#names.group = new Map(groups.items.map(({ id, name }) => [id, name]));
      this.#names.agent = new Map(users.items.map(({ id, name }) => [id, name]));
    } catch (error) {
      this.#trouble(error);
    }
    await this.#load();
  }

  #trouble(error) {
    this.#dialog.close();
    this.dispatchEvent(new CustomEvent('trouble', { bubbles: true, detail: error }));
  }

  async #load() {
    this.#more.disabled = true;
    try {
      const { items, next } = await api.ofOperation(this.#next);
      // What the socket said meanwhile is newer.
      items.filter(({ id }) => !this.#rows.has(id)).forEach((head) => this.#put(head));
      this.#next = next;
      this.#more.hidden = next === null;
    } catch (error) {
      this.#trouble(error);
    } finally {
      this.#more.disabled = false;
    }
  }

  #hear = ({ detail: { what } }) => {
    if (what === 'watched' && this.#dialog.open) {
      this.#put(this.store.watched);
    } else if (what === 'hello' && this.#dialog.open) {
      // A new connection: what was missed is not known.
      this.#dialog.close();
    }
  };

  #put(head) {
    const row = this.#rows.get(head.id) ?? el('tr');
    if (head.state === 'closed') {
      row.remove();
      // Kept as empty, so that a page read before does not bring it back.
      this.#rows.set(head.id, el('tr'));
      return;
    }
    const focused = row.contains(document.activeElement);
    const name = head.name || head.address;
    const button = el('button', { type: 'button', 'aria-label': t('overview.reassign.of', { name }), onclick: () => this.#reassign(head, name) },
      t('overview.reassign'));
    fill(row,
      el('th', { scope: 'row' }, name),
      el('td', {}, t(head.state === 'queued' && head.agent !== null ? 'state.own-line' : `state.${head.state}`)),
      el('td', {}, this.#names.group.get(head.group) ?? ''),
      el('td', {}, this.#names.agent.get(head.agent) ?? ''),
      el('td', {}, shortTime(head.opened_at_ms)),
      el('td', {}, button));
    this.#rows.set(head.id, row);
    if (!row.isConnected) {
      this.#body.append(row);
    }
    if (focused) {
      button.focus();
    }
  }

  #reassign({ id, agent }, name) {
    const give = (to, note, key) => api.reassign(id, to, note, key);
    askWhom(this.#whom, { title: t('overview.reassign.of', { name }), without: agent, give })
      .catch((error) => this.#trouble(error));
  }
}

customElements.define('chasqui-overview', Overview);
