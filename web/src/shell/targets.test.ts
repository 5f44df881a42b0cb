import { expect, it } from "vitest";
import { PAGES } from "@/pages/all";
import { targets } from "./targets";

const labels = (typed: string) => targets(typed, PAGES).map((target) => target.label);

it("finds pages by a part of their names", () => {
  expect(labels("REQ")).toEqual(["Requests"]);
  expect(labels("")).toHaveLength(PAGES.length);
});

it("opens what has an id", () => {
  expect(targets(" req_67cx8tp2 ", PAGES)[0]).toMatchObject({ to: "/requests/req_67cx8tp2" });
  expect(labels("usr_1")).toEqual([]);
});
