/** A call that works on every gateway, with a key in place of KEY. */
export function exampleCall(origin: string): string {
  return [
    `curl ${origin}/v1/chat/completions \\`,
    '  -H "Authorization: Bearer KEY" -H "Content-Type: application/json" \\',
    `  -d '{"model": "demo/echo", "messages": [{"role": "user", "content": "Hello"}]}'`,
  ].join("\n");
}
