// The official SDKs for JavaScript, and OpenAI's agents.

import Anthropic from "@anthropic-ai/sdk";
import { GoogleGenAI, Type } from "@google/genai";
import { Agent, run, setDefaultOpenAIClient, setOpenAIAPI, setTracingDisabled, tool } from "@openai/agents";
import OpenAI from "openai";
import { zodResponseFormat, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { attempt, expect, key, providers, url } from "./told.mjs";

const openai = new OpenAI({ apiKey: key, baseURL: `${url}/v1`, maxRetries: 0 });
const anthropic = new Anthropic({ apiKey: key, baseURL: url, maxRetries: 0 });
const google = new GoogleGenAI({ apiKey: key, httpOptions: { baseUrl: url } });
setTracingDisabled(true);
setDefaultOpenAIClient(openai);

const messages = [{ role: "user", content: "Hello" }];
const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const person = z.object({ name: z.string(), age: z.number() });

for (const provider of providers) {
  const of = (demo) => `${provider}/${demo}`;

  await attempt("openai", provider, "chat", async () => {
    const whole = await openai.chat.completions.create({ model: of("echo"), messages });
    expect(whole.choices[0].message.content === "Hello", whole);
    const stream = openai.chat.completions.stream({ model: of("lorem"), messages, stream_options: { include_usage: true } });
    const last = await stream.finalChatCompletion();
    expect(last.choices[0].message.content.endsWith("explicabo.") && last.usage.total_tokens > 10, last);
  });
  await attempt("openai", provider, "tools that it runs", async () => {
    const weather = { name: "weather", parameters: city, parse: JSON.parse, function: async () => "sunny" };
    const tools = [{ type: "function", function: weather }];
    const runner = openai.chat.completions.runTools({ model: of("tools"), messages, tools, stream: true });
    expect((await runner.finalContent()).includes("sunny"), "no answer of the tool");
  });
  await attempt("openai", provider, "schemas", async () => {
    const form = zodResponseFormat(person, "person");
    const chat = await openai.chat.completions.parse({ model: of("json"), messages, response_format: form });
    expect(typeof chat.choices[0].message.parsed.name === "string", chat);
    const text = { format: zodTextFormat(person, "person") };
    const response = await openai.responses.parse({ model: of("json"), input: "A person", text });
    expect(typeof response.output_parsed.name === "string", response);
  });
  await attempt("openai", provider, "responses", async () => {
    const response = await openai.responses.stream({ model: of("lorem"), input: "Go" }).finalResponse();
    expect(response.output_text.endsWith("explicabo."), response);
  });
  await attempt("@anthropic-ai/sdk", provider, "messages", async () => {
    const whole = await anthropic.messages.create({ model: of("echo"), max_tokens: 50, messages });
    expect(whole.content[0].text === "Hello", whole);
  });
  await attempt("@anthropic-ai/sdk", provider, "a streamed tool", async () => {
    const tools = [{ name: "weather", input_schema: city }];
    const last = await anthropic.messages.stream({ model: of("tools"), max_tokens: 50, messages, tools }).finalMessage();
    expect(last.stop_reason === "tool_use" && last.content.at(-1).input.city, last);
  });
  await attempt("@google/genai", provider, "contents", async () => {
    const chat = google.chats.create({ model: of("echo") });
    await chat.sendMessage({ message: "Hello" });
    expect((await chat.sendMessage({ message: "Again" })).text === "Again", "something else");
    let text = "";
    for await (const chunk of await google.models.generateContentStream({ model: of("lorem"), contents: "Go" }))
      text += chunk.text ?? "";
    expect(text.endsWith("explicabo."), text);
  });
  await attempt("@google/genai", provider, "a tool", async () => {
    const parameters = { type: Type.OBJECT, properties: { city: { type: Type.STRING } } };
    const config = { tools: [{ functionDeclarations: [{ name: "weather", parameters }] }] };
    const whole = await google.models.generateContent({ model: of("tools"), contents: "Weather?", config });
    expect(whole.functionCalls[0].name === "weather", whole);
  });
  for (const api of ["responses", "chat_completions"]) {
    await attempt("@openai/agents", provider, `an agent over ${api}`, async () => {
      setOpenAIAPI(api);
      const weather = tool({
        name: "weather",
        description: "The weather of a city.",
        parameters: z.object({ city: z.string() }),
        execute: async () => "sunny",
      });
      const agent = new Agent({ name: "Forecaster", instructions: "Be brief.", model: of("tools"), tools: [weather] });
      expect((await run(agent, "Weather?")).finalOutput.includes("sunny"), "no answer of the tool");
      const stream = await run(agent, "Weather?", { stream: true });
      for await (const _ of stream);
      expect(String(stream.finalOutput).includes("sunny"), "no answer of the tool");
    });
  }
}
process.exit(0);
