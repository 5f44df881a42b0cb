import "./styles/tokens.css";
import "./styles/base.css";
import "./charts/shades.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { takeCode } from "./session/code";
import { chosenTheme, showTheme } from "./shell/theme";

showTheme(chosenTheme());

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <App code={takeCode()} />
  </StrictMode>,
);
