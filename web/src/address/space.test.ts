import { expect, it } from "vitest";
import { inSameSpace, readSpace } from "./space";

it("is about all workspaces unless one is named", () => {
  expect(readSpace(new URLSearchParams("range=7d"))).toEqual({});
  expect(readSpace(new URLSearchParams("workspace="))).toEqual({});
  expect(readSpace(new URLSearchParams("workspace=ws_1&range=7d"))).toEqual({ workspace: "ws_1" });
});

it("goes along to every page that names no other", () => {
  expect(inSameSpace("/ui/jobs", "?range=7d")).toBe("/ui/jobs");
  expect(inSameSpace("/ui/jobs", "?workspace=ws_1")).toBe("/ui/jobs?workspace=ws_1");
  expect(inSameSpace("/ui/jobs?status=failed", "?workspace=ws_1")).toBe(
    "/ui/jobs?status=failed&workspace=ws_1",
  );
  expect(inSameSpace("/ui/jobs?workspace=ws_2", "?workspace=ws_1")).toBe("/ui/jobs?workspace=ws_2");
});
