// The page of the playground: somebody edits a policy and a request, and sends it from another page.
import { code, element, field, option } from "./elements.js";
import { ask, facts, stacks } from "./facts.js";
import { showReport } from "./report.js";
import { outcome, showResults } from "./results.js";
import { senderOf, sendFrom } from "./senders.js";
import {
  hasBody, isFetch, keepInLink, policyNow, policyOptions, requestParts, scriptOf, show, stateInLink, stateNow, stateOf,
} from "./state.js";

const CHECK_AFTER = 250;  // milliseconds without a key
const PATIENCE = 10000;  // milliseconds for a form or beacon to arrive
const POLL = 50;  // milliseconds

const BEGINNING = stateOf({ policy: { allow_origins: ["{localhost}"] } });
const MORE = ["expose_headers", "max_age", "allow_private_network", "timing_allow_origin", "dangerously_allow"];

let preset = null;
let timer = 0;
let checks = 0;
let sends = 0;

function say(text, isError = false) {
  field("status").textContent = text;
  field("status").classList.toggle("error", isError);
  field("see").hidden = true;
}

// ---- The policy is checked while it is edited

async function check() {
  const mine = ++checks;
  try {
    const said = await ask("/check", policyNow());
    if (mine === checks) showReport(said);
  } catch (error) {
    say(error.message, true);
  }
}

// Shows the fields that count, and the script.
function arrange() {
  const options = policyOptions();
  field("listed").hidden = field("allow_credentials").value !== "listed";
  for (const id of ["method", "headers", "credentials"]) field(id).closest(".field, .check").hidden = !isFetch();
  field("body").disabled = !hasBody();
  if (MORE.some((name) => Object.hasOwn(options, name))) field("more").open = true;
  try {
    field("script").textContent = scriptOf(requestParts());
    say("");
  } catch (error) {
    say(error.message, true);
  }
}

function edited() {
  choose(null);
  arrange();
  keepInLink(preset);
  clearTimeout(timer);
  timer = setTimeout(check, CHECK_AFTER);
}

// ---- Sending

async function send() {
  const mine = ++sends;
  clearTimeout(timer);
  checks += 1;  // the answer to an earlier check is of no use any more
  field("results").dataset.state = "running";
  say("Sending…");
  try {
    await run(stateNow());
  } catch (error) {
    say(error.message, true);
  }
  field("results").dataset.state = "done";
  field("results").dataset.sends = mine;
}

async function run(state) {
  const said = await ask("/run", state);
  showReport(said);
  if (said.run === null) {
    field("results").hidden = true;
    say("Nothing was sent, because the policy does not start. See the problem.", true);
    return;
  }
  const { kind, origin: id } = state.request;
  const origin = facts.origins.find((each) => each.id === id);
  const send = (stack) => sendFrom(origin, { ...state.request, url: said.urls[stack.id] });
  const received = await Promise.all(stacks.map(send));
  const recorded = await recordOf(said.run, kind);
  const results = stacks.map((stack, i) => {
    const exchanges = recorded.filter((each) => each.stack === stack.id);
    const real = outcome(kind, received[i], exchanges);
    return [stack.id, { predicted: said.predictions[stack.id], real, exchanges, result: received[i] }];
  });
  const unexpected = showResults(Object.fromEntries(results), said.engine);
  if (recorded.some(({ live }) => live !== said.run)) {
    say("Another tab has changed the policy meanwhile. Send again.", true);
  } else if (unexpected.length) {
    const why = recorded.some(sentCookies) ? " Your browser sent cookies that another program on 127.0.0.1 has set." : "";
    say(`Not as expected: ${unexpected.join(", ")}.${why}`, true);
  } else {
    say("Everything happened as expected.");
  }
  field("see").hidden = false;
}

// The demo sets no cookies, and the prediction knows of none. But browsers share cookies among all ports.
const sentCookies = (exchange) => exchange.request_headers.some(([name]) => name === "Cookie");

// What the servers saw. A fetch ends when they have answered. Of forms and beacons, nothing tells.
async function recordOf(runId, kind) {
  const end = Date.now() + PATIENCE;
  for (;;) {
    const response = await fetch(`/record?run=${runId}`);
    const { exchanges } = await response.json();
    const isComplete = stacks.every(({ id }) => exchanges.some(({ stack, status }) => stack === id && status));
    if (kind === "fetch" || isComplete || Date.now() > end) return exchanges;
    await new Promise((resolve) => { setTimeout(resolve, POLL); });
  }
}

// ---- Presets

function choose(chosen) {
  preset = chosen;
  for (const button of field("presets").querySelectorAll("button")) {
    button.setAttribute("aria-pressed", String(button.dataset.preset === preset?.id));
  }
  field("preset").hidden = !preset;
  if (!preset) return;
  for (const part of ["title", "what", "why"]) field(`preset-${part}`).textContent = preset[part];
  field("fix").hidden = !preset.fix;
}

async function showAndSend(state) {
  show(state);
  arrange();
  keepInLink(preset);
  await send();
}

async function applyFix() {
  const fix = stateOf(preset.fix);
  const state = stateNow();
  await showAndSend({ ...state, ...fix, policy: { ...state.policy, ...fix.policy } });
}

function presetButton(each) {
  const button = element("button", { type: "button", textContent: each.title });
  button.dataset.preset = each.id;
  button.addEventListener("click", () => {
    choose(each);
    showAndSend(stateOf(each.state));
  });
  return element("li", {}, button);
}

// ---- The beginning

function fill() {
  field("origin").append(...facts.origins.map(({ id, origin, about }) => option(`${origin} (${about})`, id)));
  field("method").append(...facts.methods.map((method) => option(method)));
  field("path").append(...facts.paths.map((path) => option(path)));
  field("dangerously_allow").append(...facts.dangers.map((danger) => element(
    "label",
    { className: "check" },
    element("input", { type: "checkbox", id: danger }),
    " ",
    code(danger),
  )));
  field("presets").append(...facts.presets.map(presetButton));
}

// Shows the case in the link. Nothing is sent before somebody presses a button.
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

fill();
for (const form of document.querySelectorAll(".edited")) form.addEventListener("input", edited);
field("send").addEventListener("click", send);
field("fix").addEventListener("click", applyFix);
field("see").addEventListener("click", () => field("results-title").focus());
addEventListener("hashchange", open);
addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
});
for (const origin of facts.origins) senderOf(origin);
await open();
