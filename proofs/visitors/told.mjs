// What every script shares: where the gateway is, and a line for each thing that was tried.

export const url = process.env.TOLLHOUSE_URL;
export const key = process.env.TOLLHOUSE_KEY;
export const providers = process.env.PROVIDERS.split(" ");

/** Try it, and tell whether it went well. */
export async function attempt(client, provider, what, deed) {
  let failure = null;
  try {
    await deed();
  } catch (error) {
    failure = `${error.name}: ${String(error.message).slice(0, 300)}`;
  }
  console.log(JSON.stringify({ client, provider, what, failure }));
}

export function expect(is, told) {
  if (!is) throw new Error(`heard ${JSON.stringify(told)?.slice(0, 200)}`);
}
