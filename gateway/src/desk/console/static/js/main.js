// The console's beginning: words, then the session, then the desk or the login.

import * as api from './api.js';
import { fill } from './dom.js';
import { loadWords } from './words.js';
import './desk/desk.js';
import './login.js';

function show(name) {
  const element = document.createElement(name);
  element.addEventListener('logged-in', () => show('chasqui-desk'));
  element.addEventListener('logged-out', () => show('chasqui-login'));
  fill(document.body, element);
}

/** The token of a one-time link, taken out of the address so that it is not bookmarked. */
function takeLink() {
  const link = new URLSearchParams(location.hash.slice(1)).get('link');
  if (link) {
    history.replaceState(null, '', location.pathname);
  }
  return link;
}

await loadWords();
const link = takeLink();
if (link) {
  show('chasqui-login');
  document.querySelector('chasqui-login').useLink(link);
} else {
  const known = await api.me().then(() => true, () => false);
  show(known ? 'chasqui-desk' : 'chasqui-login');
}
