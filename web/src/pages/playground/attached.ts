/** Files that go along with what is said: pictures and documents as they are, text as text. */

export interface Attached {
  name: string;
  /** Such as `image/png`. */
  type: string;
  /** A `data:` address of all of it, or an address elsewhere. */
  url: string;
}

export const TAKEN = "image/png,image/jpeg,image/webp,image/gif,application/pdf,text/*,.md,.json,.csv";
const LARGEST_BYTES = 10 * 1024 * 1024;

/** Throws an Error that says what to do, where a file is none that a model could read. */
export async function attachedOf(file: File): Promise<Attached> {
  if (file.size > LARGEST_BYTES) throw new Error(`${file.name} is larger than 10 MiB. Attach a smaller one.`);
  const type = file.type === "" ? "text/plain" : file.type;
  return { name: file.name, type, url: `data:${type};base64,${base64(await file.arrayBuffer())}` };
}

/** As a part of a message. */
export function partOf({ name, type, url }: Attached): object {
  if (type.startsWith("image/")) return { type: "image_url", image_url: { url } };
  if (type === "application/pdf") return { type: "file", file: { filename: name, file_data: url } };
  return { type: "text", text: `${name}:\n\n${textOf(url)}` };
}

function textOf(url: string): string {
  const bytes = Uint8Array.from(atob(url.slice(url.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

/** In pieces: a call takes only so many arguments. */
function base64(buffer: ArrayBuffer): string {
  const bytes = new Uint8Array(buffer);
  let letters = "";
  for (let at = 0; at < bytes.length; at += 0x8000)
    letters += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(letters);
}
