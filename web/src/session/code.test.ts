// @vitest-environment jsdom

import { expect, it } from "vitest";
import { takeCode } from "./code";

it("takes the code out of the address", () => {
  window.history.replaceState(null, "", "/ui/?range=7d#code=abc%2F1");
  expect(takeCode()).toBe("abc/1");
  expect(window.location.href).toMatch(/\/ui\/\?range=7d$/);
  expect(takeCode()).toBeNull();
});

it("leaves other fragments alone", () => {
  window.history.replaceState(null, "", "/ui/requests#main");
  expect(takeCode()).toBeNull();
  expect(window.location.hash).toBe("#main");
});
