/** What is asked, as it is sent. Pure. */

export interface Settings {
  system: string;
  temperature: string;
  maxTokens: string;
  topP: string;
}

export const PLAIN: Settings = { system: "", temperature: "", maxTokens: "", topP: "" };

export interface Line {
  role: string;
  content: string;
}

/** A chat completion's body; what is not said is left to the model. */
export function bodyOf(model: string, settings: Settings, lines: readonly Line[]): object {
  const { system, temperature, topP, maxTokens } = settings;
  const before = system.trim() === "" ? [] : [{ role: "system", content: system.trim() }];
  return {
    model,
    messages: [...before, ...lines],
    ...numbered("temperature", temperature),
    ...numbered("top_p", topP),
    ...numbered("max_completion_tokens", maxTokens),
    stream: true,
    stream_options: { include_usage: true },
  };
}

/** Whether a setting can be sent: nothing, or a number. The model says itself which numbers it takes. */
export function isSetting(text: string): boolean {
  return text.trim() === "" || Number.isFinite(Number(text));
}

function numbered(name: string, text: string): object {
  return text.trim() === "" || !isSetting(text) ? {} : { [name]: Number(text) };
}
