import { expect, it } from "vitest";
import { absenceOf } from "./absence";

const set = (bodies: boolean, max_body_mib: number | null) => [
  { name: "requests.bodies", value: bodies },
  { name: "requests.max_body_mib", value: max_body_mib },
];

it("says whether nothing is kept, or it went since", () => {
  expect(absenceOf(set(false, 1024))).toContain("requests.bodies is off");
  expect(absenceOf(set(true, 1024))).toContain("Beyond 1024 MiB");
  expect(absenceOf(set(true, null))).not.toContain("MiB");
});

it("claims nothing where the settings are not to be seen", () => {
  expect(absenceOf([])).toContain("Whoever runs this gateway decides");
});
