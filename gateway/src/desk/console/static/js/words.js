// The catalogue of the browser's language; pt-BR where we have none for it.

const CATALOGUES = ['pt-BR', 'en'];

let words = {};
let language = CATALOGUES[0];
let plurals = new Intl.PluralRules(language);

/** Loads the catalogue that fits best; once, before anything is shown. */
export async function loadWords() {
  const primary = (tag) => tag.toLowerCase().split('-')[0];
  const known = (tag) => CATALOGUES.find((own) => primary(own) === primary(tag));
  language = navigator.languages.map(known).find(Boolean) ?? CATALOGUES[0];
  plurals = new Intl.PluralRules(language);
  const response = await fetch(`/console/words/${language}.json`);
  words = await response.json();
  document.documentElement.lang = language;
}

/** The words for `key`, with `{name}` replaced from `values`. */
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));
}

/** The same, in the form that fits `count`. */
export function plural(key, count) {
  return t(`${key}.${plurals.select(count)}` in words ? `${key}.${plurals.select(count)}` : `${key}.other`, { count });
}

/** What a failed request is called. */
export function problem(error) {
  return t(`error.${error.name}` in words ? `error.${error.name}` : 'error.generic');
}

/** A time of day. */
export function clockTime(ms) {
  return new Intl.DateTimeFormat(language, { hour: '2-digit', minute: '2-digit' }).format(ms);
}

/** A day, in full. */
export function day(ms) {
  return new Intl.DateTimeFormat(language, { dateStyle: 'full' }).format(ms);
}

/** A time of day if it is today's, else a short date. */
export function shortTime(ms) {
  if (new Date(ms).toDateString() === new Date().toDateString()) {
    return clockTime(ms);
  }
  return new Intl.DateTimeFormat(language, { day: '2-digit', month: '2-digit' }).format(ms);
}
