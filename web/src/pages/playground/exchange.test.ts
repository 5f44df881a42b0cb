import { expect, it } from "vitest";
import { beforeOf, saidOf } from "./exchange";

const CALL = { id: "call_1", name: "add", arguments: "{}" };

it("leaves out of a talk what never came, and what is only known about it", () => {
  const error = new Error("refused");
  expect(
    saidOf([
      { id: 0, role: "user", content: "Hi" },
      { id: 1, role: "assistant", content: "", error },
      { id: 2, role: "assistant", content: "", calls: [CALL], isStopped: true },
      { id: 3, role: "user", content: "", files: [] },
    ]),
  ).toEqual([
    { role: "user", content: "Hi" },
    { role: "assistant", content: "", calls: [CALL] },
  ]);
});

it("goes back to before something was said", () => {
  const exchanges = [0, 1, 2].map((id) => ({ id: id + 5, role: "user", content: "x" }));
  expect(beforeOf(exchanges, 6).map((one) => one.id)).toEqual([5]);
});
