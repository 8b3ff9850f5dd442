// Opens a link of the playground, sends its request, and returns what the page says.
const [state, isPreset, done] = arguments;

const until = async (isSo) => { while (!isSo()) await new Promise((resolve) => { setTimeout(resolve, 5); }); };
const results = document.getElementById("results");
const read = (selector) => [...document.querySelectorAll(selector)].map((each) => each.textContent);

(async () => {
  const before = results.dataset.sends;
  if (isPreset) {
    document.querySelector(`[data-preset="${state}"]`).click();
  } else {
    const hash = `#${encodeURIComponent(state)}`;
    if (location.hash !== hash) {
      document.body.dataset.state = "waiting";
      location.hash = hash;
    }
    await until(() => document.body.dataset.state === "ready");
    document.getElementById("send").click();
  }
  await until(() => results.dataset.sends !== before && results.dataset.state === "done");
  const rows = [...document.querySelectorAll("#rows tr")];
  done({
    status: document.getElementById("status").textContent,
    isSent: !results.hidden,
    problems: read(".finding.problem"),
    rows: results.hidden ? {} : Object.fromEntries(rows.map(({ dataset }) => [dataset.stack, {
      predicted: JSON.parse(dataset.predicted), real: JSON.parse(dataset.real), expected: dataset.expected,
    }])),
    hash: decodeURIComponent(location.hash.slice(1)),
  });
})();
