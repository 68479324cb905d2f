// The one place that talks HTTP: same origin, JSON, typed errors, and the door to the sign-in screen.

/** What went wrong, in the words of the server where it had some. */
export class ApiError extends Error {
  readonly status: number;
  readonly position: { start: number; end: number } | null;
  readonly hint: string | null;

  constructor(
    message: string,
    details: { status: number; position?: ApiError['position']; hint?: string | null },
  ) {
    super(message);
    this.name = 'ApiError';
    this.status = details.status;
    this.position = details.position ?? null;
    this.hint = details.hint ?? null;
  }
}

type Listener = () => void;
const listeners = new Set<Listener>();
let signInRequired = false;

function setSignInRequired(required: boolean): void {
  if (required === signInRequired) return;
  signInRequired = required;
  for (const listener of listeners) listener();
}

/** Whether the server has answered 401 since the last sign-in; a store for `useSyncExternalStore`. */
export const signInStore = {
  subscribe(listener: Listener): () => void {
    listeners.add(listener);
    return () => void listeners.delete(listener);
  },
  get: (): boolean => signInRequired,
};

/** Whether a value is an object with names. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** The error an answer of the API tells. */
export function errorFrom(status: number, body: unknown): ApiError {
  if (!isRecord(body) || typeof body.error !== 'string') return new ApiError(`HTTP ${status}`, { status });
  const at = body.position;
  const position =
    isRecord(at) && typeof at.start === 'number' && typeof at.end === 'number'
      ? { start: at.start, end: at.end }
      : null;
  return new ApiError(body.error, {
    status,
    position,
    hint: typeof body.hint === 'string' ? body.hint : null,
  });
}

async function send(path: string, init: RequestInit): Promise<unknown> {
  const response = await fetch(path, { ...init, headers: { accept: 'application/json', ...init.headers } });
  const body: unknown = await response.json().catch(() => null);
  if (response.status === 401) setSignInRequired(true);
  if (!response.ok) throw errorFrom(response.status, body);
  return body;
}

/** GETs `/api/v1/...` and gives the `data` of its envelope; parameters go into the address. */
export async function getData(
  path: string,
  params: Record<string, string>,
  signal: AbortSignal | null,
): Promise<unknown> {
  const query = new URLSearchParams(params).toString();
  const body = await send(query === '' ? path : `${path}?${query}`, { signal });
  return isRecord(body) ? body.data : undefined;
}

/** POSTs JSON and gives the `data` of the answer's envelope. */
export async function postJson(path: string, value: unknown, signal: AbortSignal | null): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const body = await send(path, { method: 'POST', headers, body: JSON.stringify(value), signal });
  return isRecord(body) ? body.data : undefined;
}

/** Exchanges a token for a session cookie; throws `ApiError` when the token is refused. */
export async function signIn(token: string): Promise<void> {
  await send('/api/v1/session', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  setSignInRequired(false);
}

/** Ends the session and shows the sign-in screen. */
export async function signOut(): Promise<void> {
  await send('/api/v1/session', { method: 'DELETE' });
  setSignInRequired(true);
}
