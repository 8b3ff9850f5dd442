// Elements. Text is always inserted as text, wherever it comes from.

export const field = (id) => document.getElementById(id);

export function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

export const code = (textContent) => element("code", { textContent });
export const line = (textContent) => element("p", { className: "line", textContent });
export const muted = (textContent) => element("p", { className: "muted", textContent });
export const option = (textContent, value = textContent) => element("option", { textContent, value });
