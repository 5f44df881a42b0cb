import { expect, it } from "vitest";
import type { MessageView, RunView } from "@/api/schema";
import { entriesOf } from "./turns";

const message = (id: string, run: string | null = null) => ({ id, run }) as MessageView;
const run = (id: string, asked: string, status: RunView["status"], answer: string | null = null) =>
  ({ id, message: asked, status, answer: answer === null ? null : message(answer, id) }) as RunView;
const told = (messages: MessageView[], runs: RunView[]) =>
  entriesOf(messages, runs).map((entry) =>
    entry.kind === "message" ? entry.message.id : `${entry.kind} ${entry.run.id}`,
  );

it("finds the run that wrote each answer", () => {
  const written = run("r1", "m1", "succeeded", "m2");
  const [asked, answered] = entriesOf([message("m1"), message("m2", "r1")], [written]);
  expect(asked).toMatchObject({ run: undefined });
  expect(answered).toMatchObject({ run: written });
});

it("puts a run that is under way behind its question", () => {
  expect(told([message("m1")], [run("r1", "m1", "running")])).toEqual(["m1", "live r1"]);
});

it("says why there is no answer, by the latest attempt and not by each", () => {
  const runs = [run("r2", "m1", "failed"), run("r1", "m1", "failed")];
  expect(told([message("m1")], runs)).toEqual(["m1", "failed r2"]);
});

it("is silent about failures behind a question that was answered in the end, or is being answered", () => {
  const failed = run("r1", "m1", "failed");
  const answered = [message("m1"), message("m2", "r2")];
  expect(told(answered, [run("r2", "m1", "succeeded", "m2"), failed])).toEqual(["m1", "m2"]);
  expect(told([message("m1")], [run("r2", "m1", "queued"), failed])).toEqual(["m1", "live r2"]);
});
