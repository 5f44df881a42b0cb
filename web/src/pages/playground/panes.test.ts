import { describe, expect, it } from "vitest";
import { DEMO, readPanes, writtenPanes } from "./panes";

const read = (text: string) => readPanes(new URLSearchParams(text));
const pane = { ...DEMO, model: "a/b" };

describe("whom one asks side by side", () => {
  it("is the demo where nobody is named, whatever else is said", () => {
    expect(read("range=7d")).toEqual([DEMO]);
    expect(read("temperature=0")).toEqual([{ ...DEMO, temperature: "0" }]);
  });

  it("is read as it was written, up to three", () => {
    const panes = [pane, { ...pane, temperature: "0.5", maxTokens: "64" }, { ...pane, topP: "1" }];
    const said = Object.entries(writtenPanes(panes)).filter(([, value]) => value !== null) as [
      string,
      string,
    ][];
    expect(read(new URLSearchParams(said).toString())).toEqual(panes);
    expect(read("model=a&model2=b&model3=c&model4=d")).toHaveLength(3);
  });

  it("ends where one is missing", () => {
    expect(read("model=a&model3=c").map((one) => one.model)).toEqual(["a"]);
  });

  it("takes out of the address whoever left", () => {
    expect(writtenPanes([pane])).toMatchObject({
      model: "a/b",
      model2: null,
      temperature2: null,
      model3: null,
    });
  });
});
