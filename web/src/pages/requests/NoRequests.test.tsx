// @vitest-environment jsdom

import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { NoRequests } from "./NoRequests";

afterEach(cleanup);

const clear = () => undefined;

it("says how far it was looked, where there is more behind", () => {
  const place = "req_67cx8tpkk318p9z6f9eq55xwhv";
  const { container } = render(<NoRequests isFiltered lookedTo={place} clear={clear} />);
  screen.getByText("None so far.");
  expect(container.querySelector("time")?.dateTime).toBe("2026-11-30T19:44:26.543Z");
});

it("says that none matches, or how to make the first one, where all was looked at", () => {
  const { rerender } = render(<NoRequests isFiltered lookedTo={null} clear={clear} />);
  screen.getByText("No request here is like that.");
  rerender(<NoRequests isFiltered={false} lookedTo={null} clear={clear} />);
  screen.getByText("No requests in this span of time.");
});
