// Building the page. Text only ever becomes text: nothing here takes markup.

/**
 * An element with attributes, listeners (`onclick`) and children (nodes or strings).
 * `false`, `null` and `undefined` leave an attribute or child out.
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') {
      element.addEventListener(name.slice(2), value);
    } else if (value === true) {
      element.setAttribute(name, '');
    } else if (value !== false && value != null) {
      element.setAttribute(name, String(value));
    }
  }
  fill(element, ...children);
  return element;
}

/** Replaces everything inside `element`. */
export function fill(element, ...children) {
  element.replaceChildren(...children.filter((child) => child != null && child !== false));
}

/** Sets or removes an attribute. */
export function mark(element, name, value) {
  if (value === false || value == null) {
    element.removeAttribute(name);
  } else {
    element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** One of eight colours, always the same for the same text. */
export function hue(text) {
  let sum = 0;
  for (const char of text) {
    sum = (sum * 31 + char.codePointAt(0)) % 997;
  }
  return `hue-${sum % 8}`;
}

/** The first letters of a name, or a sign where there are none. */
export function initials(name) {
  const letters = name.match(/\p{L}+/gu) ?? [];
  const first = letters.slice(0, 2).map((word) => [...word][0].toUpperCase());
  return first.join('') || '#';
}
