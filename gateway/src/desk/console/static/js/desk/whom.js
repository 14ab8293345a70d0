// Whom a conversation is to go to: one dialog for transfers and for reassignments.

import * as api from '../api.js';
import { el, fill } from '../dom.js';
import { problem, t } from '../words.js';

const AGENTS = ['agent', 'supervisor-agent'];

/**
 * Asks in `dialog` whom to give a conversation to, and what to note. `give(to, note, key)` does it;
 * what it is refused for is said in the dialog, which stays open with what was written.
 */
export async function askWhom(dialog, { title, without, give }) {
  const [{ items: groups }, { items: users }] = await Promise.all([api.groups(), api.users()]);
  const agents = users.filter((user) => user.active && user.id !== without && AGENTS.includes(user.kind));
  const present = (user) => `${user.name} · ${t(`presence.${user.presence}`)}`;
  const choose = el('select', { id: 'whom', required: true },
    el('option', { value: '' }, t('whom.choose')),
    el('optgroup', { label: t('whom.groups') },
      ...groups.filter((group) => group.active).map((group) => el('option', { value: `group ${group.id}` }, group.name))),
    el('optgroup', { label: t('whom.agents') },
      ...agents.map((user) => el('option', { value: `agent ${user.id}` }, present(user)))));
  const note = el('textarea', { id: 'note', rows: 3, maxlength: 1000 });
  const wrong = el('p', { class: 'login-error', role: 'alert' });
  const done = el('button', { type: 'submit', class: 'primary' }, t('whom.give'));
  // One key as long as the wish stays the same: pressed again after a broken answer, it is one command.
  let wish = { text: '', key: '' };
  const submit = async (event) => {
    event.preventDefault();
    const [kind, id] = choose.value.split(' ');
    const text = `${choose.value} ${note.value}`;
    wish = wish.text === text ? wish : { text, key: api.newKey() };
    done.disabled = true;
    try {
      await give({ [kind]: Number(id) }, note.value.trim(), wish.key);
      dialog.close();
    } catch (error) {
      fill(wrong, problem(error));
      // A refusal is the answer to its key.
      wish = error.status === 409 ? { text: '', key: '' } : wish;
    } finally {
      done.disabled = false;
    }
  };
  fill(dialog, el('form', { class: 'whom', onsubmit: submit },
    el('h2', {}, title),
    el('label', { for: 'whom' }, t('whom.to')), choose,
    el('label', { for: 'note' }, t('whom.note')), note, wrong,
    el('div', { class: 'choices' },
      el('button', { type: 'button', onclick: () => dialog.close() }, t('whom.cancel')), done)));
  dialog.addEventListener('close', () => fill(dialog), { once: true });
  dialog.showModal();
}
