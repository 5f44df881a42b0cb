import { useQuery } from "@tanstack/react-query";
import { call } from "@/api/client";

/** The models that whoever is signed in may ask, as any client sees them. */
export function useModels() {
  return useQuery({
    queryKey: ["models"],
    queryFn: async ({ signal }) => {
      const response = await call("/v1/models", { signal });
      const { data } = (await response.json()) as { data: { id: string }[] };
      return data.map((model) => model.id);
    },
    staleTime: 300_000,
  });
}
