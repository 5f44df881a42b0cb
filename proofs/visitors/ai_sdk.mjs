// Vercel's AI SDK by each of its providers.

import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { generateObject, generateText, stepCountIs, streamObject, streamText, tool } from "ai";
import { z } from "zod";
import { attempt, expect, key, providers, url } from "./told.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const openai = createOpenAI({ baseURL: `${url}/v1`, apiKey: key });
const anthropic = createAnthropic({ baseURL: `${url}/v1`, apiKey: key });
const google = createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey: key });
const like = { name: "tollhouse", baseURL: `${url}/v1`, apiKey: key, includeUsage: true, supportsStructuredOutputs: true };
const compatible = createOpenAICompatible(like);

const DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
const tools = {
  weather: tool({
    description: "The weather of a city.",
    inputSchema: z.object({ city: z.string(), days: z.number().int() }),
    execute: async ({ city }) => ({ city, sky: "sunny" }),
  }),
};
const schema = z.object({ name: z.string(), age: z.number(), tags: z.array(z.string()) });
const settings = { maxRetries: 0, onError() {} };

async function heard(stream) {
  let text = "";
  for await (const part of stream.fullStream) {
    if (part.type === "error") throw part.error;
    if (part.type === "text-delta") text += part.text;
  }
  return text;
}

const models = {
  openai: (name) => openai(name),
  "openai.chat": (name) => openai.chat(name),
  anthropic: (name) => anthropic(name),
  google: (name) => google(name),
  compatible: (name) => compatible(name),
};

for (const provider of providers) {
  for (const [name, model] of Object.entries(models)) {
    const tried = (what, deed) => attempt(`AI SDK ${name}`, provider, what, deed);
    const of = (demo) => model(`${provider}/${demo}`);

    await tried("text", async () => {
      const answer = await generateText({ model: of("echo"), system: "Be brief.", prompt: "Hello there", ...settings });
      expect(answer.text === "Hello there" && answer.finishReason === "stop" && answer.usage.outputTokens > 0, answer.text);
    });
    await tried("a stream", async () => {
      const stream = streamText({ model: of("lorem"), prompt: "Go", ...settings });
      const text = await heard(stream);
      expect(text.endsWith("explicabo.") && (await stream.usage).outputTokens > 10, text);
    });
    await tried("an answer that is cut", async () => {
      const answer = await generateText({ model: of("lorem"), prompt: "Go", maxOutputTokens: 20, ...settings });
      expect(answer.finishReason === "length", answer.finishReason);
    });
    await tried("a picture", async () => {
      const content = [{ type: "text", text: "See" }, { type: "image", image: Buffer.from(DOT, "base64") }];
      const answer = await generateText({ model: of("echo"), messages: [{ role: "user", content }], ...settings });
      expect(answer.text === "See", answer.text);
    });
    await tried("a tool", async () => {
      const asked = { model: of("tools"), prompt: "Weather?", tools, stopWhen: stepCountIs(3), ...settings };
      const answer = await generateText(asked);
      expect(answer.steps.length === 2 && answer.text.includes("sunny"), answer.text);
      expect((await heard(streamText(asked))).includes("sunny"), "no answer of the tool");
    });
    await tried("an object", async () => {
      const asked = { model: of("json"), schema, prompt: "A person", ...settings };
      expect(typeof (await generateObject(asked)).object.name === "string", "no object");
      const stream = streamObject(asked);
      for await (const _ of stream.partialObjectStream);
      expect(Array.isArray((await stream.object).tags), "no object");
    });
    await tried("a model that is none", async () => {
      const error = await generateText({ model: model("demo/none"), prompt: "Go", ...settings }).catch((error) => error);
      expect(error.statusCode === 404 && error.message.includes("demo/none"), error.message);
    });
  }
}
