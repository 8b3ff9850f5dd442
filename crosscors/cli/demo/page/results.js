// What happened: predicted, real, and as expected or not, for each stack, with all details of one of them.
import { element, field, line, muted } from "./elements.js";
import { facts, stacks } from "./facts.js";

const OUTCOMES = { read: "read", blocked: "blocked", served: "served", refused: "refused", unsent: "not sent" };
const ENGINES = { chromium: "Chromium", firefox: "Firefox", webkit: "WebKit" };
const REFUSED = 403;

let latest = {};
let selected = stacks[0].id;

// What really happened on one stack, in the words of the prediction. A script learns little: the server tells.
export function outcome(kind, result, exchanges) {
  const wire = exchanges.map(({ method, status }) => `${method} ${status}`);
  const status = exchanges.at(-1)?.status;
  const nothing = { outcome: "unsent", status: null, readable: [], wire };
  if (!exchanges.length) return nothing;
  if (kind !== "fetch") return { ...nothing, outcome: status === REFUSED ? "refused" : "served", status };
  if (result.error) return { ...nothing, outcome: "blocked" };
  const readable = result.headers.map(([name]) => name).filter((name) => name.startsWith("x-"));
  return { outcome: "read", status: result.status, readable, wire };
}

const isExpected = ({ predicted, real }) =>
  Object.keys(real).every((key) => JSON.stringify(real[key]) === JSON.stringify(predicted[key]));

// Shows the results by stack, and returns the names of those that are not as expected.
export function showResults(results, engine) {
  latest = results;
  field("results").hidden = false;
  field("browser").textContent = `Your browser${ENGINES[engine] ? ` (${ENGINES[engine]})` : ""}`;
  field("rows").replaceChildren(...facts.stacks.map((stack) => (stack.address ? resultRow(stack) : missingRow(stack))));
  select(selected);
  return stacks.filter(({ id }) => !isExpected(latest[id])).map(({ name }) => name);
}

function resultRow({ id, name, server }) {
  const { predicted, real } = latest[id];
  const expected = isExpected(latest[id]);
  const button = element("button", { type: "button", className: "quiet", textContent: name, onclick: () => select(id) });
  const row = element(
    "tr",
    {},
    element("th", { scope: "row" }, button, element("span", { className: "server muted", textContent: ` ${server}` })),
    element("td", {}, badge(predicted)),
    element("td", {}, badge(real)),
    element("td", expected
      ? { className: "as-expected", textContent: "✓ as expected" }
      : { className: "not-as-expected", textContent: "✗ not as expected" }),
  );
  const data = { stack: id, expected, predicted: JSON.stringify(predicted), real: JSON.stringify(real) };
  Object.assign(row.dataset, data);
  return row;
}

function missingRow({ name, missing }) {
  return element(
    "tr",
    {},
    element("th", { scope: "row", textContent: name }),
    element("td", { colSpan: 3, className: "muted", textContent: `Not installed: pip install ${missing}` }),
  );
}

function badge({ outcome: what, status }) {
  const textContent = status ? `${OUTCOMES[what]} ${status}` : OUTCOMES[what];
  const made = element("span", { className: "badge", textContent });
  made.dataset.outcome = what;
  return made;
}

// ---- The details of one stack

function select(id) {
  selected = id;
  for (const row of field("rows").children) {
    const isChosen = row.dataset.stack === id;
    row.classList.toggle("selected", isChosen);
    row.querySelector("button")?.setAttribute("aria-pressed", String(isChosen));
  }
  const { predicted, exchanges, result } = latest[id];
  const logged = exchanges.flatMap(({ log }) => log);
  field("details-title").textContent = `${stacks.find((stack) => stack.id === id).name} in detail`;
  field("explanation").replaceChildren(...explanation(predicted));
  field("got").replaceChildren(...got(result));
  field("exchanges").replaceChildren(...exchanges.map(exchangeOf));
  field("log").replaceChildren(...(logged.length ? logged.map(logLine) : [muted("Nothing.")]));
}

function explanation({ steps, hint, console: said }) {
  return [
    element("ol", { className: "steps" }, ...steps.map(stepOf)),
    ...(said ? [labelled("The console of Chromium says: ", said)] : []),
    ...(hint ? [labelled("What to do: ", hint)] : []),
  ];
}

function stepOf({ kind, text, passed }) {
  const className = { check: passed ? "check passed" : "check failed", note: "note" }[kind] ?? "";
  return element("li", { className, textContent: text });
}

function labelled(label, text) {
  return element("p", { className: "hint" }, element("strong", { textContent: label }), text);
}

function got({ status, headers, body, error }) {
  if (error) return [line(error), muted("A script never learns why.")];
  if (status === undefined) return [muted("Nothing. A page does not see the response to a form or beacon.")];
  return [line(`status ${status}`), headerList(headers), line(body)];
}

function exchangeOf(exchange) {
  const head = element("p", { textContent: `${exchange.method} ${exchange.target} ` });
  if (exchange.is_preflight) head.append(element("span", { className: "tag", textContent: "preflight" }));
  const raised = `The application raised ${exchange.raised}. The server answered, without CORS headers.`;
  return element(
    "div",
    { className: "exchange" },
    head,
    headerList(exchange.request_headers),
    element("p", { textContent: exchange.status ?? "no response yet" }),
    ...(exchange.raised ? [muted(raised)] : []),
    headerList(exchange.response_headers),
  );
}

const isOfCORS = (name) => /^(access-control-|origin$|vary$|timing-allow-origin$|x-cors-|sec-fetch-)/i.test(name);

function headerList(pairs) {
  return element("dl", { className: "headers" }, ...pairs.flatMap(([name, value]) => {
    const className = isOfCORS(name) ? "cors" : "";
    return [element("dt", { className, textContent: name }), element("dd", { className, textContent: value })];
  }));
}

function logLine([level, text]) {
  return element("p", { className: "line" }, element("span", { className: "level", textContent: `${level} ` }), text);
}
