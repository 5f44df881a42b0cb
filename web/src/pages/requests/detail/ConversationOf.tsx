import { useQuery } from "@tanstack/react-query";
import { Link } from "wouter";
import { api, said } from "@/api/client";
import { Fact } from "@/parts/Fact";

/** The conversation that a request was a turn of: one's own, because others' are nobody else's business. */
export function ConversationOf({ run }: { run: string }) {
  const { data } = useQuery({
    queryKey: ["run", run],
    queryFn: ({ signal }) => said(api.GET("/api/runs/{run}", { params: { path: { run } }, signal })),
    retry: false,
  });
  if (data === undefined) return null;
  return (
    <Fact name="Conversation">
      <Link href={`/conversations/${data.conversation}`}>{data.conversation}</Link>
    </Fact>
  );
}
