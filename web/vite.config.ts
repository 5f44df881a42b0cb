/** How the dashboard is built, and how it is served while one works on it. */

import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

const gateway = process.env.TOLLHOUSE_URL ?? "http://127.0.0.1:8787";

export default defineConfig({
  base: "/ui/",
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/tollhouse/dashboard",
    emptyOutDir: true,
    // Data in addresses is forbidden by the policy for everything but pictures, so nothing is put into the styles.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
    // What pages share is one file, and not a dozen for each that is opened.
    rolldownOptions: {
      output: {
        codeSplitting: { groups: [{ name: "shared", test: /src\/(address|api|charts|format|parts)\// }] },
      },
    },
  },
  server: {
    proxy: Object.fromEntries(
      ["/api", "/v1", "/health", "/openapi.json"].map((path) => [path, { target: gateway }]),
    ),
  },
  test: {
    environment: "node",
    include: ["src/**/*.test.{ts,tsx}", "tests/**/*.test.{ts,tsx}"],
    env: { TZ: "UTC" },
    restoreMocks: true,
  },
});
