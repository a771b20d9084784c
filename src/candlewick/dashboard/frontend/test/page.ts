// What a page gives to its scripts, for tests without a browser: events of the window, whether it is looked at, and
// WebSockets whose other end is held by the test.

/** A WebSocket as a page sees it; `opens`, `says` and `breaks` are what the server and the network do. */
export class Socket {
  static readonly OPEN = 1;
  static made: Socket[] = [];

  readonly sent: unknown[] = [];
  readyState = 0;
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: (() => void) | null = null;

  constructor(readonly url: string) {
    Socket.made.push(this);
  }

  /** The socket made last. */
  static get newest(): Socket {
    return Socket.made.at(-1)!;
  }

  send(text: string): void {
    this.sent.push(JSON.parse(text));
  }

  close(): void {
    this.readyState = 2;
  }

  opens(): this {
    this.readyState = Socket.OPEN;
    this.onopen?.();
    return this;
  }

  says(frame: unknown): void {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }

  breaks(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}

const events = new EventTarget();

/** Say that something happened to the window or the document. */
export function happens(name: string): void {
  events.dispatchEvent(new Event(name));
}

/** Make this process a page, at an address. */
export function pretendPage(href: string): void {
  const listening = {
    addEventListener: events.addEventListener.bind(events),
    removeEventListener: events.removeEventListener.bind(events),
  };
  Object.assign(globalThis, {
    ...listening,
    window: globalThis,
    document: { ...listening, visibilityState: "visible" },
    location: { href },
    WebSocket: Socket,
    requestAnimationFrame: (draw: () => void) => setTimeout(draw, 16),
  });
}
