// One event stream for the whole page. It says when there is something new; nobody polls beside it.
// Without it the page asks by itself, ever more rarely, and a hidden tab asks for nothing.

export type Link = 'connecting' | 'streaming' | 'polling' | 'hidden';

const RETRY_MS = [1000, 2000, 4000, 8000, 15_000, 30_000];
const MIN_TICK_MS = 900;

type Listener = () => void;

class LiveFeed {
  #source: EventSource | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #failures = 0;
  #link: Link = 'connecting';
  #lastTickMs = 0;
  #linkListeners = new Set<Listener>();
  #tickListeners = new Set<Listener>();
  #statusListeners = new Set<Listener>();
  #clusterListeners = new Set<(cluster: string) => void>();

  /** Opens the stream; returns what closes it for good. */
  start(): () => void {
    const onVisibility = (): void => (document.hidden ? this.#hide() : this.#open());
    document.addEventListener('visibilitychange', onVisibility);
    onVisibility();
    return () => {
      document.removeEventListener('visibilitychange', onVisibility);
      this.#close();
    };
  }

  subscribeLink = (listener: Listener): (() => void) => {
    this.#linkListeners.add(listener);
    return () => void this.#linkListeners.delete(listener);
  };

  link = (): Link => this.#link;

  /** Called after each collection, or after each turn of the fallback. */
  onTick(listener: Listener): () => void {
    this.#tickListeners.add(listener);
    return () => void this.#tickListeners.delete(listener);
  }

  /** Called when degradations changed. */
  onStatus(listener: Listener): () => void {
    this.#statusListeners.add(listener);
    return () => void this.#statusListeners.delete(listener);
  }

  /** Called with the name of a cluster when its objects changed. */
  onCluster(listener: (cluster: string) => void): () => void {
    this.#clusterListeners.add(listener);
    return () => void this.#clusterListeners.delete(listener);
  }

  #setLink(link: Link): void {
    if (link === this.#link) return;
    this.#link = link;
    for (const listener of this.#linkListeners) listener();
  }

  #tick(): void {
    const now = Date.now();
    if (now - this.#lastTickMs < MIN_TICK_MS) return;
    this.#lastTickMs = now;
    for (const listener of this.#tickListeners) listener();
  }

  #close(): void {
    this.#source?.close();
    this.#source = null;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #hide(): void {
    this.#close();
    this.#setLink('hidden');
  }

  #open(): void {
    this.#close();
    if (this.#link === 'hidden') this.#setLink('connecting');
    const source = new EventSource('/api/v1/live');
    this.#source = source;
    source.addEventListener('open', () => {
      this.#failures = 0;
      this.#setLink('streaming');
      this.#tick();
    });
    source.addEventListener('collected', () => this.#tick());
    source.addEventListener('status', () => {
      for (const listener of this.#statusListeners) listener();
    });
    source.addEventListener('kubernetes', (event: MessageEvent<string>) => {
      const { cluster } = JSON.parse(event.data) as { cluster: string };
      for (const listener of this.#clusterListeners) listener(cluster);
    });
    source.addEventListener('error', () => this.#retryLater());
  }

  #retryLater(): void {
    this.#close();
    this.#setLink('polling');
    const delay = RETRY_MS[Math.min(this.#failures, RETRY_MS.length - 1)] ?? 30_000;
    this.#failures += 1;
    this.#timer = setTimeout(() => {
      this.#tick();
      this.#open();
    }, delay);
  }
}

export const live = new LiveFeed();
