import { expect, it } from "vitest";
import { hear, NOTHING } from "./heard";

const delta = (id: string, text: string) => ({ event: "message.delta", id, data: JSON.stringify({ text }) });
const told = (...events: { event: string; id: string; data: string }[]) => events.reduce(hear, NOTHING);

it("puts together what is said, and knows where to go on", () => {
  const heard = told(delta("1.2", "Hel"), delta("1.3", "lo"));
  expect(heard).toEqual({ text: "Hello", place: "1.3", hasEnded: false });
});

it("takes back what an attempt said that is made again", () => {
  const heard = told(
    delta("1.2", "Wrong"),
    { event: "run.reset", id: "2.1", data: "{}" },
    delta("2.2", "Right"),
  );
  expect(heard.text).toBe("Right");
});

it("ends when the run ends, however it does", () => {
  for (const event of ["run.succeeded", "run.failed", "run.cancelled"])
    expect(told({ event, id: "1.9", data: "{}" }).hasEnded).toBe(true);
});

it("lets pass what says no words: thoughts, tools, whatever comes to be", () => {
  const other = { event: "message.delta", id: "1.2", data: JSON.stringify({ reasoning: "hm" }) };
  expect(told(other, { event: "new.thing", id: "1.3", data: "[]" })).toMatchObject({
    text: "",
    place: "1.3",
  });
});
