import { expect, it } from "vitest";
import { eventsIn } from "./events";

it("finds the events of a stream that was kept, and none in what is no stream", () => {
  const text = ': ping\n\nevent: message_start\ndata: {"a":1}\n\ndata: one\ndata: two\n\ndata: cut';
  expect(eventsIn(text).map(({ event, data }) => [event, data])).toEqual([
    ["message_start", '{"a":1}'],
    [undefined, "one\ntwo"],
  ]);
  expect(eventsIn('{"choices": []}')).toEqual([]);
});
