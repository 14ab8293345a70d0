// The chat: one conversation's messages and the composer.

import * as api from '../api.js';
import { el, fill, hue, initials, mark } from '../dom.js';
import { clockTime, day, t } from '../words.js';
import { askWhom } from './whom.js';

const TICKS = { pending: '◷', sent: '✓', delivered: '✓✓', read: '✓✓', failed: '✕', unsent: '✕' };
/** So near to the end (in pixels), new messages pull the view along. */
const NEAR = 80;

class Chat extends HTMLElement {
  store = null;
  #shown = null;
  #bubbles = new Map();
  #lastDay = '';
  #log = el('div', { class: 'log', role: 'log', tabindex: '0' });
  #away = el('div', { class: 'log outbox' });
  #scroll = el('div', { class: 'scroll' });
  #earlier = el('button', { type: 'button', class: 'quiet earlier', onclick: () => this.#loadEarlier() });
  #gap = el('p', { class: 'quiet gap', hidden: true });
  #newest = el('button', { type: 'button', class: 'newest', hidden: true, onclick: () => this.#toEnd() });
  #text = el('textarea', { rows: 1, maxlength: 4096, enterkeyhint: 'send' });
  #standing = el('p', { class: 'standing', role: 'status', hidden: true });
  #aside = el('button', { type: 'button', onclick: () => this.#setAside() });
  #dialog = el('dialog');

  connectedCallback() {
    this.#earlier.textContent = t('chat.earlier');
    this.#gap.textContent = t('chat.gap');
    this.#newest.textContent = t('chat.newest');
    this.#text.addEventListener('keydown', (event) => this.#key(event));
    this.#text.addEventListener('input', () => this.#typed());
    this.#scroll.addEventListener('scroll', () => { this.#newest.hidden = this.#isNear(); });
    this.store.addEventListener('change', this.#draw);
    this.#drawAll();
  }

  disconnectedCallback() {
    this.store.removeEventListener('change', this.#draw);
  }

  #draw = ({ detail: { what, id } }) => {
    const whole = ['hello', 'selection', 'closed', 'earlier', 'assigned'].includes(what);
    if (whole && (what === 'hello' || this.store.selected !== this.#shown || id === this.#shown)) {
      this.#drawAll(what === 'earlier');
    } else if (id === this.#shown && this.#shown) {
      if (what === 'state') {
        this.#drawStanding(this.#conversation());
      } else if (what === 'message') {
        this.#follow(() => this.#add(this.#conversation().messages.at(-1)));
      } else if (what === 'status') {
        this.#conversation().messages.forEach((message) => this.#drawStatus(message));
      }
      this.#follow(() => this.#drawOutbox());
    }
  };

  #conversation() {
    return this.store.conversations.get(this.#shown);
  }

  #drawAll(keepPlace = false) {
    const before = this.#scroll.scrollHeight - this.#scroll.scrollTop;
    const same = this.#shown !== null && this.#shown === this.store.selected;
    this.#shown = this.store.selected;
    this.#bubbles.clear();
    this.#lastDay = '';
    fill(this.#log);
    const conversation = this.#conversation();
    if (!conversation) {
      fill(this, el('div', { class: 'nothing' }, el('img', { src: '/console/icon.svg', alt: '', width: 72, height: 72 }),
        el('h2', {}, t('chat.empty')), el('p', { class: 'quiet' }, t('chat.empty.hint'))));
      return;
    }
    conversation.messages.forEach((message) => this.#add(message));
    this.#drawOutbox();
    const begun = conversation.complete || (conversation.messages[0]?.seq ?? 1) === 1;
    this.#earlier.hidden = begun;
    this.#gap.hidden = !conversation.gap;
    if (!same) {
      this.#drawFrame(conversation);
    }
    this.#drawStanding(conversation);
    this.#scroll.scrollTop = keepPlace ? this.#scroll.scrollHeight - before : this.#scroll.scrollHeight;
    this.#newest.hidden = true;
  }

  #drawFrame(conversation) {
    const name = conversation.name || conversation.address;
    const values = { name, number: conversation.protocol };
    this.#text.value = this.store.drafts.get(conversation.id) ?? '';
    mark(this.#log, 'aria-label', t('chat.log', values));
    mark(this.#text, 'aria-label', t('chat.composer', values));
    mark(this.#text, 'placeholder', t('chat.composer.hint'));
    const parts = [conversation.channel_name, conversation.address, t('chat.protocol', values)];
    const header = el('header', {},
      el('button', { type: 'button', class: 'back quiet', 'aria-label': t('chat.back'), onclick: () => this.store.select(null) }, '←'),
      el('span', { class: `avatar ${hue(conversation.id)}`, 'aria-hidden': 'true' }, initials(name)),
      el('h2', {}, name),
      el('p', { class: 'quiet' }, parts.filter(Boolean).join(' · ')),
      el('div', { class: 'actions' },
        el('button', { type: 'button', onclick: () => this.#transfer(values) }, t('chat.transfer')),
        this.#aside,
        el('button', { type: 'button', onclick: () => this.#askToClose(values) }, t('chat.close'))),
      this.#standing,
    );
    fill(this.#scroll, this.#earlier, this.#gap, this.#log, this.#away);
    const composer = el('form', { class: 'composer', onsubmit: (event) => { event.preventDefault(); this.#submit(); } },
      this.#text, el('button', { type: 'submit', class: 'primary' }, t('chat.send')));
    fill(this, el('section', { class: 'chat', 'aria-label': name }, header, this.#scroll, this.#newest, composer), this.#dialog);
    this.#grow();
    if (!matchMedia('(max-width: 48rem)').matches && !document.activeElement?.closest('nav')) {
      this.#text.focus();
    }
  }

  /** What is to be known of it beside its messages: set aside, about to end, and what was noted. */
  #drawStanding({ state, moved, warned_until_ms: until }) {
    const note = moved?.note && t(moved.kind === 'redirect' ? 'chat.note' : 'chat.note.from', { note: moved.note, name: this.store.names.get(moved.by.user) ?? '' });
    const parts = [
      state === 'pending' && t('chat.pending'),
      state === 'queued' && t('chat.own-line'),
      until != null && t('chat.warned', { time: clockTime(until) }),
      note,
    ].filter(Boolean);
    fill(this.#standing, parts.join(' '));
    this.#standing.hidden = parts.length === 0;
    this.#aside.textContent = state === 'pending' ? t('chat.resume') : t('chat.pend');
    this.#aside.hidden = !['assigned', 'pending'].includes(state);
  }

  #add(message) {
    const today = new Date(message.at_ms).toDateString();
    if (today !== this.#lastDay) {
      this.#lastDay = today;
      this.#log.append(el('p', { class: 'day' }, day(message.at_ms)));
    }
    const author = message.author.kind === 'user' && message.author.user === this.store.user?.id ? 'me' : message.author.kind;
    const status = el('span', { class: 'status' });
    const bubble = el('article', { class: `bubble ${message.direction} ${message.author.kind}` },
      el('span', { class: message.direction === 'out' && author !== 'me' ? 'author' : 'hidden' }, t(`message.author.${author}`)),
      message.text === null
        ? el('p', { class: 'unsupported' }, t('message.unsupported', { kind: message.unsupported }))
        : el('p', {}, message.text),
      el('footer', {}, el('time', { datetime: new Date(message.at_ms).toISOString() }, clockTime(message.at_ms)), status),
    );
    this.#bubbles.set(message.seq, { bubble, status });
    this.#drawStatus(message);
    this.#log.append(bubble);
  }

  #drawStatus({ seq, direction, status }) {
    const held = this.#bubbles.get(seq);
    if (direction === 'out' && held) {
      paintStatus(held.status, status ?? 'pending');
      held.bubble.classList.toggle('failed', status === 'failed');
    }
  }

  #drawOutbox() {
    const id = this.#shown;
    fill(this.#away, ...this.store.outbox(id).map((entry) => {
      const status = el('span', { class: 'status' });
      paintStatus(status, entry.failed ? 'unsent' : 'pending');
      return el('article', { class: `bubble out user ${entry.failed ? 'failed' : 'leaving'}` },
        el('p', {}, entry.text),
        el('footer', {}, status, entry.failed
          && el('button', { type: 'button', onclick: () => this.#dispatch(id, entry.text, entry.key) }, t('chat.retry'))));
    }));
  }

  #key(event) {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#submit();
    }
  }

  #submit() {
    const text = this.#text.value.trim();
    if (!text || !this.#shown) {
      return;
    }
    this.#text.value = '';
    this.#typed();
    this.#dispatch(this.#shown, text, api.newKey());
    this.#toEnd();
  }

  /** Sends a text; again under the same key, it still arrives once. */
  async #dispatch(id, text, key) {
    this.store.depart(id, { key, text, failed: false });
    try {
      const { id: sent } = await api.send(id, text, key);
      if (sent) {
        this.store.settle(id, key);
      }
    } catch (error) {
      this.store.settle(id, key);
      // A refusal is the answer to its key; whatever else went wrong, it may have been sent.
      this.store.depart(id, { key: error.status === 409 ? api.newKey() : key, text, failed: true });
      this.dispatchEvent(new CustomEvent('trouble', { bubbles: true, detail: error }));
    }
  }

  async #loadEarlier() {
    const id = this.#shown;
    this.#earlier.disabled = true;
    try {
      const { messages, gap } = await api.earlier(id, this.#conversation().messages[0].seq);
      this.store.prepend(id, messages, gap);
    } catch (error) {
      this.dispatchEvent(new CustomEvent('trouble', { bubbles: true, detail: error }));
    } finally {
      this.#earlier.disabled = false;
    }
  }

  async #try(asked) {
    await asked.catch((error) => this.dispatchEvent(new CustomEvent('trouble', { bubbles: true, detail: error })));
  }

  async #setAside() {
    const { id, state } = this.#conversation();
    this.#aside.disabled = true;
    await this.#try(state === 'pending' ? api.resume(id) : api.pend(id));
    this.#aside.disabled = false;
  }

  #transfer(values) {
    const id = this.#shown;
    const give = (to, note, key) => api.transfer(id, to, note, key);
    this.#try(askWhom(this.#dialog, { title: t('chat.transfer.of', values), without: this.store.user.id, give }));
  }

  #askToClose(values) {
    const id = this.#shown;
    const close = () => {
      this.#dialog.close();
      this.#try(api.close(id));
    };
    fill(this.#dialog,
      el('p', {}, t('chat.close.question', values)),
      el('div', { class: 'choices' },
        el('button', { type: 'button', onclick: () => this.#dialog.close() }, t('chat.close.no')),
        el('button', { type: 'button', class: 'danger', onclick: close }, t('chat.close.yes'))));
    this.#dialog.showModal();
  }

  #typed() {
    this.store.drafts.set(this.#shown, this.#text.value);
    this.#grow();
  }

  #grow() {
    this.#text.rows = Math.min(Math.max(this.#text.value.split('\n').length, 1), 6);
  }

  #isNear() {
    return this.#scroll.scrollHeight - this.#scroll.scrollTop - this.#scroll.clientHeight < NEAR;
  }

  #toEnd() {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  /** Draws, and stays at the end if the reader is there. */
  #follow(draw) {
    const near = this.#isNear();
    draw();
    if (near) {
      this.#toEnd();
    }
    this.#newest.hidden = near;
  }
}

/** A status in sign, colour and word: never by colour alone. */
function paintStatus(element, status) {
  element.className = `status ${status}`;
  mark(element, 'role', 'img');
  mark(element, 'aria-label', t(`status.${status}`));
  mark(element, 'title', t(`status.${status}`));
  element.textContent = TICKS[status];
}

customElements.define('chasqui-chat', Chat);
