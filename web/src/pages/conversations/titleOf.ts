/** What a conversation is called, also where it has no title yet. */
export function titleOf({ title }: { title: string | null }): string {
  return title ?? "Without a title";
}
