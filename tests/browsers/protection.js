// The page's side: sends one request in one way, and tells what a script sees of it.
// arguments: the way, the address, and the function that takes what was seen; null if nothing can be seen.

const BODY = "text=hello";

function formTo(url) {
  const form = document.createElement("form");
  Object.assign(form, {method: "post", action: url});
  form.innerHTML = '<input name="text" value="hello">';
  return form;
}

function submit(url) {
  const form = document.body.appendChild(formTo(url));
  setTimeout(() => form.submit()); // the page is left when this script has ended
}

function submitInSandbox(url) {
  const frame = document.createElement("iframe");
  frame.setAttribute("sandbox", "allow-forms allow-scripts");
  frame.srcdoc = formTo(url).outerHTML + "<script>document.forms[0].submit()</script>";
  document.body.append(frame);
}

async function read(url, options) {
  try {
    const response = await fetch(url, {method: "POST", body: BODY, ...options});
    return response.type === "opaque" ? "opaque" : response.status;
  } catch (error) {
    return "blocked";
  }
}

function talk(url) {
  const socket = new WebSocket(url.replace(/^http/, "ws"));
  return new Promise((resolve) => {
    socket.onopen = () => socket.send("hello");
    socket.onmessage = ({data}) => resolve(data);
    socket.onerror = () => resolve("blocked");
  });
}

const WAYS = {
  "form": submit,
  "form in a sandbox": submitInSandbox,
  "fetch": (url) => read(url, {credentials: "include"}),
  "no-cors fetch": (url) => read(url, {credentials: "include", mode: "no-cors"}),
  "fetch with a token": (url) => read(url, {credentials: "omit", headers: {Authorization: "Bearer token"}}),
  "beacon": (url) => { navigator.sendBeacon(url, BODY); },
  "socket": talk,
};

const [way, url, done] = arguments;
Promise.resolve(WAYS[way](url)).then((seen) => done(seen ?? null));
