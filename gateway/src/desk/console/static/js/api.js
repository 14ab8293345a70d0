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
export const close = (id) => ask('POST', `${conversation(id)}/close`);
export const earlier = (id, before) =>
  ask('GET', `${conversation(id)}/messages?before=${before}`);

/** Sends a text; asked again with the same key it is still sent once. */
export const send = (id, text, key) =>
  ask('POST', `${conversation(id)}/messages`, { text }, { 'Idempotency-Key': key });
