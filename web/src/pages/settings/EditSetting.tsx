import { useState } from "react";
import type { SettingView } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Dialog } from "@/parts/Dialog";
import { Form } from "@/parts/Form";
import { Meaning } from "./Meaning";
import { useSettingDeeds } from "./useSettings";
import { ValueField } from "./ValueField";
import { readValue, writeValue } from "./value";

interface Props {
  setting: SettingView | null;
  close: () => void;
}

/** Changes a setting while the gateway runs. */
export function EditSetting({ setting, close }: Props) {
  return (
    <Dialog title={setting?.name ?? ""} isOpen={setting !== null} close={close}>
      {setting !== null && <Fields setting={setting} done={close} />}
    </Dialog>
  );
}

function Fields({ setting, done }: { setting: SettingView; done: () => void }) {
  const [text, write] = useState(writeValue(setting.value));
  const { set, reset } = useSettingDeeds();
  const send = () => set.mutate({ name: setting.name, value: readValue(text, setting) }, { onSuccess: done });
  return (
    <Form
      verb="Set"
      send={send}
      isReady={text !== writeValue(setting.value)}
      isSending={set.isPending}
      error={set.error ?? reset.error}
    >
      <p>
        <Meaning text={setting.meaning} />
      </p>
      <ValueField setting={setting} text={text} write={write} />
      {setting.taken !== null && <p>It counts {setting.taken}.</p>}
      {setting.stored && (
        <Button isDisabled={reset.isPending} onPress={() => reset.mutate(setting.name, { onSuccess: done })}>
          Back to {writeValue(setting.default).replaceAll("\n", ", ") || "none"}
        </Button>
      )}
    </Form>
  );
}
