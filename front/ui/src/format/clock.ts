// Times of day: local for reading, UTC for the hover, and always with as much date as is needed.

const pad = (value: number): string => String(value).padStart(2, '0');

/** `14:02:05`, local. */
export function clockTime(ms: number): string {
  const date = new Date(ms);
  return `${pad(date.getHours())}:${pad(date.getMinutes())}:${pad(date.getSeconds())}`;
}

/** `2026-03-01 14:02:05`, local. */
export function dateTime(ms: number): string {
  const date = new Date(ms);
  return `${date.getFullYear()}-${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${clockTime(ms)}`;
}

/** `14:02` today, `03-01 14:02` on another day. */
export function shortTime(ms: number, nowMs: number): string {
  const date = new Date(ms);
  const text = `${pad(date.getHours())}:${pad(date.getMinutes())}`;
  const sameDay = new Date(nowMs).toDateString() === date.toDateString();
  return sameDay ? text : `${pad(date.getMonth() + 1)}-${pad(date.getDate())} ${text}`;
}

/** `2026-03-01T13:02:05Z`, for hovers. */
export function utcTime(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** The value of a `datetime-local` field, and back. */
export function toFieldValue(ms: number): string {
  return dateTime(ms).replace(' ', 'T');
}

export function fromFieldValue(text: string): number | null {
  const ms = new Date(text).getTime();
  return Number.isFinite(ms) ? ms : null;
}
