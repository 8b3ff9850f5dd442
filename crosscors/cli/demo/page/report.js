// What there is to say about the policy: problems, warnings, advice, what it means, and configurations.
import { code, element, field, option } from "./elements.js";
import { DEFAULTS } from "./state.js";

const KINDS = { problem: "Problem", warning: "Warning", advice: "Advice" };
let codes = {};

export function showReport({ problems, warnings, advice, sentences, configurations }) {
  field("findings").replaceChildren(
    ...problems.map((each) => finding("problem", each)),
    ...warnings.map((each) => finding("warning", each)),
    ...advice.map((each) => finding("advice", each)),
  );
  const faulty = new Set(problems.map((each) => each.option));
  for (const name of Object.keys(DEFAULTS)) field(name).setAttribute("aria-invalid", String(faulty.has(name)));
  field("meaning").hidden = problems.length > 0;
  field("sentences").replaceChildren(...sentences.map((textContent) => element("li", { textContent })));
  if (configurations.length) showConfigurations(configurations);
}

function finding(kind, { option: name, message, hint }) {
  return element(
    "div",
    { className: `finding ${kind}` },
    element("strong", { textContent: `${KINDS[kind]} ` }),
    code(name),
    `: ${message}`,
    element("p", { textContent: hint }),
  );
}

function showConfigurations(configurations) {
  const chosen = field("framework").value;
  codes = Object.fromEntries(configurations.map((each) => [each.name, each.code]));
  field("framework").replaceChildren(...Object.keys(codes).map((name) => option(name)));
  if (Object.hasOwn(codes, chosen)) field("framework").value = chosen;
  showCode();
}

function showCode() {
  field("code").textContent = codes[field("framework").value];
  field("copied").textContent = "";
}

field("framework").addEventListener("input", showCode);
field("copy").addEventListener("click", async () => {
  try {
    await navigator.clipboard.writeText(field("code").textContent);
    field("copied").textContent = "Copied.";
  } catch {  // the browser may ask, and somebody may say no
    getSelection().selectAllChildren(field("code"));
    field("copied").textContent = "Your browser does not copy. The text is selected: press Ctrl+C.";
  }
});
