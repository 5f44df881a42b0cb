import { Button } from "./Button";

/** The rest of a list that is longer than its page. */
export function LoadMore({ isLoading, load }: { isLoading: boolean; load: () => void }) {
  return (
    <Button isDisabled={isLoading} onPress={load}>
      {isLoading ? "Loading" : "Older"}
    </Button>
  );
}
