// Logging in: by password, or by the link that was opened.

import * as api from './api.js';
import { el, fill } from './dom.js';
import { problem, t } from './words.js';

class Login extends HTMLElement {
  #error = el('p', { class: 'login-error', role: 'alert' });
  #button = el('button', { class: 'primary', type: 'submit' }, t('login.button'));
  #login = el('input', {
    id: 'login', name: 'username', autocomplete: 'username', autocapitalize: 'none',
    spellcheck: 'false', required: true,
  });
  #password = el('input', {
    id: 'password', name: 'password', type: 'password', autocomplete: 'current-password',
    required: true,
  });

  connectedCallback() {
    this.#button.textContent = t('login.button');
    const form = el('form', { class: 'card', onsubmit: (event) => this.#submit(event) },
      el('img', { src: '/console/icon.svg', alt: '', width: 56, height: 56 }),
      el('h1', {}, t('login.title')),
      el('p', { class: 'quiet' }, t('app.tagline')),
      el('label', { for: 'login' }, t('login.login')),
      this.#login,
      el('label', { for: 'password' }, t('login.password')),
      this.#password,
      this.#error,
      this.#button,
    );
    fill(this, el('main', { class: 'login' }, form));
    this.#login.focus();
  }

  /** Logs in with a one-time link's token. */
  useLink(link) {
    this.#try(api.logInByLink(link), 'login.link.wrong');
  }

  #submit(event) {
    event.preventDefault();
    this.#try(api.logIn(this.#login.value, this.#password.value), 'error.wrong-login');
  }

  async #try(login, wrong) {
    this.#button.disabled = true;
    fill(this.#error);
    try {
      await login;
      this.dispatchEvent(new CustomEvent('logged-in'));
    } catch (error) {
      fill(this.#error, error.name === 'wrong-login' ? t(wrong) : problem(error));
      this.#password.value = '';
      this.#password.focus();
    } finally {
      this.#button.disabled = false;
    }
  }
}

customElements.define('chasqui-login', Login);
