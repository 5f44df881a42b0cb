import { Link } from "wouter";
import { useUserName } from "@/api/names";
import { shortId } from "@/format/id";
import { placeOfSubject } from "./subject";

/** What a deed was done to, by its name where that is known. */
export function Subject({ subject }: { subject: string }) {
  const nameOf = useUserName();
  const name = subject.startsWith("usr_") ? nameOf(subject) : shortId(subject);
  const place = placeOfSubject(subject);
  if (place === null) return <span title={subject}>{name}</span>;
  return (
    <Link href={place} title={subject}>
      {name}
    </Link>
  );
}
