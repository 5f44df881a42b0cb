import form from "@/parts/Form.module.css";
import { TextArea } from "@/parts/TextArea";
import { type Brief, complaintAboutSchema, complaintAboutTools } from "./body";
import { JsonArea } from "./JsonArea";

const A_TOOL = JSON.stringify([
  {
    type: "function",
    function: {
      name: "weather",
      description: "The weather in a city",
      parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
    },
  },
]);
const A_SCHEMA = JSON.stringify({
  type: "object",
  properties: { city: { type: "string" }, population: { type: "integer" } },
  required: ["city", "population"],
  additionalProperties: false,
});

/** What every model is told alike. */
export function BriefFields({ brief, set }: { brief: Brief; set: (brief: Brief) => void }) {
  return (
    <div className={form.form}>
      <TextArea
        label="Told before everything"
        rows={3}
        value={brief.system}
        onChange={(event) => set({ ...brief, system: event.target.value })}
      />
      <JsonArea
        label="Tools"
        example={A_TOOL}
        complaint={complaintAboutTools(brief.tools)}
        text={brief.tools}
        write={(tools) => set({ ...brief, tools })}
      />
      <JsonArea
        label="Schema of the answer"
        example={A_SCHEMA}
        complaint={complaintAboutSchema(brief.schema)}
        text={brief.schema}
        write={(schema) => set({ ...brief, schema })}
      />
    </div>
  );
}
