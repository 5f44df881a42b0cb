import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { lazy } from "react";
import { I18nProvider } from "react-aria-components/I18nProvider";
import { type AroundNavHandler, Route, Router, Switch } from "wouter";
import { inSameSpace } from "./address/space";
import { Problem } from "./api/problem";
import { PAGES } from "./pages/all";
import { NotThere } from "./pages/NotThere";
import { SessionGate } from "./session/SessionGate";
import { useSession } from "./session/useSession";
import { Shell } from "./shell/Shell";

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      refetchOnWindowFocus: false,
      // Only what may be otherwise the next time is asked again.
      retry: (failures, error) =>
        failures < 2 && error instanceof Problem && (error.status === 0 || error.status >= 500),
    },
  },
});

const ROUTES = PAGES.flatMap((page) =>
  Object.entries(page.routes).map(([path, load]) => ({ path, page, component: lazy(load) })),
);

/** Wherever one goes, it is about the same workspace. */
const hrefHere = (to: string) => inSameSpace(to, window.location.search);
const goOn: AroundNavHandler = (navigate, to, options) => navigate(hrefHere(to), options);

export function App({ code }: { code: string | null }) {
  return (
    <I18nProvider locale="en-US">
      <QueryClientProvider client={queries}>
        <Router base="/ui" aroundNav={goOn} hrefs={hrefHere}>
          <SessionGate code={code}>
            <Inside />
          </SessionGate>
        </Router>
      </QueryClientProvider>
    </I18nProvider>
  );
}

function Inside() {
  const { session } = useSession();
  const mine = ROUTES.filter(({ page }) => page.isFor?.(session) ?? true);
  return (
    <Shell>
      <Switch>
        {mine.map(({ path, component }) => (
          <Route key={path} path={path} component={component} />
        ))}
        <Route component={NotThere} />
      </Switch>
    </Shell>
  );
}
