// What the page has to know about the demo: the stacks, the origins, the presets and the choices.
const response = await fetch("/facts.json");

export const facts = await response.json();

export const stacks = facts.stacks.filter(({ address }) => address);

// POST data as JSON, and read the response. Throws what the server objects to.
export async function ask(path, content) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(content),
  });
  const said = await answer.json();
  if (!answer.ok) throw new Error(said.error);
  return said;
}
