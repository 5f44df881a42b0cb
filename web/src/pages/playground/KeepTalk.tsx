import { useMutation } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, said } from "@/api/client";
import type { Imported } from "@/api/schema";
import { Button } from "@/parts/Button";
import { Failure } from "@/parts/Failure";
import { Status } from "@/parts/Status";

/** Keeps the talk as a conversation. */
export function KeepTalk({ conversation }: { conversation: () => Imported }) {
  const keep = useMutation({
    mutationFn: () => said(api.POST("/api/conversations/import", { body: conversation() })),
  });
  return (
    <>
      <Button look="quiet" icon="conversations" isDisabled={keep.isPending} onPress={() => keep.mutate()}>
        Save as conversation
      </Button>
      {keep.data && (
        <Status tone="good">
          <Link href={`/conversations/${keep.data.id}`}>Saved: open it</Link>
        </Status>
      )}
      {keep.error !== null && <Failure error={keep.error} />}
    </>
  );
}
