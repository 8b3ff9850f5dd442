// The page of the playground. Whatever comes from the server or from the link is inserted as text.
const CHECK_AFTER = 250;  // milliseconds without a key
const LONGEST_LINK = 8000;  // characters
const PATIENCE = 10000;  // milliseconds for a page to open, or for a form or beacon to arrive

const facts = await (await fetch("/facts.json")).json();
const field = (id) => document.getElementById(id);
const stacks = facts.stacks.filter((stack) => stack.address);

// ---- Small helpers

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

const lines = (id) => field(id).value.split("\n").filter((line) => line !== "");
const names = (id) => field(id).value.split(",").map((name) => name.trim()).filter((name) => name);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const pause = (milliseconds) => new Promise((resolve) => { setTimeout(resolve, milliseconds); });

async function ask(path, content) {
  const response = await fetch(path, {
    method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(content),
  });
  const said = await response.json();
  if (!response.ok) throw new Error(said.error);
  return said;
}

// ---- The state: the policy and the request, as data

function policyOptions() {
  const credentials = { no: false, all: true, listed: lines("credentialed") }[field("allow_credentials").value];
  const age = field("max_age").value.trim();
  const options = {
    allow_origins: lines("allow_origins"),
    allow_origin_regex: field("allow_origin_regex").value || null,
    allow_methods: names("allow_methods"),
    allow_headers: names("allow_headers"),
    allow_credentials: credentials,
    expose_headers: names("expose_headers"),
    max_age: age === "" ? null : /^-?\d{1,15}$/.test(age) ? Number(age) : age,
    allow_private_network: field("allow_private_network").checked,
    timing_allow_origin: field("timing_allow_origin").checked,
    dangerously_allow: facts.dangers.filter((danger) => field(danger).checked),
  };
  return Object.fromEntries(Object.entries(options).filter(([name, value]) => !same(value, DEFAULTS[name])));
}

const DEFAULTS = {
  allow_origins: [], allow_origin_regex: null, allow_methods: ["GET"], allow_headers: [], allow_credentials: false,
  expose_headers: [], max_age: 600, allow_private_network: false, timing_allow_origin: false, dangerously_allow: [],
};

const PROTECT = { off: false, report: "report", on: true };

function requestParts() {
  const kind = field("kind").value;
  const isFetch = kind === "fetch";
  const hasBody = !(isFetch && ["GET", "HEAD"].includes(field("method").value));
  return {
    origin: field("origin").value,
    kind,
    method: isFetch ? field("method").value : "POST",
    path: field("path").value,
    headers: isFetch ? lines("headers").map(headerIn) : [],
    credentials: !isFetch || field("credentials").checked,
    body: hasBody ? field("body").value : "",
  };
}

function headerIn(line) {
  const [, name, value] = /^\s*([^:]*?)\s*:\s*(.*?)\s*$/.exec(line) ?? [];
  if (!name) throw new Error(`Write the header as Name: value, not ${line}`);
  return [name, value];
}

// The state without the request, which may be half written.
const policyNow = () => ({
  policy: policyOptions(),
  protect: PROTECT[field("protect").value],
  debug: field("debug").checked,
});

const stateNow = () => ({ ...policyNow(), request: requestParts() });

function show({ policy = {}, protect = false, debug = true, request = {} }) {
  const options = { ...DEFAULTS, ...policy };
  const credentials = options.allow_credentials;
  field("allow_origins").value = options.allow_origins.join("\n");
  field("allow_origin_regex").value = options.allow_origin_regex ?? "";
  field("allow_credentials").value = Array.isArray(credentials) ? "listed" : credentials ? "all" : "no";
  field("credentialed").value = Array.isArray(credentials) ? credentials.join("\n") : "";
  for (const name of ["allow_methods", "allow_headers", "expose_headers"]) field(name).value = options[name].join(", ");
  field("max_age").value = options.max_age ?? "";
  for (const name of ["allow_private_network", "timing_allow_origin"]) field(name).checked = options[name];
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

const tokens = facts.origins
  .filter(({ id, origin }) => origin !== id)
  .map(({ id, origin }) => [`{${id}}`, origin])
  .sort(([, a], [, b]) => b.length - a.length);
const withTokens = (text) => tokens.reduce((result, [token, origin]) => result.replaceAll(origin, token), text);
const withOrigins = (text) => tokens.reduce((result, [token, origin]) => result.replaceAll(token, origin), text);

const isText = (value) => typeof value === "string";
const isTexts = (value) => Array.isArray(value) && value.every(isText);
const isFlag = (value) => typeof value === "boolean";
const isAmong = (choices) => (value) => choices.includes(value);
const isTable = (shape) => (value) => typeof value === "object" && value !== null && !Array.isArray(value)
  && Object.entries(value).every(([key, each]) => Object.hasOwn(shape, key) && shape[key](each));
const isPair = (value) => isTexts(value) && value.length === 2;
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
function stateInLink() {
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

function keepInLink() {
  let state;
  try {
    state = { ...stateNow(), ...(preset ? { preset: preset.id } : {}) };
  } catch {
    return;  // a header is being written
  }
  const hash = `#${encodeURIComponent(withTokens(JSON.stringify(state)))}`;
  if (hash.length <= LONGEST_LINK) history.replaceState(null, "", hash);
}

// ---- Presets

let preset = null;

function choose(chosen) {
  preset = chosen;
  for (const button of field("presets").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.preset === preset?.id));
  }
  field("preset").hidden = !preset;
  if (!preset) return;
  field("preset-title").textContent = preset.title;
  field("preset-what").textContent = preset.what;
  field("preset-why").textContent = preset.why;
  field("fix").hidden = !preset.fix;
}

const stateOf = (part) => JSON.parse(withOrigins(JSON.stringify(part)));

async function run(state) {
  show(state);
  arrange();
  await check();
  await send();
}

async function applyFix() {
  const fix = stateOf(preset.fix);
  const state = stateNow();
  await run({ ...state, ...fix, policy: { ...state.policy, ...fix.policy } });
}

// ---- What there is to say about the policy

let checks = 0;

async function check() {
  const mine = ++checks;
  let said;
  try {
    said = await ask("/check", policyNow());
  } catch (error) {
    say(error.message, true);
    return;
  }
  if (mine === checks) showReport(said);
}

function showReport({ problems, warnings, advice, sentences, configurations }) {
  const startless = problems.length > 0;
  field("findings").replaceChildren(
    ...problems.map((each) => finding("problem", each)),
    ...warnings.map((each) => finding("warning", each)),
    ...advice.map((each) => finding("advice", each)),
  );
  const faulty = new Set(problems.map(({ option }) => option));
  for (const name of Object.keys(DEFAULTS)) field(name).setAttribute("aria-invalid", String(faulty.has(name)));
  field("meaning").hidden = startless;
  if (startless) return;
  field("sentences").replaceChildren(...sentences.map((sentence) => element("li", { textContent: sentence })));
  const chosen = field("framework").value;
  field("framework").replaceChildren(...configurations.map(({ name }) => element("option", { textContent: name })));
  if (configurations.some(({ name }) => name === chosen)) field("framework").value = chosen;
  codes = Object.fromEntries(configurations.map(({ name, code }) => [name, code]));
  showCode();
}

const KINDS = { problem: "Problem", warning: "Warning", advice: "Advice" };

function finding(kind, { option, message, hint }) {
  return element("div", { className: `finding ${kind}` },
    element("strong", { textContent: `${KINDS[kind]} ` }), element("code", { textContent: option }), `: ${message}`,
    element("p", { textContent: hint }));
}

let codes = {};

function showCode() {
  field("code").textContent = codes[field("framework").value] ?? "";
  field("copied").textContent = "";
}

async function copy() {
  await navigator.clipboard.writeText(field("code").textContent);
  field("copied").textContent = "Copied.";
}

// ---- The pages that send the requests, in frames

const frames = new Map();
const waiting = new Map();
let messages = 0;

function frameOf(origin) {
  if (!frames.has(origin.id)) frames.set(origin.id, makeFrame(origin));
  return frames.get(origin.id);
}

function makeFrame(origin) {
  const frame = element("iframe", { src: origin.address, title: `A page of ${origin.origin}` });
  if (origin.id === "null") frame.sandbox = "allow-scripts allow-forms";
  const ready = new Promise((resolve, reject) => {
    frame.ready = resolve;
    setTimeout(() => reject(new Error(`Your browser does not open ${origin.address}.`)), PATIENCE);
  });
  ready.catch(() => frames.delete(origin.id));
  field("frames").append(frame);
  return { frame, origin, ready };
}

// The message is for the page of that origin and nobody else. A sandboxed page has no origin to name.
async function sendFrom(origin, message) {
  const { frame, ready } = frameOf(origin);
  await ready;
  const id = ++messages;
  const result = new Promise((resolve) => { waiting.set(id, { resolve, frame }); });
  frame.contentWindow.postMessage({ id, ...message }, origin.id === "null" ? "*" : origin.origin);
  return result;
}

addEventListener("message", ({ origin, source, data }) => {
  const from = [...frames.values()].find(({ frame }) => frame.contentWindow === source);
  if (from?.origin.origin !== origin) return;
  if (data.ready) {
    from.frame.ready();
  } else if (waiting.get(data.id)?.frame === from.frame) {
    waiting.get(data.id).resolve(data.result);
    waiting.delete(data.id);
  }
});

// ---- Sending

let latest = null;
let sends = 0;

function say(text, isError = false) {
  field("status").textContent = text;
  field("status").classList.toggle("error", isError);
  field("see").hidden = true;
}

async function send() {
  const mine = ++sends;
  field("results").dataset.state = "running";
  say("Sending…");
  try {
    const state = stateNow();
    const origin = facts.origins.find(({ id }) => id === state.request.origin);
    const said = await ask("/run", state);
    showReport(said);
    if (said.run === null) {
      field("results").hidden = true;
      say("Nothing was sent, because the policy does not start. See the problem.", true);
    } else {
      const results = await Promise.all(stacks.map((stack) => sendFrom(origin, { ...state.request, url: said.urls[stack.id] })));
      const exchanges = await recordOf(said.run, state.request.kind);
      if (mine !== sends) return;
      latest = Object.fromEntries(stacks.map((stack, i) => [stack.id, {
        predicted: said.predictions[stack.id],
        real: outcome(state.request.kind, results[i], exchanges.filter((each) => each.stack === stack.id)),
        exchanges: exchanges.filter((each) => each.stack === stack.id),
        result: results[i],
        isOvertaken: exchanges.some((each) => each.live !== said.run),
      }]));
      showResults(said.engine);
    }
  } catch (error) {
    say(error.message, true);
  }
  field("results").dataset.state = "done";
  field("results").dataset.sends = mine;
}

// What the servers saw. The response to a fetch comes after that. For forms and beacons, nothing tells.
async function recordOf(run, kind) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const { exchanges } = await (await fetch(`/record?run=${run}`)).json();
    const isComplete = stacks.every(({ id }) => exchanges.some((each) => each.stack === id && each.status));
    if (kind === "fetch" || isComplete || Date.now() > end) return exchanges;
    await pause(50);
  }
}

const wireOf = (exchanges) => exchanges.map(({ method, status }) => `${method} ${status}`);

// What really happened, in the words of the prediction.
function outcome(kind, result, exchanges) {
  const wire = wireOf(exchanges);
  const last = exchanges.at(-1);
  if (!last) return { outcome: "unsent", status: null, readable: [], wire };
  if (kind !== "fetch") return { outcome: last.status === 403 ? "refused" : "served", status: last.status, readable: [], wire };
  if (result.error) return { outcome: "blocked", status: null, readable: [], wire };
  const readable = result.headers.map(([name]) => name).filter((name) => name.startsWith("x-"));
  return { outcome: "read", status: result.status, readable, wire };
}

const isExpected = ({ predicted, real }) => Object.keys(real).every((key) => same(real[key], predicted[key]));

// ---- The results

const OUTCOMES = { read: "read", blocked: "blocked", served: "served", refused: "refused", unsent: "not sent" };
const ENGINES = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };
let selected = stacks[0].id;

function badge({ outcome, status }) {
  const made = element("span", { className: "badge", textContent: `${OUTCOMES[outcome]}${status ? ` ${status}` : ""}` });
  made.dataset.outcome = outcome;
  return made;
}

function showResults(engine) {
  field("results").hidden = false;
  field("browser").textContent = `Your browser${ENGINES[engine] ? ` (${ENGINES[engine]})` : ""}`;
  field("rows").replaceChildren(...facts.stacks.map((stack) => (stack.address ? resultRow(stack) : missingRow(stack))));
  select(selected);
  const wrong = stacks.filter(({ id }) => !isExpected(latest[id]));
  const isOvertaken = stacks.some(({ id }) => latest[id].isOvertaken);
  say(
    isOvertaken ? "Another tab has changed the policy meanwhile. Send again."
      : wrong.length ? `Not as expected: ${wrong.map(({ name }) => name).join(", ")}.`
        : "Everything happened as expected.",
    isOvertaken || wrong.length > 0,
  );
  field("see").hidden = false;
}

function resultRow({ id, name, server }) {
  const expected = isExpected(latest[id]);
  const button = element("button", { type: "button", className: "quiet", textContent: name, onclick: () => select(id) });
  const row = element("tr", {},
    element("th", { scope: "row" }, button, element("span", { className: "server muted", textContent: ` ${server}` })),
    element("td", {}, badge(latest[id].predicted)),
    element("td", {}, badge(latest[id].real)),
    element("td", { className: expected ? "as-expected" : "not-as-expected", textContent: expected ? "✓ as expected" : "✗ not as expected" }));
  Object.assign(row.dataset, { stack: id, predicted: JSON.stringify(latest[id].predicted), real: JSON.stringify(latest[id].real), expected });
  return row;
}

function missingRow({ name, missing }) {
  return element("tr", {},
    element("th", { scope: "row", textContent: name }),
    element("td", { colSpan: 3, className: "muted", textContent: `Not installed: pip install ${missing}` }));
}

function select(id) {
  selected = id;
  for (const row of field("rows").children) {
    const isChosen = row.dataset.stack === id;
    row.classList.toggle("selected", isChosen);
    row.querySelector("button")?.setAttribute("aria-pressed", String(isChosen));
  }
  const { predicted, exchanges, result } = latest[id];
  field("details-title").textContent = `${stacks.find((stack) => stack.id === id).name} in detail`;
  field("explanation").replaceChildren(...explanation(predicted));
  field("got").replaceChildren(...got(result));
  field("exchanges").replaceChildren(...exchanges.map(exchange));
  const logged = exchanges.flatMap(({ log }) => log);
  field("log").replaceChildren(...(logged.length ? logged.map(logLine) : [muted("Nothing.")]));
}

const muted = (text) => element("p", { className: "muted", textContent: text });

function explanation({ steps, hint, console: said }) {
  const made = [element("ol", { className: "steps" }, ...steps.map(step))];
  if (said) made.push(labelled("The console of Chromium says: ", said));
  if (hint) made.push(labelled("What to do: ", hint));
  return made;
}

function step({ kind, text, passed }) {
  const verdict = kind === "check" ? (passed ? "check passed" : "check failed") : kind === "note" ? "note" : "";
  return element("li", { className: verdict, textContent: text });
}

const labelled = (label, text) => element("p", { className: "hint" }, element("strong", { textContent: label }), text);

function got({ status, headers, body, error }) {
  if (error) return [element("p", { className: "line", textContent: error }), muted("A script never learns why.")];
  if (status === undefined) return [muted("Nothing. A page does not see the response to a form or beacon.")];
  return [element("p", { className: "line", textContent: `status ${status}` }), headerList(headers), element("p", { className: "line", textContent: body })];
}

function exchange({ method, target, is_preflight: isPreflight, request_headers: sent, status, response_headers: received, raised }) {
  const head = element("p", { textContent: `${method} ${target} ` });
  if (isPreflight) head.append(element("span", { className: "tag", textContent: "preflight" }));
  const made = element("div", { className: "exchange" }, head, headerList(sent), element("p", { textContent: status ?? "no response yet" }));
  if (raised) made.append(muted(`The application raised ${raised}, so the server answered, without CORS headers.`));
  made.append(headerList(received));
  return made;
}

const isOfCORS = (name) => /^(access-control-|origin$|vary$|timing-allow-origin$|x-cors-|sec-fetch-)/i.test(name);

function headerList(pairs) {
  return element("dl", { className: "headers" }, ...pairs.flatMap(([name, value]) => {
    const className = isOfCORS(name) ? "cors" : "";
    return [element("dt", { className, textContent: name }), element("dd", { className, textContent: value })];
  }));
}

const logLine = ([level, text]) => element("p", { className: "line" }, element("span", { className: "level", textContent: `${level} ` }), text);

// ---- The fields

// The script that the page of the other origin runs.
function scriptOf({ kind, method, path, headers, credentials, body }) {
  const url = `url + ${JSON.stringify(path)}`;
  if (kind === "beacon") return `navigator.sendBeacon(${url}, ${JSON.stringify(body)})`;
  if (kind === "form") return `<form action="…${path}" method="post">\n  <input name="text">\n</form>`;
  const options = [
    ...(method === "GET" ? [] : [`method: ${JSON.stringify(method)}`]),
    ...(headers.length ? [`headers: ${JSON.stringify(Object.fromEntries(headers))}`] : []),
    ...(credentials ? ['credentials: "include"'] : []),
    ...(body ? [`body: ${JSON.stringify(body)}`] : []),
  ];
  return options.length ? `fetch(${url}, {\n${options.map((each) => `  ${each},\n`).join("")}})` : `fetch(${url})`;
}

// Shows which fields count, and what they mean.
function arrange() {
  const isFetch = field("kind").value === "fetch";
  field("listed").hidden = field("allow_credentials").value !== "listed";
  for (const id of ["method", "headers", "credentials"]) field(id).closest(".field, .check").hidden = !isFetch;
  field("body").disabled = isFetch && ["GET", "HEAD"].includes(field("method").value);
  if (["expose_headers", "allow_private_network", "timing_allow_origin"].some((name) => Object.hasOwn(policyOptions(), name))
    || Object.hasOwn(policyOptions(), "max_age") || facts.dangers.some((danger) => field(danger).checked)) field("more").open = true;
  try {
    field("script").textContent = scriptOf(requestParts());
    say("");
  } catch (error) {
    say(error.message, true);
  }
}

let timer = 0;

function edited() {
  choose(null);
  arrange();
  keepInLink();
  clearTimeout(timer);
  timer = setTimeout(check, CHECK_AFTER);
}

function fill() {
  field("origin").append(...facts.origins.map(({ id, origin, about }) => element("option", { value: id, textContent: `${origin} — ${about}` })));
  field("method").append(...facts.methods.map((method) => element("option", { textContent: method })));
  field("path").append(...facts.paths.map((path) => element("option", { textContent: path })));
  field("dangerously_allow").append(...facts.dangers.map((danger) => element("label", { className: "check" },
    element("input", { type: "checkbox", id: danger }), " ", element("code", { textContent: danger }))));
  field("presets").append(...facts.presets.map((each) => {
    const button = element("button", { type: "button", textContent: each.title });
    button.dataset.preset = each.id;
    button.onclick = async () => {
      choose(each);
      await run(stateOf(each.state));
      keepInLink();
    };
    return element("li", {}, button);
  }));
}

// Only shows what is in a link. Nothing is sent before somebody presses the button.
async function open() {
  document.body.dataset.state = "opening";
  let state = null;
  let fault = "";
  try {
    state = stateInLink();
  } catch (error) {
    fault = error.message;
    history.replaceState(null, "", location.pathname);
  }
  choose(facts.presets.find(({ id }) => id === state?.preset) ?? null);
  show(state ?? BEGINNING);
  arrange();
  field("results").hidden = true;
  await check();
  if (fault) say(fault, true);
  document.body.dataset.state = "ready";
}

const BEGINNING = stateOf({ policy: { allow_origins: ["{localhost}"] }, request: { origin: "localhost" } });

fill();
for (const section of document.querySelectorAll(".columns")[0].children) section.addEventListener("input", edited);
field("send").addEventListener("click", send);
field("see").addEventListener("click", () => field("results-title").focus());
field("fix").addEventListener("click", async () => { await applyFix(); keepInLink(); });
field("framework").addEventListener("input", showCode);
field("copy").addEventListener("click", copy);
addEventListener("hashchange", open);
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
});
for (const origin of facts.origins) frameOf(origin);
await open();
