// The page's side: sends the requests one after the other and tells what a script can read of each answer.
// arguments: the address of the application, the requests, and the function that takes what was read.

const DEADLINE_MS = 20000;

async function partsOf({body}) {
  const parts = [];
  const reader = body?.pipeThrough(new TextDecoderStream()).getReader();
  while (reader) {
    const {done, value} = await reader.read();
    if (done) break;
    parts.push(value);
  }
  return parts;
}

async function readFetch(url, {method, headers, credentials, mode, upload_bytes}) {
  const body = upload_bytes ? new Uint8Array(upload_bytes) : null;
  const signal = AbortSignal.timeout(DEADLINE_MS);
  try {
    const response = await fetch(url, {method, headers, credentials, mode, body, signal});
    const parts = await partsOf(response);
    const text = parts.join("").replaceAll("\r\n", "\n"); // either may end the lines of an event
    const isJson = text && response.headers.get("Content-Type")?.startsWith("application/json");
    return {
      type: response.type,
      status: response.status,
      redirected: response.redirected,
      request_id: response.headers.get("X-Request-Id"),
      body: isJson ? JSON.parse(text) : text,
      in_parts: parts.length > 1,
    };
  } catch (error) {
    return error.name === "TypeError" ? null : {failed: String(error)};
  }
}

function readEventSource(url) {
  const source = new EventSource(url, {withCredentials: true});
  const messages = [];
  return new Promise((resolve) => {
    source.onmessage = ({data}) => messages.push(data);
    source.onerror = () => { // it is blocked, or has read to the end and would connect again
      source.close();
      resolve(messages.length ? {messages} : null);
    };
  });
}

async function run(address, requests) {
  const readings = [];
  for (const request of requests) {
    const read = request.api === "EventSource" ? readEventSource : readFetch;
    readings.push(await read(address + request.path, request));
  }
  return readings;
}

run(arguments[0], arguments[1]).then(arguments[arguments.length - 1]);
