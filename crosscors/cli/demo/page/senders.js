// The pages that send the requests: each has another origin, and is in a frame.
import { element, field } from "./elements.js";

const PATIENCE = 10000;  // milliseconds for a page to open

const senders = new Map();
const waiting = new Map();
let messages = 0;

export function senderOf(origin) {
  if (!senders.has(origin.id)) senders.set(origin.id, makeSender(origin));
  return senders.get(origin.id);
}

function makeSender(origin) {
  const frame = element("iframe", { src: origin.address, title: `A page of ${origin.origin}` });
  if (origin.id === "null") frame.sandbox = "allow-scripts allow-forms";
  const sender = { frame, origin: origin.origin };
  sender.isReady = new Promise((resolve, reject) => {
    sender.ready = resolve;
    setTimeout(() => reject(new Error(`Your browser does not open ${origin.address}.`)), PATIENCE);
  });
  sender.isReady.catch(() => {
    frame.remove();
    senders.delete(origin.id);
  });
  field("frames").append(frame);
  return sender;
}

// The message is for the page of that origin and for nobody else. A sandboxed page has no origin to name.
export async function sendFrom(origin, message) {
  const { frame, isReady } = senderOf(origin);
  await isReady;
  const id = ++messages;
  const result = new Promise((resolve) => { waiting.set(id, { resolve, frame }); });
  frame.contentWindow.postMessage({ id, ...message }, origin.id === "null" ? "*" : origin.origin);
  return result;
}

addEventListener("message", ({ origin, source, data }) => {
  const sender = [...senders.values()].find(({ frame }) => frame.contentWindow === source);
  if (sender?.origin !== origin) return;
  if (data.ready) {
    sender.ready();
  } else if (waiting.get(data.id)?.frame === sender.frame) {
    waiting.get(data.id).resolve(data.result);
    waiting.delete(data.id);
  }
});
