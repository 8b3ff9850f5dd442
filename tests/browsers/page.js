// The page's side: runs cases step by step and tells what a script can see.
// arguments: the cases, and the function that takes the records.

const DEADLINE_MS = 20000;

function bodyOf({kind, text, type}) {
  if (kind === "text") return text;
  if (kind === "bytes") return new TextEncoder().encode(text);
  if (kind === "blob") return new Blob([text], {type});
  if (kind === "params") return new URLSearchParams(text);
  const form = new FormData();
  form.append("field", text);
  return form;
}

async function fetchStep({url, method, headers, body, credentials, mode, redirect}) {
  let request;
  try {
    const signal = AbortSignal.timeout(DEADLINE_MS);
    const init = {method, headers: Object.entries(headers), credentials, mode, redirect, signal};
    request = new Request(url, body ? {...init, body: bodyOf(body)} : init);
  } catch (error) {
    return {outcome: "threw"};
  }
  try {
    const response = await fetch(request);
    return {
      outcome: "response",
      type: response.type,
      status: response.status,
      url: response.url,
      redirected: response.redirected,
      fields: Object.fromEntries(response.headers),
      body: await response.text(),
    };
  } catch (error) {
    return {outcome: error.name === "TypeError" ? "blocked" : error.name};
  }
}

function xhrStep({url, method, headers, body, credentials}) {
  const xhr = new XMLHttpRequest();
  xhr.open(method, url);
  xhr.timeout = DEADLINE_MS;
  xhr.withCredentials = credentials === "include";
  for (const [name, value] of Object.entries(headers)) xhr.setRequestHeader(name, value);
  xhr.upload.onprogress = () => {};
  return new Promise((resolve) => {
    xhr.ontimeout = () => resolve({outcome: "TimeoutError"});
    xhr.onerror = () => resolve({outcome: "blocked"});
    xhr.onload = () => {
      const lines = xhr.getAllResponseHeaders().split("\r\n").filter(Boolean);
      resolve({
        outcome: "response",
        status: xhr.status,
        url: xhr.responseURL,
        fields: Object.fromEntries(lines.map((line) => line.split(/: ?(.*)/, 2))),
        body: xhr.responseText,
      });
    };
    xhr.send(body ? bodyOf(body) : null);
  });
}

async function runCase({steps}) {
  const records = [];
  for (const step of steps) {
    if ("seconds" in step) await new Promise((resolve) => setTimeout(resolve, step.seconds * 1000));
    else records.push(await (step.upload_listener ? xhrStep(step) : fetchStep(step)));
  }
  return records;
}

async function run(cases) {
  const pauses = ({steps}) => steps.some((step) => "seconds" in step);
  const records = {};
  const keep = async (each) => { records[each.name] = await runCase(each); };
  for (const each of cases) if (!pauses(each)) await keep(each);
  await Promise.all(cases.filter(pauses).map(keep)); // all the waiting at the same time
  return records;
}

const done = arguments[arguments.length - 1];
run(arguments[0]).then(done, (error) => done({failed: String(error)}));
