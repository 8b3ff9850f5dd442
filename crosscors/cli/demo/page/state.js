// The state of the page: the policy and the request as data, in the fields, and in the link.
import { field } from "./elements.js";
import { facts } from "./facts.js";

const LONGEST_LINK = 8000;  // characters

const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const linesOf = (id) => field(id).value.split("\n").filter((line) => line !== "");
const namesOf = (id) => field(id).value.split(",").map((name) => name.trim()).filter((name) => name);

export const DEFAULTS = {
  allow_origins: [],
  allow_origin_regex: null,
  allow_methods: ["GET"],
  allow_headers: [],
  allow_credentials: false,
  expose_headers: [],
  max_age: 600,
  allow_private_network: false,
  timing_allow_origin: false,
  dangerously_allow: [],
};
const NAMES = ["allow_methods", "allow_headers", "expose_headers"];
const SWITCHES = ["allow_private_network", "timing_allow_origin"];
const PROTECT = { off: false, report: "report", on: true };

// ---- From the fields

function credentials() {
  return { no: false, all: true, listed: linesOf("credentialed") }[field("allow_credentials").value];
}

function maxAge() {
  const text = field("max_age").value.trim();
  if (text === "") return null;
  return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
}

// The options that differ from their defaults.
export function policyOptions() {
  const options = {
    allow_origins: linesOf("allow_origins"),
    allow_origin_regex: field("allow_origin_regex").value || null,
    ...Object.fromEntries(NAMES.map((name) => [name, namesOf(name)])),
    allow_credentials: credentials(),
    max_age: maxAge(),
    ...Object.fromEntries(SWITCHES.map((name) => [name, field(name).checked])),
    dangerously_allow: facts.dangers.filter((danger) => field(danger).checked),
  };
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => !same(value, DEFAULTS[name])));
}

function headerIn(text) {
  const [, name, value] = /^\s*([^:]*?)\s*:\s*(.*?)\s*$/.exec(text) ?? [];
  if (!name) throw new Error(`Write the header as Name: value, not ${text}`);
  return [name, value];
}

export const isFetch = () => field("kind").value === "fetch";
export const hasBody = () => !isFetch() || !["GET", "HEAD"].includes(field("method").value);

// Throws if a header is not complete.
export function requestParts() {
  const { origin, kind, path } = Object.fromEntries(["origin", "kind", "path"].map((id) => [id, field(id).value]));
  const body = hasBody() ? field("body").value : "";
  if (!isFetch()) return { origin, kind, method: "POST", path, headers: [], credentials: true, body };
  return {
    origin,
    kind,
    method: field("method").value,
    path,
    headers: linesOf("headers").map(headerIn),
    credentials: field("credentials").checked,
    body,
  };
}

export const policyNow = () => ({
  policy: policyOptions(),
  protect: PROTECT[field("protect").value],
  debug: field("debug").checked,
});

export const stateNow = () => ({ ...policyNow(), request: requestParts() });

// ---- Into the fields

export function show({ policy = {}, protect = false, debug = true, request = {} }) {
  const options = { ...DEFAULTS, ...policy };
  const credentialed = options.allow_credentials;
  const isListed = Array.isArray(credentialed);
  field("allow_origins").value = options.allow_origins.join("\n");
  field("allow_origin_regex").value = options.allow_origin_regex ?? "";
  field("allow_credentials").value = isListed ? "listed" : credentialed ? "all" : "no";
  field("credentialed").value = isListed ? credentialed.join("\n") : "";
  for (const name of NAMES) field(name).value = options[name].join(", ");
  field("max_age").value = options.max_age ?? "";
  for (const name of SWITCHES) field(name).checked = options[name];
  for (const danger of facts.dangers) field(danger).checked = options.dangerously_allow.includes(danger);
  field("protect").value = Object.keys(PROTECT).find((key) => PROTECT[key] === protect);
  field("debug").checked = debug;
  field("origin").value = request.origin ?? facts.origins[0].id;
  field("kind").value = request.kind ?? "fetch";
  field("method").value = request.method ?? "GET";
  field("path").value = request.path ?? facts.paths[0];
  field("headers").value = (request.headers ?? []).map((pair) => pair.join(": ")).join("\n");
  field("credentials").checked = request.credentials ?? false;
  field("body").value = request.body ?? "";
}

// ---- The link. {localhost} and the like stand for origins, because each demo has other ports.

const TOKENS = facts.origins
  .filter(({ id, origin }) => origin !== id)
  .map(({ id, origin }) => [`{${id}}`, origin]);
const withTokens = (text) => TOKENS.reduce((result, [token, origin]) => result.replaceAll(origin, token), text);
const withOrigins = (text) => TOKENS.reduce((result, [token, origin]) => result.replaceAll(token, origin), text);

// A part of a preset, with the origins of this demo.
export const stateOf = (part) => JSON.parse(withOrigins(JSON.stringify(part)));

const isText = (value) => typeof value === "string";
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isFlag = (value) => typeof value === "boolean";
const isAmong = (choices) => (value) => choices.includes(value);
const isPair = (value) => isTexts(value) && value.length === 2;
const isTable = (shape) => (value) => typeof value === "object" && value !== null && !Array.isArray(value)
  && Object.entries(value).every(([key, each]) => Object.hasOwn(shape, key) && shape[key](each));

const isState = isTable({
  policy: isTable({
    allow_origins: isTexts,
    allow_origin_regex: (value) => value === null || isText(value),
    allow_methods: isTexts,
    allow_headers: isTexts,
    allow_credentials: (value) => isFlag(value) || isTexts(value),
    expose_headers: isTexts,
    max_age: (value) => value === null || isText(value) || Number.isSafeInteger(value),
    allow_private_network: isFlag,
    timing_allow_origin: isFlag,
    dangerously_allow: isTexts,
  }),
  protect: isAmong(Object.values(PROTECT)),
  debug: isFlag,
  request: isTable({
    origin: isAmong(facts.origins.map(({ id }) => id)),
    kind: isAmong(["fetch", "form", "beacon"]),
    method: isAmong(facts.methods),
    path: isAmong(facts.paths),
    headers: (value) => Array.isArray(value) && value.every(isPair),
    credentials: isFlag,
    body: isText,
  }),
  preset: isAmong(facts.presets.map(({ id }) => id)),
});

// The state in the link; null if there is none. Throws if the link is not valid.
export function stateInLink() {
  if (location.hash.length < 2) return null;
  if (location.hash.length > LONGEST_LINK) throw new Error("The link is too long.");
  let state;
  try {
    state = JSON.parse(withOrigins(decodeURIComponent(location.hash.slice(1))));
  } catch {
    throw new Error("The link is not complete. Ask for it again.");
  }
  if (!isState(state)) throw new Error("The link does not have the form of a case. Ask for it again.");
  return state;
}

export function keepInLink(preset) {
  let state;
  try {
    state = { ...stateNow(), ...(preset ? { preset: preset.id } : {}) };
  } catch {
    return;  // somebody is writing a header
  }
  const hash = `#${encodeURIComponent(withTokens(JSON.stringify(state)))}`;
  if (hash.length <= LONGEST_LINK) history.replaceState(null, "", hash);
}

// The script that the page of the other origin runs.
export function scriptOf({ kind, method, path, headers, credentials: isIncluded, body }) {
  const url = `url + ${JSON.stringify(path)}`;
  if (kind === "beacon") return `navigator.sendBeacon(${url}, ${JSON.stringify(body)})`;
  if (kind === "form") return `<form action="…${path}" method="post">\n  <input name="text">\n</form>`;
  const options = [
    ...(method === "GET" ? [] : [`method: ${JSON.stringify(method)}`]),
    ...(headers.length ? [`headers: ${JSON.stringify(Object.fromEntries(headers))}`] : []),
    ...(isIncluded ? ['credentials: "include"'] : []),
    ...(body ? [`body: ${JSON.stringify(body)}`] : []),
  ];
  return options.length ? `fetch(${url}, {\n${options.map((each) => `  ${each},\n`).join("")}})` : `fetch(${url})`;
}
