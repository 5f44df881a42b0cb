import { useEffect, useState } from "react";

/** The time, which goes on while one looks. */
export function useNow(every_ms = 30_000): Date {
  const [now, tick] = useState(() => new Date());
  useEffect(() => {
    const timer = setInterval(() => tick(new Date()), every_ms);
    return () => clearInterval(timer);
  }, [every_ms]);
  return now;
}
