// A page of another origin. In a frame of the playground, it sends what the playground asks for. Its
// Content-Security-Policy lets it reach the stacks and nothing else, and lets only the playground frame it.
"use strict";

const playground = document.body.dataset.playground;
const LONGEST_BODY = 2000;  // characters
const TIMEOUT = 10000;  // milliseconds
const MOST_FRAMES = 8;  // one stack each, and none is removed while it loads

async function sendFetch({ url, method, headers, credentials, body }) {
  try {
    const response = await fetch(url, {
      method,
      headers,
      credentials: credentials ? "include" : "same-origin",
      body: body || undefined,
      signal: AbortSignal.timeout(TIMEOUT),
    });
    const text = await response.text();
    return { status: response.status, headers: [...response.headers], body: text.slice(0, LONGEST_BODY) };
  } catch (error) {
    return { error: String(error) };  // a script never learns why
  }
}

function postForm({ id, url, body }) {
  const frames = document.getElementsByTagName("iframe");
  while (frames.length >= MOST_FRAMES) frames[0].remove();
  const frame = Object.assign(document.createElement("iframe"), { name: `response-${id}`, title: "Response" });
  const form = Object.assign(document.createElement("form"), { action: url, method: "post", target: frame.name });
  form.append(Object.assign(document.createElement("input"), { type: "hidden", name: "text", value: body }));
  document.body.append(frame, form);
  form.submit();
  form.remove();
  return {};
}

function sendBeacon({ url, body }) {
  return navigator.sendBeacon(url, body) ? {} : { error: "The browser did not take the beacon." };
}

const SEND = { fetch: sendFetch, form: postForm, beacon: sendBeacon };

addEventListener("message", async ({ origin, source, data }) => {
  if (origin !== playground || source !== parent || !Object.hasOwn(SEND, data.kind)) return;
  parent.postMessage({ id: data.id, result: await SEND[data.kind](data) }, playground);
});

if (parent !== window) parent.postMessage({ ready: true }, playground);
