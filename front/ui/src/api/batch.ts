// Queries asked in the same moment go to the server together: most of what a small query costs is the way.
import { ApiError, errorFrom, isRecord, postJson } from './client';

/** Parameters of `/api/v1/query`, or with `start` of `/api/v1/query_range`. */
export type QueryParams = Readonly<Record<string, string>>;

interface Waiting {
  params: QueryParams;
  signal: AbortSignal | null;
  resolve: (data: unknown) => void;
  reject: (reason: unknown) => void;
}

/** As many as the server takes at once. */
const MAX_QUERIES = 128;
/** Long enough for all parts of the page to ask, too short to be seen. */
const GATHER_MS = 4;

let waiting: Waiting[] = [];

/** Asks a query and gives the `data` of its answer. */
export function askQuery(params: QueryParams, signal: AbortSignal | null): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (waiting.length === 0) setTimeout(flush, GATHER_MS);
    waiting.push({ params, signal, resolve, reject });
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

function flush(): void {
  const asked = waiting.filter(({ signal }) => signal?.aborted !== true);
  waiting = [];
  for (let start = 0; start < asked.length; start += MAX_QUERIES) {
    void send(asked.slice(start, start + MAX_QUERIES));
  }
}

async function send(batch: Waiting[]): Promise<void> {
  // The request ends when nobody waits for any of its answers.
  const abort = new AbortController();
  const check = (): void => {
    if (batch.every(({ signal }) => signal?.aborted === true)) abort.abort();
  };
  for (const { signal } of batch) signal?.addEventListener('abort', check, { once: true });
  try {
    const queries = batch.map(({ params }) => params);
    const answers = await postJson('/api/v1/query_batch', { queries }, abort.signal);
    for (const [idx, { resolve, reject }] of batch.entries()) {
      const answer: unknown = Array.isArray(answers) ? answers[idx] : undefined;
      if (isRecord(answer) && answer.status === 'success') resolve(answer.data);
      else reject(isRecord(answer) ? errorFrom(400, answer) : new ApiError('no answer', { status: 0 }));
    }
  } catch (error) {
    for (const { reject } of batch) reject(error);
  } finally {
    for (const { signal } of batch) signal?.removeEventListener('abort', check);
  }
}
