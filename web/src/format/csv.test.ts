import { expect, it } from "vitest";
import { csv } from "./csv";

it("writes a line of names, and one for each row", () => {
  expect(
    csv([
      { a: 1, b: null },
      { a: true, c: "x,y" },
    ]),
  ).toBe('a,b,c\r\n1,,\r\ntrue,,"x,y"\r\n');
  expect(csv([])).toBe("\r\n");
});

it("keeps what others wrote from being a formula", () => {
  const agent = '=HYPERLINK("http://evil")';
  expect(csv([{ agent }])).toBe('agent\r\n"\'=HYPERLINK(""http://evil"")"\r\n');
  expect(csv([{ cost: -1, text: "-1+1" }])).toBe("cost,text\r\n-1,'-1+1\r\n");
});

it("says as JSON what is no plain value", () => {
  expect(csv([{ attempts: [{ number: 1 }] }])).toBe('attempts\r\n"[{""number"":1}]"\r\n');
});
