// The desk's API. The session travels in a cookie that scripts cannot read.

/** A refused request; `name` is the problem's name, such as `window-closed`. */
export class Problem extends Error {
  constructor(name, status, detail = '') {
    super(detail);
    this.name = name;
    this.status = status;
  }
}

async function ask(method, path, body, headers = {}) {
  const request = { method, headers: { ...headers } };
  if (method !== 'GET') {
    request.headers['Content-Type'] = 'application/json';
    request.body = JSON.stringify(body ?? {});
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Problem('network', 0);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) {
    const name = String(answer.type ?? '').split(':').pop() || 'generic';
    throw new Problem(name, response.status, answer.detail);
  }
  return answer;
}

const conversation = (id) => `/v1/conversations/${encodeURIComponent(id)}`;

export const me = () => ask('GET', '/v1/me');
export const logIn = (login, password) => ask('POST', '/v1/login', { login, password });
export const logInByLink = (link) => ask('POST', '/v1/login', { link });
export const logOut = () => ask('POST', '/v1/logout');
export const setPresence = (presence) => ask('PUT', '/v1/me/presence', { presence });
export const groups = () => ask('GET', '/v1/groups');
export const users = () => ask('GET', '/v1/users');
export const ofOperation = (after) =>
  ask('GET', `/v1/conversations?scope=operation${after === null ? '' : `&after=${after}`}`);
export const pend = (id) => ask('POST', `${conversation(id)}/pend`);
export const resume = (id) => ask('POST', `${conversation(id)}/resume`);
export const close = (id) => ask('POST', `${conversation(id)}/close`);
export const earlier = (id, before) =>
  ask('GET', `${conversation(id)}/messages?before=${before}`);

const once = (id, what, body, key) =>
  ask('POST', `${conversation(id)}/${what}`, body, { 'Idempotency-Key': key });

/** Sends a text; asked again with the same key it is still sent once. So with the others. */
export const send = (id, text, key) => once(id, 'messages', { text }, key);
export const transfer = (id, to, note, key) => once(id, 'transfer', { to, note }, key);
export const reassign = (id, to, note, key) => once(id, 'reassign', { to, note }, key);

/** A key no other command has; `randomUUID` is there only on https and localhost. */
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
}
