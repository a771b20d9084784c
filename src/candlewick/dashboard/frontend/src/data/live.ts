// Live bars over a WebSocket that never gives up: back-off, a clock estimate, and a watch for silence.

import { Signal } from "../signal";
import { type Bar, barOf, type BarRow } from "./bar";
import type { SeriesKey } from "./config";
import { type Trade, type TradeColumns, tradesOf } from "./trade";

const FIRST_WAIT = 250;
const LONGEST_WAIT = 2_000;
/** The server sends a status every second, so a connection that is silent for this long (ms) is dead. */
const SILENCE = 5_000;
const LOOK_EVERY = 1_000;
/** The first pings go out every second, since a page that is loading measures badly; the others every five. */
const FIRST_PINGS = 4;
const PING_EVERY = 5;

/**
 * `ahead` is the feed carried on over a hole; `mart` a feed that brings nothing newer than the warehouse has. Without a feed it is
 * `away` while bars hold trades of it that the warehouse has not settled, then `settled`.
 */
export type Source = "feed" | "ahead" | "mart" | "away" | "settled" | "waiting";

export interface Status {
  /** The server's clock, in ms. */
  now: number;
  source: Source;
  /** When the forming bar closes, and the newest event there is of the feed or the warehouse, in ms. */
  closes: number | null;
  event: number | null;
  /** Changes whenever older bars change. */
  stamp: string;
  /** The share of the history asked for at the first start that is recorded, 0..1. */
  history: number | null;
  /** What keeps the recorder from recording, in one line. */
  problem?: string | null;
  /** How far a cold start is; told until there are candles. */
  start?: Start;
}

/** Trades recorded so far, the seconds of history asked for, the objects in the lake and those the warehouse has read. */
export interface Start {
  trades: number;
  asked: number;
  objects: number;
  loaded: number;
}

export interface Tick {
  bars: Bar[];
  /** The newest event in it, and when the server sent it, in ms of the server's clock. */
  event: number;
  sent: number;
  bytes: number;
}

interface Frame {
  s?: string;
  f?: string;
  b?: BarRow[];
  g?: number;
  t?: number;
  i?: Status;
  p?: TradeColumns;
  pong?: number;
  now?: number;
  alerts?: boolean;
  drawings?: [owner: string, symbol: string];
  error?: string;
}

/** Receives what arrives of a series. */
export interface Follower {
  take(tick: Tick): void;
  heed(status: Status): void;
}

interface Following {
  readonly key: string;
  readonly series: SeriesKey;
  readonly follower: Follower;
}

/** Receives each trade of a tape as it comes, ascending by id; `sent` is the server's clock, in ms. */
type Taper = (trades: readonly Trade[], sent: number) => void;

interface Taping {
  readonly symbol: string;
  readonly take: Taper;
}

/** One connection for all charts of the page. */
export class Live {
  /** The connection opened (again), or was lost. */
  readonly connection = new Signal<boolean>();
  /** An alert rang, or was changed. */
  readonly alerts = new Signal();
  /** Somebody's drawings of a symbol were changed in the server. */
  readonly drawings = new Signal<readonly [owner: string, symbol: string]>();
  isConnected = false;

  private socket: WebSocket | null = null;
  private readonly followings = new Set<Following>();
  private readonly tapes = new Set<Taping>();
  private wait = FIRST_WAIT;
  private retry = 0;
  private heardAt = 0;
  private pings = 0;
  private skew = { offset: 0, roundTrip: Infinity };
  private readonly url: string;
  private readonly watch: number;
  private readonly onVisible = () => document.visibilityState === "visible" && this.wake();

  /** `hasCandles` tells whether the warehouse has any to ask for; a status tells when it has. */
  constructor(base: string, public hasCandles: boolean) {
    this.url = socketAddress(base);
    this.watch = window.setInterval(() => this.look(), LOOK_EVERY);
    document.addEventListener("visibilitychange", this.onVisible);
    window.addEventListener("online", this.onVisible);
    this.connect();
  }

  /** Follow a series; the function returned stops that. The server greets each new series with all its live bars. */
  follow(series: SeriesKey, follower: Follower): () => void {
    const key = keyOf(series.symbol, series.timeframe);
    // The server greets a series again only after it was left.
    const isFollowed = [...this.followings].some((other) => other.key === key);
    if (isFollowed) this.subscribe(key);
    const following = { key, series, follower };
    this.followings.add(following);
    this.subscribe();
    return () => {
      if (this.followings.delete(following)) this.subscribe();
    };
  }

  /** Hear of each trade of a symbol, a series of which is followed; the function returned stops that. */
  followTape(symbol: string, take: Taper): () => void {
    const taping = { symbol, take };
    this.tapes.add(taping);
    this.subscribe();
    return () => {
      if (this.tapes.delete(taping)) this.subscribe();
    };
  }

  dispose(): void {
    window.clearInterval(this.watch);
    window.clearTimeout(this.retry);
    document.removeEventListener("visibilitychange", this.onVisible);
    window.removeEventListener("online", this.onVisible);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  /** The server's clock now, in ms, estimated from round trips. */
  serverNow(): number {
    return Date.now() + this.skew.offset;
  }

  private connect(): void {
    const socket = new WebSocket(this.url);
    this.socket = socket;
    this.heardAt = Date.now();
    socket.onopen = () => {
      if (socket !== this.socket) return;
      this.wait = FIRST_WAIT;
      this.skew.roundTrip = Infinity;
      this.pings = 0;
      this.subscribe();
      this.ping();
      this.isConnected = true;
      this.connection.emit(true);
    };
    socket.onmessage = ({ data }) => socket === this.socket && this.take(String(data));
    socket.onclose = () => socket === this.socket && this.lost();
  }

  private lost(): void {
    this.socket = null;
    this.isConnected = false;
    this.connection.emit(false);
    this.retry = window.setTimeout(() => this.connect(), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /** Connect at once, because the page is looked at again or the network is back. */
  private wake(): void {
    if (this.socket) return this.look();
    window.clearTimeout(this.retry);
    this.connect();
  }

  private look(): void {
    const silent = Date.now() - this.heardAt;
    if (this.socket && silent > SILENCE) {
      const socket = this.socket;
      this.lost();
      socket.close();
    } else if (this.pings < FIRST_PINGS || Math.floor(Date.now() / LOOK_EVERY) % PING_EVERY === 0) {
      this.ping();
    }
  }

  /** Tell the server which series are followed, leaving one out if asked. */
  private subscribe(except?: string): void {
    const wanted = new Map([...this.followings].map(({ key, series }) => [key, [series.symbol, series.timeframe]]));
    if (except !== undefined) wanted.delete(except);
    const tape = [...new Set([...this.tapes].map(({ symbol }) => symbol))];
    this.send({ subscribe: [...wanted.values()], ...(tape.length > 0 && { tape }) });
  }

  private ping(): void {
    this.pings += 1;
    this.send({ ping: Date.now() });
  }

  private send(message: unknown): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private take(text: string): void {
    this.heardAt = Date.now();
    const frame = JSON.parse(text) as Frame;
    if (frame.error) throw new Error(`/api/live: ${frame.error}`);
    if (frame.alerts) this.alerts.emit();
    if (frame.drawings) this.drawings.emit(frame.drawings);
    if (frame.pong !== undefined && frame.now !== undefined) this.setClock(frame.pong, frame.now);
    if (frame.s !== undefined && frame.p) this.tellTape(frame.s, tradesOf(frame.p), sentAt(frame));
    if (frame.s !== undefined && frame.f !== undefined) this.tell(keyOf(frame.s, frame.f), frame, text.length);
  }

  private tell(key: string, frame: Frame, bytes: number): void {
    const { i: status, b: rows, g: event = 0 } = frame;
    const followers = [...this.followings].filter((following) => following.key === key);
    if (status && status.source !== "waiting") this.hasCandles = true;
    for (const { follower } of followers) {
      if (status) follower.heed(status);
      if (rows) follower.take({ bars: rows.map(barOf), event, sent: sentAt(frame), bytes });
    }
  }

  private tellTape(symbol: string, trades: readonly Trade[], sent: number): void {
    for (const taping of [...this.tapes]) if (taping.symbol === symbol) taping.take(trades, sent);
  }

  /** One way is taken to be half a round trip; the quickest round trip so far gives the best estimate. */
  private setClock(sent: number, server: number): void {
    const roundTrip = Date.now() - sent;
    if (roundTrip <= this.skew.roundTrip) this.skew = { offset: server - (sent + roundTrip / 2), roundTrip };
  }
}

/** A frame tells how much later than its newest event it was sent. */
function sentAt({ g: event = 0, t: late = 0 }: Frame): number {
  return event + late;
}

function keyOf(symbol: string, timeframe: string): string {
  return `${symbol}/${timeframe}`;
}

function socketAddress(base: string): string {
  const address = new URL(`${base}/api/live`, window.location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}
